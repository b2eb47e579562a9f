"""Reading YAML with its lines: typed fields of mappings, and a sentence for whatever is wrong."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from difflib import get_close_matches
from typing import NoReturn, TypeVar

import yaml

from mock_server.seeds.errors import SeedMistake, SeedSyntax
from mock_server.seeds.times import parse_length, parse_offset

T = TypeVar("T")
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_KEY = re.compile(r"[a-z][a-z0-9_-]{0,63}")
_WHOLE = "the file"
_DEEPEST = 20
_TAG = "tag:yaml.org,2002:"


@dataclass(frozen=True, slots=True)
class Value:
    """Hold one YAML value, how a message calls it, and the line of its key, or else its own."""

    file: str
    name: str
    node: yaml.Node
    line: int

    def refuse(self, sentence: str) -> NoReturn:
        """Raise SeedMistake with this place."""
        raise SeedMistake(self.file, self.line, sentence)

    def of_type(self, wanted: str) -> NoReturn:
        """Raise SeedMistake: this value has the wrong type."""
        self.refuse(f"{self.name} is {self.described}, must be {wanted}")

    @property
    def described(self) -> str:
        """Return the value as a message shows it."""
        if isinstance(self.node, yaml.MappingNode):
            return "a mapping"
        if isinstance(self.node, yaml.SequenceNode):
            return "a list"
        text = str(self.node.value)
        return f"`{text}`" if text else "empty"

    def is_a(self, *types: str) -> bool:
        """Tell whether YAML reads this value as one of these types (`str`, `int`, `bool`, …)."""
        return self.node.tag in [_TAG + name for name in types]


Reader = Callable[[Value], T]


@dataclass(slots=True)
class Fields:
    """Hold a mapping whose fields are taken one by one; `finish` refuses those nobody took."""

    value: Value
    left: dict[str, Value]
    _known: list[str] = field(default_factory=list)

    def take(self, name: str, read: Reader[T]) -> T:
        """Read a field that must be there."""
        self._known.append(name)
        if name not in self.left:
            self.value.refuse(f"{self.value.name} has no `{name}`, must have one")
        return read(self.left.pop(name))

    def maybe(self, name: str, read: Reader[T]) -> T | None:
        """Read a field, or return None where it is left out."""
        self._known.append(name)
        return read(self.left.pop(name)) if name in self.left else None

    def finish(self) -> None:
        """Refuse the first field that is not of this format."""
        for name, value in self.left.items():
            near = get_close_matches(name, self._known, n=1)
            known = ", ".join(f"`{known}`" for known in (near or self._known))
            value.refuse(
                f"{self.value.name} has the unknown field `{name}`, "
                f"{'nearest is' if near else 'known are'} {known}"
            )


def compose(file: str, text: str, kind: str = "seed") -> Value:
    """Read a file's one YAML document, of a kind a message names; raises SeedSyntax."""
    try:
        _check_depth(file, text, kind)
        node = yaml.compose(text, Loader=_LOADER)
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise SeedSyntax(file, line, "has a character that YAML does not allow") from error
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        what = " ".join(part for part in (error.context, error.problem) if part)
        raise SeedSyntax(file, mark.line + 1 if mark else None, f"is not YAML: {what}") from error
    if node is None:
        raise SeedSyntax(file, None, f"is empty, must be a {kind}: at least `version: 1`")
    return Value(file, _WHOLE, node, _line(node))


def _check_depth(file: str, text: str, kind: str) -> None:
    # LibYAML composes by recursion in C: without this, enough brackets end the process.
    depth = 0
    for event in yaml.parse(text, Loader=_LOADER):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > _DEEPEST:
                line = event.start_mark.line + 1 if event.start_mark else None
                raise SeedSyntax(
                    file, line, f"is nested deeper than {_DEEPEST}, too deep for a {kind}"
                )
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1


def refuse_aliases(file: str, text: str) -> None:
    """Refuse a file with aliases; raises SeedSyntax.

    An alias can hold aliases: a few lines could stand for more values than there is memory.
    """
    for event in yaml.parse(text, Loader=_LOADER):
        if isinstance(event, yaml.AliasEvent):
            line = event.start_mark.line + 1 if event.start_mark else None
            raise SeedSyntax(file, line, f"has the alias `*{event.anchor}`, must be written out")


def fields(value: Value) -> Fields:
    """Open a mapping; raises SeedMistake where it is none or a field is there twice."""
    prefix = "" if value.name == _WHOLE else f"{value.name}: "
    return Fields(value, dict(_pairs(value, lambda key: f"{prefix}`{key}`")))


