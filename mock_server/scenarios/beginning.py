"""How a world is to begin: from which scenario and seed, and at what time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from mock_server.scenarios.errors import ScenarioFailed
from mock_server.scenarios.shape import ClockStep, Scenario
from mock_server.seeds.times import full_step

# A scenario that ends at the present begins on a full step of this, as people make appointments.
_STEP = timedelta(minutes=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Beginning:
    """Hold what a world begins with.

    It begins at `now`, else at the scenario's own time, else at the present. With `end_now` the
    scenario ends at the present, up to five minutes ago, and the clock is the machine's. With
    `freeze` the clock stands still once the scenario has been played.
    """

    scenario: Scenario
    seed: int
    now: datetime | None = None
    end_now: bool = False
    freeze: bool = False

    @property
    def ends_at_present(self) -> bool:
        """Tell whether there is a scenario that is to end at the present."""
        return self.end_now and bool(self.scenario.steps)

    @property
    def keeps_real_time(self) -> bool:
        """Tell whether nothing here sets the world's clock."""
        set_here = self.now is not None or self.scenario.now is not None
        return not (self.scenario.steps or set_here or self.freeze)

    def start(self, wall: datetime) -> datetime:
        """Return when it begins, if it is `wall` now; raises ScenarioFailed."""
        if not self.ends_at_present:
            return self.now or self.scenario.now or wall
        length = timedelta()
        for step in self.scenario.steps:
            if isinstance(step, ClockStep) and step.to is not None:
                raise ScenarioFailed(
                    f"{self.scenario.file}:{step.line}: `clock` goes to a fixed time, must go "
                    "forward by a length in a scenario that is to end at the present"
                )
            if isinstance(step, ClockStep):
                length += step.by or timedelta()
        return full_step(wall - length, _STEP, later=False)
