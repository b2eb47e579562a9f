"""What media costs: `python -m benchmarks.media [--rounds N]`.

Three questions. What a playlist costs beside the reading of its session, and what either costs once
the broadcast has run for thirty days; both in processor time, alternated, compared within one run.
And how long the API's answers take while players read 2,000 playlists a second and 200 Mbit/s of
segments from the same process.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import tempfile
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from benchmarks.load import Load, load_with, parse, require_wrk
from benchmarks.provenance import foreign_cores, provenance, say
from benchmarks.requests import GET_SESSION, KEY, ask, live_session
from benchmarks.servers import BASE, LOAD_CORE, Running, greenroom, pinned_to, running

ROUNDS = 7
SECONDS = 8
PLAYLISTS, MEGABITS = 2000, 200
_GET = 'wrk.method = "GET"'


@dataclass(frozen=True, slots=True)
class Stream:
    """Hold requests of one kind at a rate: so many connections, each of which waits in between.

    wrk begins to wait when an answer is there, so a rate is a little less than it is set to.
    """

    name: str
    url: str
    connections: int
    wait_ms: int

    def script(self) -> str:
        """Return the Lua that sends them."""
        return f"{_GET}\nfunction delay() return {self.wait_ms} end\n"


def main() -> None:
    """Measure all three and print them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    given = parser.parse_args()
    require_wrk()
    for line in provenance():
        say(line)
    measure_playlists(given.rounds)
    measure_together()


def measure_playlists(rounds: int) -> None:
    """Print processor time of a playlist and of its session, after a minute and thirty days."""
    used: dict[str, list[float]] = {}
    with ExitStack() as stack:
        ways = []
        for age in ("1m", "30d"):
            run = stack.enter_context(running(greenroom(age)))
            session = _aged(run, age)
            shown = run.url + GET_SESSION.path.format(id=session)
            ways += [
                (f"session, live {age}", run, partial(str, shown)),
                (f"playlist, live {age}", run, partial(_hls, run, session, "360p/index.m3u8")),
                (f"segment, live {age}", run, partial(_newest, run, session)),
            ]
        for round_ in range(rounds):
            for name, run, address in ways if round_ % 2 else reversed(ways):
                load, _ = load_with(run, _GET, address(), seconds=1)
                used.setdefault(name, []).append(load.cpu_us)
    say("\nus of the processor a request, best and median of the rounds, and to the session's")
    for name in (each[0] for each in ways):
        times, first = used[name], used["session, live 1m"]
        best, middle = min(times), statistics.median(times)
        say(
            f"  {name:<20} {best:7.1f} {best / min(first):5.2f}   "
            f"{middle:7.1f} {middle / statistics.median(first):5.2f}"
        )


def measure_together() -> None:
    """Print what the API's answers take while players read playlists and segments."""
    with running(greenroom()) as run:
        session = _aged(run, "1m")
        segment = _newest(run, session)
        size = len(ask(segment))
        asked = MEGABITS * 1_000_000 / 8 / size
        api = Stream("API", run.url + GET_SESSION.path.format(id=session), 10, 20)
        players = (
            Stream("playlists", _hls(run, session, "360p/index.m3u8"), 220, 100),
            Stream("segments", segment, int(asked / 10 * 1.1) + 1, 100),
        )
        say(f"\nfor {SECONDS} s, other programs beforehand on {foreign_cores(1.0):.2f} cores")
        before = run.cpu_seconds()
        (alone,) = _at_once(api)
        quiet = run.cpu_seconds() - before
        beside, *others = _at_once(api, *players)
        busy = run.cpu_seconds() - before - quiet
    say(f"  API alone         {alone.speed:7.0f}/s   p99 {alone.p99_ms:6.1f} ms")
    say(f"  API beside        {beside.speed:7.0f}/s   p99 {beside.p99_ms:6.1f} ms")
    for stream, load in zip(players, others, strict=True):
        rate = f"{load.speed * size * 8 / 1e6:.0f} Mbit/s" if stream.name == "segments" else ""
        say(f"  {stream.name:<17} {load.speed:7.0f}/s   p99 {load.p99_ms:6.1f} ms   {rate}")
    say(f"  the process used {busy / SECONDS:.2f} of a core")


def _at_once(*streams: Stream) -> list[Load]:
    with tempfile.TemporaryDirectory() as folder:
        started = [_started(stream, Path(folder)) for stream in streams]
        found = []
        for each in started:
            said, _ = each.communicate(timeout=SECONDS + 60)
            load = parse(said, cpu_seconds=0)
            if load.failed:
                raise RuntimeError(f"{load.failed} of {load.total} requests failed: {said}")
            found.append(load)
        return found


def _started(stream: Stream, folder: Path) -> subprocess.Popen[str]:
    script = folder / f"{stream.name}.lua"
    script.write_text(stream.script())
    command = ["wrk", "-t1", f"-c{stream.connections}", f"-d{SECONDS}s", "--latency"]
    for name, value in KEY.items():
        command += ["-H", f"{name}: {value}"]
    return subprocess.Popen(
        [*pinned_to(LOAD_CORE), *command, "-s", str(script), stream.url],
        stdout=subprocess.PIPE,
        text=True,
    )


def _aged(run: Running, age: str) -> str:
    """Return a session on air after the clock was put forward by so much."""
    session = live_session(run.url)
    ask(f"{run.url}/sessions/{session}/go_live", "POST", "{}")
    ask(run.url.replace(BASE, "/_mock/clock"), "POST", json.dumps({"advance": age}))
    return session


def _hls(run: Running, session: str, path: str) -> str:
    return run.url.replace(BASE, f"/hls/{session}/{path}")


def _newest(run: Running, session: str) -> str:
    """Return the address of the newest segment, which is there for half a minute."""
    names = ask(_hls(run, session, "360p/index.m3u8")).decode().splitlines()
    return _hls(run, session, f"360p/{names[-1]}")


if __name__ == "__main__":
    main()
