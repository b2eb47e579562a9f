"""Starts that really move a session, each from `scheduled` to `live`: what a store costs."""

from __future__ import annotations

import json
import re
import socket
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import IO, Any
from urllib.parse import urlsplit

from benchmarks.load import Load, load_with
from benchmarks.requests import KEY, ask, data_of
from benchmarks.servers import Running, greenroom, on_sqlite, running

STORES = ("memory", "SQLite")
# Fewer than a connection may ask before it reads.
_AT_ONCE = 16
_LENGTH = re.compile(rb"content-length: (\d+)", re.IGNORECASE)
# wrk takes its seconds from its own alarm clock, so the script times the moves itself.
_SCRIPT = """
local ffi = require("ffi")
ffi.cdef[[ typedef struct { long s; long ns; } moment; int clock_gettime(int, moment *); ]]
local function now()
  local at = ffi.new("moment")
  ffi.C.clock_gettime(1, at)
  return tonumber(at.s) + tonumber(at.ns) / 1e9
end
local paths, asked, answered, began = {%s}, 0, 0, nil
function request()
  began = began or now()
  asked = asked + 1
  return wrk.format("POST", paths[asked] or paths[#paths])
end
function response()
  answered = answered + 1
  -- A busy machine may not come to the end.
  if answered %% 100 == 0 and answered <= #paths then
    print(string.format("Moved %%d in %%.6fs", answered, now() - began))
  end
  if answered == #paths then wrk.thread:stop() end
end
"""


def measure_moves(*, rounds: int, count: int) -> dict[str, list[Load]]:
    """Start `count` scheduled sessions a round on each store, in turn; return the loads."""
    found: dict[str, list[Load]] = {store: [] for store in STORES}
    with ExitStack() as stack, tempfile.TemporaryDirectory() as folder:
        kept = on_sqlite("SQLite", Path(folder))
        started = [stack.enter_context(running(each)) for each in (greenroom(), kept)]
        planned = [plan_sessions(run, rounds * count) for run in started]
        for round_ in range(rounds):
            for store, run, ids in zip(STORES, started, planned, strict=True):
                found[store].append(_start_each(run, ids[round_ * count : (round_ + 1) * count]))
    return found


def plan_sessions(run: Running, count: int) -> list[str]:
    """Create so many scheduled sessions, each in a room of its own, and return their ids."""
    preset = data_of(ask(f"{run.url}/presets"))["presets"][0]["id"]
    room, session = {"title": "A room"}, {"title": "A session", "preset_id": preset}
    with socket.create_connection(("127.0.0.1", urlsplit(run.url).port or 0)) as connection:
        rooms = [data["room"]["id"] for data in _post(connection, ["/rooms"] * count, room)]
        paths = [f"/rooms/{each}/sessions" for each in rooms]
        return [data["session"]["id"] for data in _post(connection, paths, session)]


def _start_each(run: Running, ids: Sequence[str]) -> Load:
    paths = ", ".join(json.dumps(f"/v1/webinar/sessions/{each}/start") for each in ids)
    load, said = load_with(run, _SCRIPT % paths, run.url, seconds=1)
    moved = re.findall(r"Moved (\d+) in ([\d.]+)s", said)
    if not moved:
        raise RuntimeError(f"fewer than 100 sessions were started in a second: {said}")
    count, seconds = moved[-1]
    return replace(load, speed=int(count) / float(seconds))


def _post(connection: socket.socket, paths: Sequence[str], body: dict[str, str]) -> Iterator[Any]:
    """Send requests, many before the first answer is read, and give the `data` of each."""
    content = json.dumps(body).encode()
    lines = [f"{name}: {value}" for name, value in KEY.items()]
    lines += [
        "Host: localhost",
        "Content-Type: application/json",
        f"Content-Length: {len(content)}",
    ]
    head = "\r\n".join(lines).encode()
    stream = connection.makefile("rb")
    for begin in range(0, len(paths), _AT_ONCE):
        some = paths[begin : begin + _AT_ONCE]
        sent = (
            b"POST /v1/webinar%s HTTP/1.1\r\n%s\r\n\r\n%s" % (p.encode(), head, content)
            for p in some
        )
        connection.sendall(b"".join(sent))
        for _ in some:
            yield data_of(_answer(stream))


def _answer(stream: IO[bytes]) -> bytes:
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        line = stream.readline()
        if not line:
            raise RuntimeError(f"the server closed the connection after {head!r}")
        head += line
    length = _LENGTH.search(head)
    if length is None or not head.split(b" ")[1].startswith(b"2"):
        raise RuntimeError(f"a session can't be planned: {head.decode()}")
    return stream.read(int(length[1]))
