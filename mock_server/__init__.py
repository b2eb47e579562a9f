"""A stateful mock of a live-streaming API, served from its OpenAPI contract."""

from __future__ import annotations

__version__ = "0.1.0"
