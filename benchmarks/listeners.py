"""Let many listen to one world while it changes: `python -m benchmarks.listeners [--replicas]`.

Every listener must see every event once and in order; how long an event takes from the answer to
its request until the last listener has it is measured beside it. With `--replicas` the listeners
are spread over four replicas on a PostgreSQL that is started for it, and so are the writers.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from benchmarks.provenance import say
from benchmarks.requests import KEY
from benchmarks.servers import ROOT, greenroom, running

_HEAD = "\r\nHost: 127.0.0.1\r\n" + "".join(f"{name}: {value}\r\n" for name, value in KEY.items())
_BODY = b'{"title": "A room that is told of"}'
_PATIENCE = 120.0


@dataclass(slots=True)
class Listener:
    """Hold what one listener has seen: ids in the order they came, and when each came."""

    ids: list[int] = field(default_factory=list)
    came: dict[int, float] = field(default_factory=dict)
    others: int = 0

    async def listen(self, url: str, opened: asyncio.Semaphore, until: int) -> None:
        """Read a stream until an id has come."""
        parts = urlsplit(url)
        reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
        writer.write(f"GET {parts.path} HTTP/1.1{_HEAD}\r\n".encode())
        opened.release()
        async for line in reader:
            if line.startswith(b"event: ") and line != b"event: change\n":
                self.others += 1
            if line.startswith(b"data: "):
                number = json.loads(line[len(b"data: ") :])["id"]
                self.ids.append(number)
                self.came[number] = time.perf_counter()
                if number >= until:
                    break
        writer.close()


async def write(urls: Sequence[str], count: int, pause: float) -> list[float]:
    """Make rooms one after the other, over the servers in turn; return when each was answered."""
    answered = []
    for number in range(count):
        parts = urlsplit(urls[number % len(urls)])
        reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
        head = f"POST {parts.path}/rooms HTTP/1.1{_HEAD}Content-Type: application/json\r\n"
        length = f"Content-Length: {len(_BODY)}\r\nConnection: close\r\n\r\n"
        writer.write(f"{head}{length}".encode() + _BODY)
        status = await reader.readline()
        answered.append(time.perf_counter())
        assert b" 201 " in status, status
        writer.close()
        await asyncio.sleep(pause)
    return answered


async def measure(urls: Sequence[str], listeners: int, events: int, pause: float) -> bool:
    """Print what was seen, and return whether it is what must be."""
    streams = [url.replace("/v1/webinar", "/_mock/events") for url in urls]
    all_of_them = [Listener() for _ in range(listeners)]
    opened = asyncio.Semaphore(0)
    async with asyncio.timeout(_PATIENCE), asyncio.TaskGroup() as group:
        for number, each in enumerate(all_of_them):
            group.create_task(each.listen(streams[number % len(streams)], opened, events))
        for _ in range(listeners):
            await opened.acquire()
        # What has been asked is not yet being told.
        await asyncio.sleep(2.0)
        answered = await write(urls, events, pause)
    wanted = list(range(1, events + 1))
    good = sum(each.ids == wanted and not each.others for each in all_of_them)
    late = [
        1000 * (max(each.came[number] for each in all_of_them) - at)
        for number, at in zip(wanted, answered, strict=True)
    ]
    say(f"{good} of {listeners} listeners saw all {events} events once and in order")
    say(
        f"the last listener had an event {statistics.median(late):.0f} ms after its answer "
        f"(median), {sorted(late)[int(0.99 * len(late))]:.0f} ms (p99)"
    )
    return good == listeners


@contextmanager
def servers(options: argparse.Namespace) -> Iterator[list[str]]:
    """Start one server, or four replicas; give the bases of their APIs."""
    with ExitStack() as stack:
        if not options.replicas:
            server = greenroom("greenroom", "--scenario", "empty", "--store", options.store)
            yield [stack.enter_context(running(server, pinned=False)).url]
            return
        sys.path[:0] = [str(ROOT / "tests" / name) for name in ("", "serving", "cluster")]
        from cluster import start_at_once, stop  # noqa: PLC0415
        from database import Database  # noqa: PLC0415

        database = Database.begin()
        stack.callback(database.end)
        replicas = start_at_once(4, "--scenario", "empty", "--store", database.empty())
        stack.callback(stop, replicas)
        yield [replica.url for replica in replicas]


def main() -> int:
    """Return 1 where somebody missed something."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--listeners", type=int, default=500)
    parser.add_argument("--events", type=int, default=200)
    parser.add_argument("--pause", type=float, default=0.02, help="seconds between two changes")
    parser.add_argument("--store", default="memory")
    parser.add_argument("--replicas", action="store_true")
    options = parser.parse_args()
    with servers(options) as urls:
        good = asyncio.run(measure(urls, options.listeners, options.events, options.pause))
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
