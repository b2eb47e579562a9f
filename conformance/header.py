"""What a run was about: target, contract, level, seed, and what was left behind."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import Any

from conformance.suite import Suite

Json = Any

NOTHING_LEFT = "nothing left behind"


@dataclass(slots=True)
class Header:
    """What a run was about; from `requests` on, it is known at its end."""

    contract: str
    target: str
    level: str
    seed: int
    run_id: str
    started_mock: bool
    callers: str
    profile: str = "full"
    started_at: str = ""
    requests: int = 0
    seconds: float = 0.0
    left: str = ""
    interrupted: bool = False

    @classmethod
    def of(cls, suite: Suite) -> Header:
        """Describe a run that begins."""
        return cls(
            contract=suite.contract.version,
            target=suite.client.base_url,
            level=suite.options.level,
            seed=suite.options.seed,
            run_id=suite.world.run_id,
            started_mock=suite.started_mock,
            callers=suite.world.who.source,
            profile=suite.options.profile,
            started_at=f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
        )

    @classmethod
    def of_workers(cls, told: Sequence[Json]) -> Header:
        """Describe a run that several processes shared, by what each of them told."""
        all_ = [cls(**document) for document in told]
        targets = sorted({header.target for header in all_})
        lefts = sorted({header.left for header in all_ if header.left})
        some = [left for left in lefts if left != NOTHING_LEFT]
        return replace(
            all_[0],
            target=targets[0] + (f" and {len(targets) - 1} more" if targets[1:] else ""),
            run_id=", ".join(sorted({re.sub(r"-w\d+$", "", h.run_id) for h in all_})),
            requests=sum(header.requests for header in all_),
            seconds=max(header.seconds for header in all_),
            left="; ".join(some or lefts),
            interrupted=any(header.interrupted for header in all_),
        )

    @contextmanager
    def timed(self) -> Iterator[None]:
        """Measure how long the run takes, and note when it is cut short."""
        begun = time.monotonic()
        try:
            yield
        except KeyboardInterrupt:
            self.interrupted = True
            raise
        finally:
            self.seconds = time.monotonic() - begun

    def finish(self, suite: Suite) -> None:
        """Add what is known when a run is over."""
        self.requests = suite.client.requests
        left = [f"{entry.kind} {entry.id or '(never answered)'}" for entry in suite.leftovers]
        viewers = sum(entry.kind == "viewer" for entry in suite.client.ledger.entries())
        if left:
            self.left = f"left behind: {', '.join(left)}"
        elif viewers:
            noun = "viewer" if viewers == 1 else "viewers"
            self.left = f"left behind: {viewers} {noun}, whom the contract cannot delete"
        else:
            self.left = NOTHING_LEFT

    def as_json(self) -> Json:
        """Return the header as JSON, to travel with a test report."""
        return asdict(self)

    def line(self) -> str:
        """Return the first line of a report."""
        target = self.target + (" (the mock, started for this run)" if self.started_mock else "")
        parts = (
            f"contract {self.contract}",
            target,
            f"level {self.level}",
            *([] if self.profile == "full" else [f"profile {self.profile}"]),
            f"seed {self.seed}",
            f"run {self.run_id}",
            f"callers from {self.callers}",
        )
        return " · ".join(parts)
