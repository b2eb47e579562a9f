"""What runs beside the requests for as long as the server does."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mock_server.env import Common


@asynccontextmanager
async def beside_requests(common: Common) -> AsyncIterator[None]:
    """Deliver webhooks while the server runs; when it ends, end publishers and event streams."""
    delivering = None
    if common.settings.webhooks:
        from mock_server.events.courier import Courier  # noqa: PLC0415 - most have no webhooks

        delivering = asyncio.create_task(Courier(common).run())
    try:
        yield
    finally:
        if delivering is not None:
            delivering.cancel()
            with suppress(asyncio.CancelledError):
                await delivering
        await common.publications.close()
        await common.feeds.close()
