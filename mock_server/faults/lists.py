"""Faults of lists: what is on a page, in which order, and what is counted."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from starlette.types import Scope

from mock_server.domain.errors import Forbidden, NotFound
from mock_server.env import Call, Env
from mock_server.faults.editing import parameter, schema
from mock_server.faults.fault import Document, Fault
from mock_server.faults.handling import LISTS, around, instead_of, veiled
from mock_server.faults.rewrite import requests
from mock_server.http.operation import Handler
from mock_server.storage.indexes import EVERYTHING, SESSIONS, Index

_fault = partial(Fault, family="lists")
_TEN = 10


def _rows(data: Any) -> list[Any]:
    return next(value for value in data.values() if isinstance(value, list))


def _total_of_page(handler: Handler, call: Call) -> Any:
    data = handler(call)
    return {**data, "total": len(_rows(data))}


def _oldest_first(handler: Handler, call: Call) -> Any:
    def page(index: Index[Any], key: str, *, offset: int, limit: int) -> list[Any]:
        rows = call.tx.page(index, key, offset=0, limit=call.tx.count(index, key))
        return rows[::-1][offset : offset + limit]

    return handler(veiled(call, page=page))


def _ten_rows(handler: Handler, call: Call) -> Any:
    limit = call.query["limit"]
    return {**handler(call._replace(query={**call.query, "limit": _TEN})), "limit": limit}


def _shifted(move: int) -> Callable[[Handler, Call], Any]:
    def changed(handler: Handler, call: Call) -> Any:
        def page(index: Index[Any], key: str, *, offset: int, limit: int) -> list[Any]:
            return call.tx.page(index, key, offset=offset + move if offset else 0, limit=limit)

        return handler(veiled(call, page=page))

    return changed


def _nothing_past_the_end(handler: Handler, call: Call) -> Any:
    data = handler(call)
    if call.query["page"] > 1 and not _rows(data):
        raise NotFound(f"`{call.operation}`: page {call.query['page']} is past the end")
    return data


def _last_page_again(handler: Handler, call: Call) -> Any:
    data = handler(call)
    last = max(1, -(-data["total"] // call.query["limit"]))
    if call.query["page"] <= last:
        return data
    again = handler(call._replace(query={**call.query, "page": last}))
    return {**again, "page": call.query["page"]}


def _always_page_one(handler: Handler, call: Call) -> Any:
    return {**handler(call), "page": 1}


def _limit_of_thousand(document: Document) -> None:
    parameter("Limit", maximum=1000)(document)
    for name in ("RoomListResponse", "SessionListResponse", "PresetListResponse"):
        schema(document, name)["properties"]["limit"].pop("maximum")


def _page_of_zero(handler: Handler, call: Call) -> Any:
    asked = call.query["page"]
    return handler(call._replace(query={**call.query, "page": max(1, asked)}))


def _stripped(_: Env, scope: Scope) -> Scope:
    pairs = scope["query_string"].split(b"&")
    return {**scope, "query_string": b"&".join(pair for pair in pairs if not pair.endswith(b"="))}


def _last_wins(_: Env, scope: Scope) -> Scope:
    pairs = {pair.partition(b"=")[0]: pair for pair in scope["query_string"].split(b"&")}
    return {**scope, "query_string": b"&".join(pairs.values())}


def _total_of_all(handler: Handler, call: Call) -> Any:
    return {**handler(call), "total": call.tx.count(SESSIONS, EVERYTHING)}


def _hosts_only(handler: Handler, call: Call) -> Any:
    if call.user.role != "host":
        raise Forbidden("`list_my_rooms`: caller's role is `viewer`, must be `host`")
    return handler(call)


FAULTS: tuple[Fault, ...] = (
    _fault(
        name="limit-of-100-refused",
        breaks="The limit may be 100",
        contract=parameter("Limit", maximum=99),
    ),
    _fault(
        name="own-rooms-upside-down",
        breaks="The caller's rooms come newest first",
        handlers=around(("list_my_rooms",), _oldest_first),
    ),
    _fault(
        name="empty-page-is-the-first",
        breaks="An empty page or limit is malformed",
        wrap=requests(_stripped),
    ),
    _fault(
        name="repeated-limit-accepted",
        breaks="A repeated page or limit is malformed",
        wrap=requests(_last_wins),
    ),
    _fault(
        name="live-total-counts-all",
        breaks="The total of the live sessions counts those that are live",
        handlers=around(("list_live_sessions",), _total_of_all),
    ),
    _fault(
        name="own-rooms-for-hosts-only",
        breaks="A viewer owns no rooms and gets an empty list",
        handlers=around(("list_my_rooms",), _hosts_only),
    ),
    _fault(
        name="total-is-page-length",
        breaks="The total of a list counts all rows",
        handlers=around(LISTS, _total_of_page),
    ),
    _fault(
        name="oldest-first",
        breaks="Lists give the newest row first",
        handlers=around(LISTS, _oldest_first),
    ),
    _fault(
        name="limit-ignored",
        breaks="The limit says how many rows a page holds",
        handlers=around(LISTS, _ten_rows),
    ),
    _fault(
        name="pages-overlap",
        breaks="The pages together give every row once: no row is on two of them",
        handlers=around(LISTS, _shifted(-1)),
    ),
    _fault(
        name="pages-skip-a-row",
        breaks="The pages together give every row once: no row is on none of them",
        handlers=around(LISTS, _shifted(1)),
    ),
    _fault(
        name="page-past-the-end-is-404",
        breaks="A page past the end is an empty list with the same total",
        handlers=around(LISTS, _nothing_past_the_end),
    ),
    _fault(
        name="last-page-repeats",
        breaks="A page past the end holds no row",
        handlers=around(LISTS, _last_page_again),
    ),
    _fault(
        name="page-not-echoed",
        breaks="A list says which page it is",
        handlers=around(LISTS, _always_page_one),
    ),
    _fault(
        name="limit-of-101-accepted",
        breaks="The limit is at most 100, more is a malformed parameter",
        contract=_limit_of_thousand,
    ),
    _fault(
        name="page-of-zero-accepted",
        breaks="The page is at least 1, less is a malformed parameter",
        contract=parameter("Page", minimum=0),
        handlers=around(LISTS, _page_of_zero),
    ),
    _fault(
        name="default-limit-of-20",
        breaks="A page holds 10 rows where no limit is given",
        contract=parameter("Limit", default=20),
    ),
    _fault(
        name="my-rooms-are-everyones",
        breaks="The caller's rooms are the caller's only",
        handlers=instead_of("list_my_rooms", "list_rooms"),
    ),
    _fault(
        name="live-list-shows-all",
        breaks="The list of live sessions holds live sessions only",
        handlers=instead_of("list_live_sessions", "list_sessions"),
    ),
)
