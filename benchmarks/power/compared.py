"""What tools see of faults: findings on a faulty mock that the true one does not show."""

from __future__ import annotations

import json
import tempfile
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from benchmarks.power.tools import Said, Tool, asked
from benchmarks.servers import BASE, greenroom, running
from mock_server.faults import Fault


@dataclass(frozen=True, slots=True)
class Seen:
    """Hold a tool's findings: on the true mock, and by fault those that only the fault has.

    `slow` are the faults it did not finish with.
    """

    tool: str
    alarms: frozenset[str]
    new: Mapping[str, frozenset[str]]
    slow: tuple[str, ...]

    @property
    def faults(self) -> list[str]:
        """Return the names of the faults it saw."""
        return [name for name, found in self.new.items() if found]


def seen(tool: str, true: Sequence[Said], wrong: Mapping[str, Said]) -> Seen:
    """Return what a tool sees; what it says of the true mock, in any of its runs, is no sight.

    A tool that says no more than an exit status is heard too, where the true mock gave 0.
    """
    alarms = frozenset().union(*(each.found for each in true))
    quiet = all(each.code == 0 for each in true)
    new = {
        name: (said.found - alarms) or (frozenset({"exit"} if quiet and said.code else ()))
        for name, said in wrong.items()
    }
    return Seen(tool, alarms, new, tuple(name for name, said in wrong.items() if said.code is None))


def looked(tools: Sequence[Tool], fault: str | None) -> dict[str, Said]:
    """Let every tool look at a mock of its own with a fault, all at once."""
    with ThreadPoolExecutor(len(tools)) as pool:
        return dict(pool.map(lambda tool: (tool.name, _one(tool, fault)), tools))


def _one(tool: Tool, fault: str | None) -> Said:
    server = greenroom("greenroom", *(("--fault", fault) if fault else ()))
    with running(server, pinned=False) as mock, tempfile.TemporaryDirectory() as folder:
        return asked(tool, mock.url, _tokens(mock.url.removesuffix(BASE)), Path(folder))


def _tokens(root: str) -> dict[str, str]:
    with urllib.request.urlopen(f"{root}/_mock/personas") as answer:
        personas = json.load(answer)["data"]["personas"]
    return {each["name"]: each["access_token"] for each in personas if each["usable"]}


def table(all_seen: Sequence[Seen], faults: Sequence[Fault]) -> Iterator[str]:
    """Yield the lines of a table: a row a fault, a column a tool; then what is false."""
    yield f"| fault | family | {' | '.join(each.tool for each in all_seen)} |"
    yield f"|---|---|{'---|' * len(all_seen)}"
    for fault in faults:
        cells = [_cell(each, fault.name) for each in all_seen]
        yield f"| `{fault.name}` | {fault.family} | {' | '.join(cells)} |"
    totals = [f"{len(each.faults)} of {len(each.new)}" for each in all_seen]
    yield f"| seen | | {' | '.join(totals)} |"
    alarms = [f"{len(each.alarms)}" for each in all_seen]
    yield f"| findings on the true mock | | {' | '.join(alarms)} |"


def _cell(found: Seen, fault: str) -> str:
    if fault in found.slow:
        return "too slow"
    return "seen" if found.new.get(fault) else "no"
