"""The contract, sentence by sentence: which rules each is tested by, or why it is not.

The sentences are taken from the bundle; what tests them is written in `sentences.toml`. A test
keeps both complete: no sentence without an entry, no entry without its sentence.
"""

from __future__ import annotations

import re
import sys
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from conformance.contract import bundled
from conformance.rule import Rule, rules

Json = Any

FILE = Path(__file__).parent / "sentences.toml"
_END = re.compile(r"(?<=[.!?])\s+(?=[A-Z`\d])")
_RULER = re.compile(r"\|[-| ]+\|")
_HEAD = ("| rule | level | what must be | contract |", "|---|---|---|---|")
_BOUNDS = ("minLength", "maxLength", "minimum", "maximum", "pattern", "format", "enum", "required")


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence of the contract and the places where it stands."""

    text: str
    pointers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Entry:
    """What is said of some sentences: the rules that test them, or why none does."""

    rules: tuple[str, ...]
    because: str


def sentences(document: Json) -> list[Sentence]:
    """Return every sentence of a contract once, with its places, in the document's order."""
    found: dict[str, list[str]] = {}
    for pointer, text in (*_told(document, "#"), *_bounds(document), *_moves(document)):
        found.setdefault(text, []).append(pointer)
    return [Sentence(text, tuple(pointers)) for text, pointers in found.items()]


def _told(node: Json, pointer: str) -> Iterator[tuple[str, str]]:
    if isinstance(node, list):
        for index, part in enumerate(node):
            yield from _told(part, f"{pointer}/{index}")
    for name, value in node.items() if isinstance(node, dict) else ():
        here = f"{pointer}/{name.replace('~', '~0').replace('/', '~1')}"
        if name == "description" and isinstance(value, str):
            yield from ((pointer, sentence) for sentence in _split(value))
        elif name not in ("example", "examples"):
            yield from _told(value, here)


def _split(text: str) -> Iterator[str]:
    without_headings = re.sub(r"^#.*$", "", text, flags=re.MULTILINE)
    for paragraph in re.split(r"\n\s*\n|\n(?=\|)", without_headings):
        line = " ".join(paragraph.split())
        if line.startswith("|"):
            yield from () if _RULER.fullmatch(line) else (line,)
        else:
            yield from filter(None, _END.split(line))


def _bounds(document: Json) -> Iterator[tuple[str, str]]:
    """Yield what schemas state without words: by keyword, for requests, answers and parameters."""
    for kind in ("schemas", "parameters"):
        for name, schema in document["components"][kind].items():
            about = "a request" if name.endswith("Request") else "an answer"
            about = "a parameter" if kind == "parameters" else about
            for pointer, keyword in _keywords(schema, f"#/components/{kind}/{name}"):
                yield pointer, f"`{keyword}` of {about}"


def _keywords(node: Json, pointer: str) -> Iterator[tuple[str, str]]:
    if isinstance(node, list):
        for index, part in enumerate(node):
            yield from _keywords(part, f"{pointer}/{index}")
    for name, value in node.items() if isinstance(node, dict) else ():
        if name in _BOUNDS and not isinstance(value, dict):
            yield pointer, name
        elif name not in ("example", "examples"):
            yield from _keywords(value, f"{pointer}/{name}")


def _moves(document: Json) -> Iterator[tuple[str, str]]:
    for name, lifecycle in document["x-lifecycles"].items():
        for index, move in enumerate(lifecycle["moves"]):
            what = move.get("operation") or move["time"]
            by = f" by {move['caller']}" if "caller" in move else ""
            sources = ", ".join(move["from"]) or "nothing"
            text = f"{what}{by}: from {sources} to {move['to']}"
            yield f"#/x-lifecycles/{name}/moves/{index}", text


@cache
def entries(path: Path = FILE) -> Mapping[str, Entry]:
    """Return what is said of each sentence, by its text.

    Raises ValueError when a sentence has two entries.
    """
    document = tomllib.loads(path.read_text("utf-8"))
    found: dict[str, Entry] = {}
    for group in (*document["tested"], *document["untested"]):
        entry = Entry(tuple(group.get("rules", ())), group.get("because", ""))
        for text in group["sentences"]:
            if text in found:
                raise ValueError(f"`{text}` has two entries, must have one")
            found[text] = entry
    return found


def markdown() -> str:
    """Return the rules and what they rest on, and the sentences that none tests, for reading."""
    known, told = rules(), sentences(bundled().document)
    said = entries()
    counted = sum(bool(said[sentence.text].rules) for sentence in told)
    about = (
        f"{len(known)} rules, written from the {len(told)} sentences of the contract: {counted} of "
        "them are tested, and why\nthe others are not stands below. A level is `published` where a "
        "rule rests on what the provider documents,\nelse `decided`. "
        "`python -m conformance.sentences > docs/rules.md` writes this page."
    )
    lines = ["# Rules", "", about, "", *_HEAD]
    lines += [_row(found) for _, found in sorted(known.items())]
    lines += ["", "## Not tested, and why", "", "| sentence | why |", "|---|---|"]
    for sentence in told:
        entry = said[sentence.text]
        if not entry.rules:
            lines.append(f"| {_cell(sentence.text)} | {_cell(entry.because)} |")
    return "\n".join(lines) + "\n"


def _row(found: Rule) -> str:
    most = 4
    names = ", ".join(f"`{name}`" for name in found.operations[:most])
    more = f" and {len(found.operations) - most} more" if len(found.operations) > most else ""
    where = f"`{found.contract}`" + (f"; {names}{more}" if names else "")
    return f"| `{found.id}` | {found.level} | {_cell(found.must)} | {_cell(where)} |"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


if __name__ == "__main__":
    sys.stdout.write(markdown())
