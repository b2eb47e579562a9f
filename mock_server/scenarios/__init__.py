"""Stories a world begins with: files that say what happens, step by step, and what is answered.

The format is `schema.json`; docs/scenarios.md tells it in words.
"""

from __future__ import annotations

from mock_server.scenarios.beginning import Beginning
from mock_server.scenarios.errors import ScenarioFailed, ScenarioMistakes
from mock_server.scenarios.load import load_scenario, names, story_names
from mock_server.scenarios.shape import AskStep, ClockStep, Reference, Scenario, Step

__all__ = [
    "AskStep",
    "Beginning",
    "ClockStep",
    "Reference",
    "Scenario",
    "ScenarioFailed",
    "ScenarioMistakes",
    "Step",
    "load_scenario",
    "names",
    "story_names",
]
