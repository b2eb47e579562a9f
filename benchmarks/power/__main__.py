"""Compare what tools see of the mock's faults: `python -m benchmarks.power [--sample N]`.

Plain `st run`, `st run` tuned and with two identities, and Dredd from the folder PEERS names
(`npm install --prefix FOLDER dredd@14.1.0`).
Each looks at a mock with one fault; only what the true mock does not show counts as seen.
"""

from __future__ import annotations

import argparse
import os
import time

from benchmarks.power.compared import Seen, looked, seen, table
from benchmarks.power.tools import EXAMPLES, Said, tools
from benchmarks.provenance import provenance, say, tell
from mock_server.faults import FAULTS
from mock_server.power.matrix import chosen

# What comes of chance on the true mock comes in one of so many runs, or is not excused.
TRUE_RUNS = 2
MINUTE = 60.0


def main() -> None:
    """Let every tool look at every chosen fault, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sample", type=int, default=1, metavar="N", help="faults of each family")
    parser.add_argument("--fault", action="append", default=[], metavar="NAME", help="only these")
    parser.add_argument(
        "--minutes", type=float, default=60, help="begin no other fault after so many (60)"
    )
    given = parser.parse_args()
    installed = tools()
    sources = provenance()
    until = time.monotonic() + given.minutes * MINUTE
    true = [looked(installed, None) for _ in range(TRUE_RUNS)]
    wrong: dict[str, dict[str, Said]] = {}
    faults = chosen(FAULTS, names=given.fault, families=(), sample=given.sample)
    for fault in faults:
        if time.monotonic() > until:
            break
        wrong[fault.name] = looked(installed, fault.name)
        tell(f"{fault.name}: {', '.join(_brief(wrong[fault.name], true))}")
    found = [
        seen(
            tool.name,
            [each[tool.name] for each in true],
            {name: said[tool.name] for name, said in wrong.items()},
        )
        for tool in installed
    ]
    _print(found, sources, len(faults))
    for line in table(found, [fault for fault in faults if fault.name in wrong]):
        say(line)
    say(f"load average at the end {os.getloadavg()[0]:.1f}")


def _brief(wrong: dict[str, Said], true: list[dict[str, Said]]) -> list[str]:
    sights = (seen(name, [each[name] for each in true], {"": wrong[name]}) for name in wrong)
    return [f"{each.tool} {sorted(each.new[''])[:2]}" for each in sights]


def _print(found: list[Seen], sources: list[str], asked: int) -> None:
    for line in sources:
        say(line)
    for tool in tools():
        say(f"{tool.name}: {tool.version}")
    done = len(found[0].new)
    say(f"{EXAMPLES} examples an operation, {done} of {asked} faults, {TRUE_RUNS} true runs")
    for each in found:
        for alarm in sorted(each.alarms)[:10]:
            say(f"on the true mock, {each.tool}: {alarm}")


if __name__ == "__main__":
    main()
