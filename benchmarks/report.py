"""What a run found, as text: tables whose columns line up, and notes."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

from benchmarks.results import Results, Sample, middle

OURS, KEPT, FLOOR = "greenroom", "greenroom, SQLite", "raw ASGI, bytes"
_NOT_PEERS = (OURS, KEPT, FLOOR)
_COLUMNS = f"{'req/s':>7} {'min-max':>13} {'p99 ms':>7} {'CPU us':>7} {'ours by':>8}"


def report(results: Results) -> str:
    """Return everything that was found, as it is printed."""
    parts = [
        list(results.provenance),
        disturbance(results),
        speed(results),
        reach(results),
        heated(results),
        ready(results),
        moves(results),
        memory(results),
        notes(results),
    ]
    return "\n\n".join("\n".join(part) for part in parts if part)


def disturbance(results: Results) -> list[str]:
    """Say how many cores other programs used while it was measured."""
    if not results.foreign:
        return []
    least, most = min(results.foreign), max(results.foreign)
    return [
        (
            f"meanwhile other programs used {median(results.foreign):.2f} of a core "
            f"(median; {least:.2f} to {most:.2f})"
        )
    ]


def speed(results: Results) -> list[str]:
    """Return a table for each request: medians, spread, and how we compare."""
    lines: list[str] = []
    for request, samples in results.samples.items():
        title = f"{request}, {results.sizes[request]:,} B"
        lines += ["", f"{title:<36} {_COLUMNS}"]
        for server in in_order(results, request):
            lines.append(f"  {server:<34} {_figures(samples[server], samples[OURS])}")
        lines += [f"  {each:<34} {'not offered':>7}" for each in without(results, request)]
    return lines[1:]


def heated(results: Results) -> list[str]:
    """Return a table of the servers that gain by it, after a warm-up that lets compilers finish."""
    lines: list[str] = []
    for request, samples in results.heated.items():
        lines += ["", f"{f'{request}, heated':<36} {_COLUMNS}"]
        for server, seen in samples.items():
            lines.append(f"  {server:<34} {_figures(seen, samples[OURS])}")
    return lines[1:]


def _figures(samples: Sequence[Sample], ours: Sequence[Sample]) -> str:
    speeds = [each.speed for each in samples]
    tail = middle(samples, lambda each: each.p99_ms)
    # Other programs only ever add to it.
    cpu = min(each.cpu_us for each in samples)
    ratio = middle(ours, _speed) / median(speeds)
    span = f"{min(speeds):.0f}-{max(speeds):.0f}"
    return f"{median(speeds):>7.0f} {span:>13} {tail:>7.1f} {cpu:>7.0f} {ratio:>7.2f}x"


def reach(results: Results) -> list[str]:
    """Return our speed beside the floor's and the fastest peer's, request by request."""
    if not results.samples:
        return []
    columns = f"{'raw ASGI':>9} {'the fastest peer':>30} {'heated peer':>12} {'p99 ms':>7}"
    lines = [f"{'greenroom beside':<30} {columns}"]
    for request in results.samples:
        ours = results.speed(request, OURS)
        floor = f"{ours / results.speed(request, FLOOR):.2f}x"
        peer = fastest_peer(results, request)
        beside = f"{ours / results.speed(request, peer):.2f}x {peer}" if peer else "none installed"
        hot = _heated_ratio(results, request)
        columns = f"{floor:>9} {beside:>30} {hot:>12} {results.tail(request, OURS):>7.1f}"
        lines.append(f"  {request:<28} {columns}")
    return lines


def _heated_ratio(results: Results, request: str) -> str:
    samples = results.heated.get(request, {})
    speeds = {name: middle(seen, _speed) for name, seen in samples.items()}
    ours = speeds.pop(OURS, 0.0)
    return f"{ours / max(speeds.values()):.2f}x" if speeds else "-"


def _speed(sample: Sample) -> float:
    return sample.speed


def ready(results: Results) -> list[str]:
    """Return a table of seconds from the command to the first answer."""
    if not results.ready:
        return []
    lines = [f"{'first answer after the command':<36} {'s':>7} {'min-max':>13}"]
    for server, seconds in results.ready.items():
        span = f"{min(seconds):.2f}-{max(seconds):.2f}"
        lines.append(f"  {server:<34} {median(seconds):>7.2f} {span:>13}")
    return lines


def moves(results: Results) -> list[str]:
    """Return a table of starts that move a session, by store, and the ratio of the stores."""
    if not results.moves:
        return []
    title = "start of a scheduled session"
    lines = [f"{title:<36} {'req/s':>7} {'min-max':>13} {'CPU us':>7}"]
    for store, samples in results.moves.items():
        speeds = [each.speed for each in samples]
        cpu = min(each.cpu_us for each in samples)
        span = f"{min(speeds):.0f}-{max(speeds):.0f}"
        lines.append(f"  {store:<34} {median(speeds):>7.0f} {span:>13} {cpu:>7.0f}")
    ratio = sqlite_to_memory(results)
    return [*lines, f"  {'SQLite to memory':<34} {ratio:>7.2f}"]


def sqlite_to_memory(results: Results) -> float:
    """Return how fast a start that moves a session is in SQLite, beside memory."""
    kept, held = (middle(results.moves[each], _speed) for each in ("SQLite", "memory"))
    return kept / held


def memory(results: Results) -> list[str]:
    """Return a line of resident memory: at the start, half-way and in the end."""
    if not results.memory:
        return []
    count, last = results.memory[-1]
    half = next(mib for done, mib in results.memory if done >= count / 2)
    start, end = f"{results.memory[0][1]:.0f}", f"{last:.0f} MiB after {count:,} requests"
    return [f"resident memory: {start} MiB at the start, {half:.0f} MiB half-way, {end}"]


def notes(results: Results) -> list[str]:
    """Return a line a server: what it does of a mock's work; and those that are missing."""
    lines = [f"{each.name} {each.version}".rstrip() + f": {each.does}" for each in results.subjects]
    return lines + [f"{each.name} is not compared: {each.how}" for each in results.missing]


def in_order(results: Results, request: str) -> list[str]:
    """Return the servers that were asked: ours, the floor, and peers from fast to slow."""
    asked = results.samples[request]
    known = [name for name in _NOT_PEERS if name in asked]
    peers = [name for name in asked if name not in _NOT_PEERS]
    return known + sorted(peers, key=lambda name: -results.speed(request, name))


def without(results: Results, request: str) -> Sequence[str]:
    """Return the servers that do not offer a request."""
    return [s.name for s in results.subjects if s.name not in results.samples[request]]


def fastest_peer(results: Results, request: str) -> str | None:
    """Return the fastest of other people's servers, None where none was measured."""
    return next((s for s in in_order(results, request) if s not in _NOT_PEERS), None)
