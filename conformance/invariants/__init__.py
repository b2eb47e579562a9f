"""What is always true: facts that hold between the fields of any one answer.

Each is a function of what was asked and what was answered. Both halves of the suite, the
generated and the hand-written, put every answer through all of them.
"""

from __future__ import annotations

from conformance.invariants import lists, resources, sessions
from conformance.invariants.registry import INVARIANTS, Broken, asked_by, invariant, violations

__all__ = [
    "INVARIANTS",
    "Broken",
    "asked_by",
    "invariant",
    "lists",
    "resources",
    "sessions",
    "violations",
]
