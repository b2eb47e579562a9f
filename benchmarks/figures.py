"""Write the measured figures into the documents: `python -m benchmarks.figures [FILE]`.

FILE is what `python -m benchmarks --json FILE` wrote; docs/figures.json is the one that is kept.
Between `<!-- figures: name -->` and the next `<!-- end -->` stands what is written here.
"""

from __future__ import annotations

import re
import shutil
import sys
from pathlib import Path

from benchmarks import report
from benchmarks.plot import plot
from benchmarks.results import Results, read
from benchmarks.servers import ROOT

DOCUMENT = ROOT / "docs" / "figures.md"
KEPT = ROOT / "docs" / "figures.json"
PLOT = ROOT / "docs" / "figures.svg"
_BLOCK = re.compile(r"(?P<mark><!-- figures: (?P<name>[a-z]+) -->\n).*?(?=<!-- end -->)", re.DOTALL)


def main() -> None:
    """Write the blocks and the plot, and keep the file they come from."""
    given = Path(sys.argv[1]) if len(sys.argv) > 1 else KEPT
    results = read(given)
    DOCUMENT.write_text(written(DOCUMENT.read_text(), results))
    PLOT.write_text(plot(results))
    if given.resolve() != KEPT:
        shutil.copy(given, KEPT)


def written(text: str, results: Results) -> str:
    """Return the document with every block anew; raises KeyError for a block of another name."""
    blocks = {
        "provenance": _code([*results.provenance, *report.disturbance(results)]),
        "reach": _code(report.reach(results)),
        "speed": _code(report.speed(results)),
        "heated": _code(report.heated(results)),
        "ready": _code(report.ready(results)),
        "stores": _code(report.moves(results)),
        "memory": _code(report.memory(results)),
        "notes": "".join(f"- {line}\n" for line in report.notes(results)),
    }
    return _BLOCK.sub(lambda found: found["mark"] + blocks[found["name"]], text)


def _code(lines: list[str]) -> str:
    return "\n".join(["```", *lines, "```", ""])


if __name__ == "__main__":
    main()
