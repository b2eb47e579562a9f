"""An exchange's request as one command, with shell variables where its credentials were."""

from __future__ import annotations

import re
import shlex

from mock_server.control.redaction import redact_header, redact_text
from mock_server.journal import Exchange

# What curl says by itself, or what is about the connection and not about the request.
_CURLS_OWN = frozenset(
    {"accept-encoding", "connection", "content-length", "host", "transfer-encoding", "user-agent"}
)
_NOT_IN_A_NAME = re.compile(r"\W")
# Marks a variable until everything around it is quoted; no text of a request holds it.
_MARK = "\ue000"
_MARKED = re.compile(f"{_MARK}([^{_MARK}]*){_MARK}")


def as_curl(exchange: Exchange, url: str) -> str:
    """Return the command; `url` is where the mock is reached, without a path.

    A body that was cut, or that no argument can carry, is read from a file named in the command.
    """
    parts = ["curl", "-i", *_method(exchange)]
    # What curl would read as a pattern, or tidy up, is sent as it was.
    if re.search(rb"[\[\]{}]", exchange.path + exchange.query):
        parts.append("-g")
    if b"/." in exchange.path:
        parts.append("--path-as-is")
    names = set()
    for raw_name, raw_value in exchange.headers:
        name, value = raw_name.decode("latin-1"), raw_value.decode("latin-1")
        names.add(name)
        if name not in _CURLS_OWN:
            parts += ["-H", _quoted(f"{name}: {redact_header(name, value, _variable)}")]
    if exchange.body_size:
        if "content-type" not in names:
            parts += ["-H", "content-type:"]
        parts += ["--data-binary", _body(exchange)]
    return " ".join([*parts, _quoted(url + _target(exchange))])


def _method(exchange: Exchange) -> list[str]:
    if exchange.method == "HEAD":
        return ["--head"]
    if exchange.method == "GET" and not exchange.body_size:
        return []
    return ["-X", exchange.method]


def _target(exchange: Exchange) -> str:
    query = f"?{exchange.query.decode('latin-1')}" if exchange.query else ""
    return redact_text(exchange.path.decode("latin-1") + query, _variable)


def _body(exchange: Exchange) -> str:
    if len(exchange.body) == exchange.body_size and b"\0" not in exchange.body:
        try:
            return _quoted(redact_text(exchange.body.decode(), _variable))
        except UnicodeDecodeError:
            pass
    return f"@body-of-{exchange.body_size}-bytes"


def _variable(name: str, value: str) -> str:  # noqa: ARG001 - only the name is told
    return f"{_MARK}{_NOT_IN_A_NAME.sub('_', name).upper()}{_MARK}"


def _quoted(text: str) -> str:
    return _MARKED.sub(r"""'"$\1"'""", shlex.quote(text))
