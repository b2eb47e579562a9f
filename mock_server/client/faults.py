"""The faults of a world, by remote control."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Literal

from mock_server.client.clock import moment
from mock_server.client.values import ContractFault, Fault
from mock_server.client.wire import Wire, given


class Faults:
    """Add, list and remove what a world's clients must live with."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    def add(
        self,
        operation: str = "*",
        *,
        status: int | None = None,
        example: str | None = None,
        retry_after: int | None = None,
        delay: float | Mapping[str, object] | None = None,
        drop: Literal["request", "answer"] | None = None,
        truncate: int | None = None,
        contract_fault: str | None = None,
        state: Literal["scheduled", "live", "ended", "expired"] | None = None,
        nth: Sequence[int] | None = None,
        every: int | None = None,
        percentage: float | None = None,
        count: int | None = None,
        until: datetime | str | None = None,
        for_seconds: float | None = None,
        id: str | None = None,  # noqa: A002 - the contract's name
    ) -> Fault:
        """Add a fault for an operation, `*` for all: one effect, and when it applies.

        A `status` is one the contract gives the operation, its body the contract's `example`;
        `delay` is in milliseconds or a distribution such as `{"uniform_ms": [50, 400]}`; `drop`
        closes the connection before or after the operation is performed; `truncate` sends so many
        bytes of the body; `contract_fault` is a deliberate mistake by its name. Without a
        condition it applies to each call until it is removed. Raises Refused.
        """
        effect = given(
            status=status,
            example=example,
            retry_after=retry_after,
            delay={"fixed_ms": delay} if isinstance(delay, int | float) else delay,
            drop=drop,
            truncate=truncate,
            contract_fault=contract_fault,
        )
        when = given(
            state=state,
            nth=None if nth is None else list(nth),
            every=every,
            percentage=percentage,
        )
        body = given(
            id=id,
            operation=operation,
            when=when or None,
            count=count,
            until=None if until is None else moment(until),
            for_seconds=for_seconds,
            effect=effect,
        )
        return Fault.read(self._wire.ask("add_fault", body=body))

    def list(self) -> tuple[Fault, ...]:
        """Return the faults in the order in which they are asked, with what they did."""
        return tuple(Fault.read(each) for each in self._wire.ask("list_faults")["faults"])

    def remove(self, id: str) -> Fault:  # noqa: A002 - the contract's name
        """Remove a fault and return what it did; raises Refused where there is none."""
        return Fault.read(self._wire.ask("remove_fault", id))

    def clear(self) -> int:
        """Remove all faults and return how many there were."""
        removed: int = self._wire.ask("clear_faults")["removed"]
        return removed

    def deliberate(self) -> tuple[ContractFault, ...]:
        """Return the deliberate mistakes there are, for `contract_fault`."""
        found = self._wire.ask("list_contract_faults")["contract_faults"]
        return tuple(ContractFault.read(each) for each in found)
