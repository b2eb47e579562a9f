"""The fixtures of the rules, for a `conftest.py` in which rules of somebody else's are tried."""

from __future__ import annotations

from conformance.rules.conftest import suite, world

__all__ = ["suite", "world"]
