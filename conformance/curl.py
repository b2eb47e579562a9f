"""A request as a `curl` command, with placeholders where credentials were."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Mapping

from conformance.redaction import SECRET_FIELDS
from conformance.reply import Request

QUIET_HEADERS = ("host", "accept", "accept-encoding", "connection", "user-agent", "content-length")
LONGEST_BODY = 2000


def command(request: Request, placeholders: Mapping[str, str]) -> str:
    """Return one command that sends the request again.

    `placeholders` maps credentials to the shell variables printed in their place.
    """
    parts = ["curl", "-i"]
    if request.method != "GET" or request.content:
        parts += ["-X", request.method]
    for name, value in request.headers:
        if name.lower() not in QUIET_HEADERS and not name.lower().startswith("x-schemathesis"):
            parts += ["-H", _header(name, value, placeholders, literal=request.literal)]
    if request.content is not None:
        parts += ["--data-binary", _body(request.content)]
    return " ".join([*parts, shlex.quote(request.url)])


def _header(name: str, value: str, placeholders: Mapping[str, str], *, literal: bool) -> str:
    for secret, placeholder in placeholders.items():
        if secret and secret in value:
            return f'"{name}: {value.replace(secret, placeholder)}"'
    if name.lower() == "authorization" and not literal:
        return f'"{name}: {_hidden(value)}"'
    return shlex.quote(f"{name}: {value}")


def _hidden(value: str) -> str:
    scheme, _, token = value.partition(" ")
    return f"{scheme} $ACCESS_TOKEN" if token.count(".") == 2 else value  # noqa: PLR2004 - a JWT


def _body(content: bytes) -> str:
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        escaped = "".join(f"\\x{byte:02x}" for byte in content[:LONGEST_BODY])
        return f"$'{escaped}'"
    if len(text) > LONGEST_BODY:
        return f"\"$(head -c {len(content)} /dev/zero | tr '\\0' ' ')\""
    return _without_secrets(shlex.quote(text))


def _without_secrets(quoted: str) -> str:
    for name in SECRET_FIELDS:
        pattern = rf'("{name}":\s*)"(?:[^"\\]|\\.)+"'
        quoted = re.sub(pattern, rf"""\1"'"${name.upper()}"'" """.rstrip(), quoted)
    return quoted


def compact(value: object) -> bytes:
    """Return a value as the JSON bytes the suite sends."""
    return json.dumps(value, ensure_ascii=False).encode()
