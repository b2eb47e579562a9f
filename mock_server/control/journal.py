"""The journal of a world: its last exchanges, shown without credentials."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime

from mock_server.control.as_curl import as_curl
from mock_server.control.redaction import redact_header, redact_text
from mock_server.domain.errors import NotFound
from mock_server.env import Call
from mock_server.http.selection import base_of
from mock_server.http.views import View, date_time
from mock_server.journal import Exchange

_Test = Callable[[Exchange], bool]
_FAULT_HEADER = b"x-mock-fault"
_FAILED = 500
_REFUSED = 400


def list_exchanges(call: Call) -> View:
    """List the last exchanges that match, newest first."""
    journal = call.env.journal
    kept = journal.exchanges()
    tests = list(_tests(call))
    matching = [each for each in kept if all(test(each) for test in tests)]
    return {
        "exchanges": [_summary(each) for each in matching[: call.query["limit"]]],
        "total": len(matching),
        "last_id": journal.last,
        "left_out": journal.left_out,
        "most": call.env.settings.journal,
    }


def get_exchange(call: Call) -> View:
    """Show an exchange with headers, bodies, and its request as a command."""
    journal = call.env.journal
    exchange = journal.find(int(call.id))
    if exchange is None:
        kept = journal.exchanges()
        there = f"its ids are {kept[-1].id} to {kept[0].id}" if kept else "it is empty"
        raise NotFound(f"the journal has no exchange {call.id}, {there}")
    return {
        **_summary(exchange),
        "request": {
            "headers": _headers(exchange.headers),
            **_body(exchange.body, exchange.body_size),
        },
        "answer": {
            "headers": _headers(exchange.answer_headers),
            **_body(exchange.answer, exchange.answer_size),
        },
        "curl": as_curl(exchange, call.addresses.base_url.removesuffix(base_of(call.env.name))),
    }


def clear_exchanges(call: Call) -> View:
    """Forget all exchanges of the world; ids go on."""
    return {"cleared": call.env.journal.clear()}


def verdict(exchange: Exchange) -> str:
    """Tell how an exchange went: answered, refused, fault (injected) or bug (of the mock)."""
    if any(name == _FAULT_HEADER for name, _ in exchange.answer_headers):
        return "fault"
    if exchange.status == _FAILED:
        return "bug"
    return "refused" if exchange.status >= _REFUSED else "answered"


def _tests(call: Call) -> Iterator[_Test]:
    query = call.query
    if query["since"]:
        yield lambda each: each.id > query["since"]
    if operation := query["operation"]:
        yield lambda each: each.operation == operation
    if method := query["method"].upper():
        yield lambda each: each.method == method
    if status := query["status"].rstrip("x"):
        yield lambda each: str(each.status).startswith(status)
    if wanted := query["verdict"]:
        yield lambda each: verdict(each) == wanted
    if text := query["text"].casefold():
        yield lambda each: text in _all_of(each).casefold()


def _all_of(exchange: Exchange) -> str:
    # What is shown, and nothing else: a search must not find out credentials.
    bodies = (_text(body) for body in (exchange.body, exchange.answer))
    return "\n".join([_target(exchange), exchange.reason or "", *bodies])


def _summary(exchange: Exchange) -> View:
    known = {
        "operation": exchange.operation,
        "status": exchange.status or None,
        "reason": None if exchange.reason is None else redact_text(exchange.reason),
    }
    return {
        "id": exchange.id,
        "at": date_time(datetime.fromtimestamp(exchange.at, UTC)),
        "took_ms": round(exchange.seconds * 1000, 3),
        "verdict": verdict(exchange),
        "method": exchange.method,
        "target": _target(exchange),
        **{name: value for name, value in known.items() if value is not None},
    }


def _target(exchange: Exchange) -> str:
    query = f"?{exchange.query.decode('latin-1')}" if exchange.query else ""
    return redact_text(exchange.path.decode("latin-1") + query)


def _headers(headers: Sequence[tuple[bytes, bytes]]) -> list[View]:
    pairs = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in headers]
    return [{"name": name, "value": redact_header(name, value)} for name, value in pairs]


def _body(body: bytes, size: int) -> View:
    return {"body": _text(body), "size": size, "cut": len(body) < size}


def _text(body: bytes) -> str:
    return redact_text(body.decode("utf-8", "replace"))
