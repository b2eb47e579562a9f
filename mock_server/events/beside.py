"""What runs beside the requests for as long as the server does."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mock_server.env import Common


@asynccontextmanager
async def beside_requests(common: Common) -> AsyncIterator[None]:
    """End the streams of events when the server ends."""
    try:
        yield
    finally:
        await common.feeds.close()
