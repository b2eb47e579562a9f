"""What a rule is, and the register of all rules."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, Literal, TypeVar

Level = Literal["published", "decided"]
Test = TypeVar("Test", bound=Callable[..., Any])

MARK = "conformance_rule"
_REGISTER: dict[str, Rule] = {}


@dataclass(frozen=True, slots=True)
class Rule:
    """One promise of the contract that a server can break.

    `contract` points into the bundle (`#/…`) or names a document; `operations` are the
    operations the rule judges, empty for a rule about the API as a whole.
    """

    id: str
    level: Level
    must: str
    contract: str
    operations: tuple[str, ...] = ()

    @property
    def family(self) -> str:
        """Return the first part of the id, under which reports group rules."""
        return self.id.partition(".")[0]


def declare(found: Rule) -> Rule:
    """Enter a rule into the register.

    Raises ValueError when its id is taken or its sentence has no MUST.
    """
    if _REGISTER.get(found.id, found) != found:
        raise ValueError(f"rule `{found.id}` is declared twice, ids must be unique")
    if "MUST" not in found.must:
        raise ValueError(f"rule `{found.id}` must say in one sentence what MUST be")
    _REGISTER[found.id] = found
    return found


def rule(
    id: str,  # noqa: A002 - the word every reader of a rule expects
    *,
    level: Level,
    must: str,
    contract: str,
    operations: Iterable[str] = (),
) -> Callable[[Test], Test]:
    """Declare a test function to be the rule of that id."""
    import pytest  # noqa: PLC0415 - the register itself is light enough for any start-up

    declared = declare(Rule(id, level, must, contract, tuple(operations)))

    def mark(function: Test) -> Test:
        marked: Test = getattr(pytest.mark, MARK)(declared)(function)
        return marked

    return mark


def rules() -> Mapping[str, Rule]:
    """Import every rule of the suite and return the register, by id."""
    import_module("conformance.responses")
    import_module("conformance.invariants")
    for file in sorted((Path(__file__).parent / "rules").glob("test_*.py")):
        import_module(f"conformance.rules.{file.stem}")
    return dict(_REGISTER)


def disabling(found: Rule, *, level: Level, skipped: Iterable[str]) -> str:
    """Return the option that keeps a rule from being tried; empty when none does."""
    if level == "published" and found.level != "published":
        return f"--level {level}"
    hit = (name for name in skipped if found.id == name or found.id.startswith(name + "."))
    return next((f"--skip {name}" for name in hit), "")


def selects(found: Rule, *, level: Level, prefixes: Iterable[str]) -> bool:
    """Tell whether a level and dotted prefixes (none: all) select a rule."""
    if level == "published" and found.level != "published":
        return False
    wanted = tuple(prefixes)
    return not wanted or any(
        found.id == prefix or found.id.startswith(prefix + ".") for prefix in wanted
    )
