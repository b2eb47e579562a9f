"""What a run found, as text: tables whose columns line up, and notes."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

from benchmarks.results import Results, middle

OURS, KEPT, FLOOR = "greenroom", "greenroom, SQLite", "raw ASGI, bytes"
_NOT_PEERS = (OURS, KEPT, FLOOR)


def report(results: Results) -> str:
    """Return everything that was found, as it is printed."""
    parts = [
        list(results.provenance),
        disturbance(results),
        speed(results),
        reach(results),
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
        lines += [
            "",
            f"{title:<36} {'req/s':>7} {'min-max':>13} {'p99 ms':>7} {'CPU us':>7} {'ours by':>8}",
        ]
        ours = results.speed(request, OURS)
        for server in in_order(results, request):
            speeds = [each.speed for each in samples[server]]
            theirs = results.speed(request, server)
            span = f"{min(speeds):.0f}-{max(speeds):.0f}"
            figures = f"{theirs:>7.0f} {span:>13} {results.tail(request, server):>7.1f}"
            cpu = results.processor(request, server)
            lines.append(f"  {server:<34} {figures} {cpu:>7.0f} {ours / theirs:>7.2f}x")
        lines += [f"  {each:<34} {'not offered':>7}" for each in without(results, request)]
    return lines[1:]


def reach(results: Results) -> list[str]:
    """Return our speed beside the floor's and the fastest peer's, request by request."""
    if not results.samples:
        return []
    lines = [f"{'greenroom':<30} {'to raw ASGI':>12} {'to the fastest peer':>38} {'p99 ms':>8}"]
    for request in results.samples:
        ours = results.speed(request, OURS)
        floor = f"{ours / results.speed(request, FLOOR):.2f}"
        peer = fastest_peer(results, request)
        beside = f"{ours / results.speed(request, peer):.2f}  {peer}" if peer else "none installed"
        lines.append(
            f"  {request:<28} {floor:>12} {beside:>38} {results.tail(request, OURS):>8.1f}"
        )
    return lines


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
    kept, held = (middle(results.moves[each], lambda s: s.speed) for each in ("SQLite", "memory"))
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