def entries(value: Value, kind: str) -> Iterator[tuple[str, Value]]:
    """Yield the things of a section by key; a key is lower case letters, digits, `_` and `-`."""
    for key, item in _pairs(value, lambda key: f"{kind} `{key}`"):
        if _KEY.fullmatch(key) is None:
            item.refuse(
                f"`{key}` is no key, must be a lower case letter, then letters, digits, `_`, `-`"
            )
        yield key, item


def _pairs(value: Value, name: Callable[[str], str]) -> Iterator[tuple[str, Value]]:
    if not isinstance(value.node, yaml.MappingNode):
        value.of_type("a mapping")
    seen: dict[str, int] = {}
    for key_node, node in value.node.value:
        key = str(key_node.value)
        item = Value(value.file, name(key), node, _line(key_node))
        if not isinstance(key_node, yaml.ScalarNode):
            item.refuse(f"{value.name} has a key that is no word, must be one word")
        if key in seen:
            item.refuse(f"{item.name} is there twice, first on line {seen[key]}")
        seen[key] = item.line
        yield key, item


def _line(node: yaml.Node) -> int:
    return int(node.start_mark.line) + 1


def text(shortest: int = 1, longest: int = 10_000) -> Reader[str]:
    """Return a reader of text of a length in code points."""

    def read(value: Value) -> str:
        if not value.is_a("str"):
            value.of_type("text (in quotes, if YAML takes it for something else)")
        found = str(value.node.value)
        if not shortest <= len(found) <= longest:
            value.refuse(
                f"{value.name} is {len(found)} characters long, must be {shortest} to {longest}"
            )
        return found

    return read


def matching(pattern: str, what: str) -> Reader[str]:
    """Return a reader of text that matches a pattern as a whole; `what` is what it must be."""

    def read(value: Value) -> str:
        if not value.is_a("str") or re.fullmatch(pattern, str(value.node.value)) is None:
            value.of_type(what)
        return str(value.node.value)

    return read


def unique(read: Reader[str], seen: dict[str, int]) -> Reader[str]:
    """Return a reader that refuses what was read before; `seen` gathers the lines."""

    def read_once(value: Value) -> str:
        found = read(value)
        if found in seen:
            value.refuse(
                f"{value.name} is {value.described}, which line {seen[found]} has, must be its own"
            )
        seen[found] = value.line
        return found

    return read_once


def choice(*choices: str) -> Reader[str]:
    """Return a reader of one of some words."""
    return one_of(choices, " or ".join(f"`{word}`" for word in choices))


def one_of(choices: Collection[str], what: str) -> Reader[str]:
    """Return a reader of one of some words; `what` is what it must be."""

    def read(value: Value) -> str:
        if not isinstance(value.node, yaml.ScalarNode) or value.node.value not in choices:
            value.of_type(what)
        return str(value.node.value)

    return read


def boolean(value: Value) -> bool:
    """Read `true` or `false`."""
    if not value.is_a("bool"):
        value.of_type("`true` or `false`")
    return str(value.node.value).lower() in {"true", "yes", "on"}


def integer(lowest: int, highest: int) -> Reader[int]:
    """Return a reader of a whole number within bounds."""

    def read(value: Value) -> int:
        digits = str(value.node.value)
        fits = value.is_a("int") and re.fullmatch(r"0|[1-9][0-9]{0,8}", digits)
        if not fits or not lowest <= int(digits) <= highest:
            value.of_type(f"a whole number from {lowest} to {highest}")
        return int(digits)

    return read


def offset(value: Value) -> timedelta:
    """Read a time relative to the world's start."""
    found = parse_offset(str(value.node.value))
    if found is None or not isinstance(value.node, yaml.ScalarNode):
        value.of_type("a time such as `-35m`, `+2d`, `-3d4h` or `now`")
    return found


def length(value: Value) -> timedelta:
    """Read a length of time."""
    found = parse_length(str(value.node.value))
    if found is None or not isinstance(value.node, yaml.ScalarNode):
        value.of_type("a length of time such as `5m`")
    return found


def items(value: Value) -> list[Value]:
    """Open a list."""
    if not isinstance(value.node, yaml.SequenceNode):
        value.of_type("a list")
    return [Value(value.file, value.name, node, _line(node)) for node in value.node.value]


def reference(section: str, keys: Collection[str]) -> Reader[str]:
    """Return a reader of the key of something in another section.

    The field's name is the role the thing plays, such as `preset`.
    """

    def read(value: Value) -> str:
        key = str(value.node.value)
        if not isinstance(value.node, yaml.ScalarNode) or key not in keys:
            subject, _, role = value.name.rpartition(": ")
            value.refuse(
                f"{subject} names {role.strip('`')} {value.described}, which is not in `{section}`"
            )
        return key

    return read
