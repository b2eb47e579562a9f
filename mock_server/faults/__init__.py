"""Deliberate faults: the mock is wrong on purpose, to prove that a suite can tell.

Each is written from a sentence of the contract. With `--fault NAME` the mock breaks that one
sentence and keeps all others; without the option nothing here is even imported.
"""

from __future__ import annotations

from difflib import get_close_matches

from mock_server.errors import OperatorError
from mock_server.faults import (
    access,
    beside,
    changes,
    concurrency,
    effects,
    http,
    invariants,
    lifecycle,
    lists,
    media,
    order,
    places,
    presets,
    shape,
    sign_in,
    touched,
    validation,
    values,
    views,
)
from mock_server.faults.fault import Fault

__all__ = ["FAULTS", "Fault", "FaultError", "find_fault", "nearest", "table"]

FAULTS: tuple[Fault, ...] = tuple(
    fault
    for module in (
        shape,
        http,
        lists,
        access,
        order,
        sign_in,
        presets,
        lifecycle,
        effects,
        invariants,
        changes,
        validation,
        values,
        beside,
        media,
        concurrency,
        views,
        touched,
        places,
    )
    for fault in module.FAULTS
)


class FaultError(OperatorError):
    """Say that no fault has a name, and which names are near."""


def find_fault(name: str) -> Fault:
    """Return the fault of a name; raises FaultError naming the nearest ones."""
    found = next((fault for fault in FAULTS if fault.name == name), None)
    if found is not None:
        return found
    near = nearest(name)
    meant = f"did you mean {' or '.join(f'`{each}`' for each in near)}? " if near else ""
    raise FaultError(f"no fault has the name `{name}`, {meant}`--fault list` shows all names")


def nearest(name: str) -> list[str]:
    """Return the names most like one, itself first if it is one, at most three."""
    return get_close_matches(name, [fault.name for fault in FAULTS], n=3, cutoff=0.6)


def table() -> str:
    """Return a line a fault: its name, its family and the sentence it breaks."""
    names = max(len(fault.name) for fault in FAULTS)
    families = max(len(fault.family) for fault in FAULTS)
    return "\n".join(
        f"{fault.name:<{names}}  {fault.family:<{families}}  {fault.breaks}" for fault in FAULTS
    )
