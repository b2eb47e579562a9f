"""One attempt to deliver a webhook."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime
from time import monotonic
from typing import TYPE_CHECKING, Any, NamedTuple

from mock_server.media.livekit import webhook_token
from mock_server.settings import Settings

if TYPE_CHECKING:
    import httpx

# Seconds an attempt may take in all.
PATIENCE = 10.0
# So many attempts are under way at once, as in LiveKit.
AT_ONCE = 10
INJECTED = "not sent: a delivery fault lets this attempt fail"


class Attempt(NamedTuple):
    """Hold when an attempt was made, how long it took, and its status or why it has none."""

    at: datetime
    took_ms: int
    status: int | None = None
    error: str | None = None

    @property
    def is_good(self) -> bool:
        """Tell whether the receiver has taken the webhook."""
        return self.status is not None and 200 <= self.status < 300  # noqa: PLR2004

    def document(self) -> dict[str, Any]:
        """Return the attempt as it is kept."""
        at = self.at.isoformat().replace("+00:00", "Z")
        view: dict[str, Any] = {"at": at, "took_ms": self.took_ms}
        if self.status is not None:
            view["status"] = self.status
        if self.error is not None:
            view["error"] = self.error
        return view


class Post:
    """Send webhooks, signed; nothing of an answer but its status is read."""

    def __init__(self, settings: Settings, wall: Callable[[], datetime]) -> None:
        self._settings = settings
        self._wall = wall
        self._client: httpx.AsyncClient | None = None
        self._turns = asyncio.Semaphore(AT_ONCE)

    async def send(self, url: str, body: bytes, world: str) -> Attempt:
        """Make an attempt. Whoever answers with a redirect has not taken it."""
        async with self._turns:
            at, began = self._wall(), monotonic()
            status, error = await self._status(url, body, world, at)
        return Attempt(at, round((monotonic() - began) * 1000), status, error)

    async def close(self) -> None:
        """Close what is open."""
        if self._client is not None:
            await self._client.aclose()

    async def _status(
        self, url: str, body: bytes, world: str, at: datetime
    ) -> tuple[int | None, str | None]:
        import httpx  # noqa: PLC0415 - a fifth of a start, which only who delivers pays

        if self._client is None:
            # What the environment says of proxies is not the operator's word on where to send.
            self._client = httpx.AsyncClient(
                timeout=PATIENCE, follow_redirects=False, trust_env=False
            )
        headers = {
            "Content-Type": "application/webhook+json",
            "User-Agent": "LiveKit",
            # Verified by the clock of the receiver's machine, whatever the world's shows.
            "Authorization": webhook_token(
                key=self._settings.livekit_key,
                secret=self._settings.livekit_secret,
                body=body,
                now=at,
            ),
            "X-Mock-World": world,
        }
        try:
            async with (
                asyncio.timeout(PATIENCE),
                self._client.stream("POST", url, content=body, headers=headers) as answer,
            ):
                return answer.status_code, None
        except TimeoutError:
            return None, f"no answer within {PATIENCE:g} s"
        except httpx.HTTPError as error:
            return None, f"{type(error).__name__}: {error}"[:200]
