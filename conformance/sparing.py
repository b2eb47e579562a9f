"""Spares the target generated requests that ask what others have asked."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from schemathesis.core.parameters import ParameterLocation
from schemathesis.generation.meta import CoverageScenario

from conformance.contract import Contract

Json = Any

# How often an example is sent that differs in nothing but the id: once for each new scene.
SAME = 3


@dataclass(slots=True)
class Alike:
    """Fields of one type in one operation's body, and the wrong types the first one was given."""

    fields: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    def due(self, name: str, wrong: str) -> bool:
        """Tell whether a field must be given this wrong type: all of them, or the one in turn."""
        if name not in self.fields:
            self.fields.append(name)
        turn = self.fields.index(name)
        if turn and wrong in self.wrong:
            return self.wrong[turn % len(self.wrong)] == wrong
        self.wrong.append(wrong)
        return True


@dataclass(slots=True)
class Sparing:
    """Tells which requests of Schemathesis' coverage phase are sent.

    It gives each field of a body each wrong type, which is what the rules `bounds.*` do. So here
    the first field of each type is given all of them, the others one, in turn. A wrong parameter,
    a body that is no object, and every other case are sent always.
    """

    contract: Contract
    alike: dict[tuple[str, str], Alike] = field(default_factory=dict)

    @staticmethod
    def few(cases: list[Any]) -> list[Any]:
        """Return an operation's examples, of those that differ in nothing but the id only some.

        Schemathesis repeats an example with every id it has met; a stagehand puts others there.
        """
        seen: Counter[str] = Counter()
        kept = []
        for case in cases:
            key = repr((case.query, case.headers, case.cookies, case.media_type, case.body))
            seen[key] += 1
            if seen[key] <= SAME:
                kept.append(case)
        return kept

    def keeps(self, operation: str, case: Any) -> bool:
        """Tell whether a case of an operation is sent."""
        about: Any = case.meta.phase.data if case.meta else None
        if (
            getattr(about, "scenario", None) is not CoverageScenario.INCORRECT_TYPE
            or about.parameter_location is not ParameterLocation.BODY
        ):
            return True
        pointer = (about.location or "").split("/")
        found = self.contract.operations.get(operation)
        if found is None or pointer[1:2] != ["properties"] or not isinstance(case.body, dict):
            return True
        name, inner = pointer[2], len(pointer) > len(("", "properties", "name", "type"))
        schema = self.contract.properties(found.body).get(name)
        if inner or schema is None:
            return True
        kind = str(self.contract.resolve(schema).get("type"))
        alike = self.alike.setdefault((operation, kind), Alike())
        return alike.due(name, type(case.body.get(name)).__name__)
