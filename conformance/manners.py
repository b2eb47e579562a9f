"""How the suite behaves towards a system that is somebody else's: how much at once, how fast."""

from __future__ import annotations

import re
import ssl
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path

from conformance.errors import Busy, NotTestable, Stopped
from conformance.line import Line
from conformance.quiet import Quiet

SAFE = ("GET", "HEAD", "OPTIONS")
TOO_MANY_REQUESTS = 429
SHORTEST_WAIT, UNSAID_WAIT = 0.05, 1.0
MOST_BYTES = 5_000_000
SECONDS = {"s": 1.0, "m": 60.0, "h": 3600.0}


@dataclass(frozen=True, slots=True)
class Manners:
    """What a run may ask of its target. Times in seconds, the rate in requests a second.

    `patience` is what one request waits in all for a target that is busy.
    """

    in_flight: int = 12
    rate: float | None = None
    timeout: float = 10.0
    patience: float = 60.0
    ca: Path | None = None
    read_only: bool = False

    def trust(self) -> ssl.SSLContext | None:
        """Return what an HTTP client verifies certificates with, None for the public ones.

        Raises NotTestable when the file of `--ca` holds no certificate.
        """
        if self.ca is None:
            return None
        try:
            return ssl.create_default_context(cafile=str(self.ca))
        except (OSError, ssl.SSLError) as error:
            why = error.strerror if isinstance(error, FileNotFoundError) else "no certificate in it"
            raise NotTestable(
                f"`--ca {self.ca}` cannot be used: {why}; it must be a PEM file of certificates"
            ) from error


def rate_of(text: str) -> float:
    """Return the requests a second that `10/s`, `90/m` or `10` mean.

    Raises ValueError for anything else.
    """
    found = re.fullmatch(r"(\d+(?:\.\d+)?)(?:/([smh]))?", text)
    if not found or not float(found[1]):
        raise ValueError(f"`{text}` is no rate, it must be like `10/s` or `90/m`")
    return float(found[1]) / SECONDS[found[2] or "s"]


class Gate:
    """Lets requests through: so many at a time, so many a second, none when the run is stopped.

    First come, first served, so that a caller who needs several places at once gets them.
    """

    def __init__(self, manners: Manners) -> None:
        self.manners = manners
        self.requests = 0
        self.quiet = Quiet()
        self._inside = 0
        self._free_at = 0.0
        self._line: Line[int] = Line(self._admits, self._enters)
        self._stopping = threading.Event()
        self._lock = threading.Lock()

    @property
    def stopped(self) -> bool:
        """Tell whether the run was stopped."""
        return self._stopping.is_set()

    @contextmanager
    def passing(self, places: int = 1) -> Iterator[None]:
        """Hold so many places while a block sends its requests. Raises Stopped."""
        with self._line.place(places):
            if self.manners.rate is not None:
                self.wait(self._pace(places, self.manners.rate))
            yield

    def _admits(self, places: int) -> bool:
        return self._inside == 0 or self._inside + places <= self.manners.in_flight

    def _enters(self, places: int, count: int) -> None:
        self._inside += count * places

    def _pace(self, places: int, rate: float) -> float:
        """Return the seconds until places that were taken may be used."""
        with self._lock:
            now = time.monotonic()
            at = max(now, self._free_at)
            self._free_at = at + places / rate
            return at - now

    def wait(self, seconds: float) -> None:
        """Wait, and raise Stopped when the run ends meanwhile."""
        if seconds > 0 and self._stopping.wait(seconds):
            raise Stopped("the run was stopped")

    def count(self) -> None:
        """Count a request that was sent."""
        with self._lock:
            self.requests += 1

    def stop(self) -> None:
        """Let no request through any more, and wake all who wait."""
        self._stopping.set()
        self._line.close()

    def reopen(self) -> None:
        """Let requests through again, for those that clean up."""
        self._stopping.clear()
        self._line.open()

    def after_busy(self, waited: float, attempt: int, headers: Mapping[str, str]) -> float:
        """Wait as long as a busy target asks and return what was waited in all.

        Raises Busy when that is more than a request may wait.
        """
        asked = asked_wait(headers.get("retry-after"), datetime.now(UTC))
        seconds = max(asked, min(SHORTEST_WAIT * float(2**attempt), UNSAID_WAIT))
        if waited + seconds > self.manners.patience:
            raise Busy(
                f"the target is busy (429): it asks for {seconds:.0f} s more after {waited:.0f} s, "
                f"and a request waits {self.manners.patience:.0f} s at most"
            )
        self.wait(seconds)
        return waited + seconds


def asked_wait(text: str | None, now: datetime) -> float:
    """Return the seconds a `Retry-After` asks for (RFC 9110, 10.2.3), one when it says nothing."""
    if text is None:
        return UNSAID_WAIT
    if re.fullmatch(r"\d+(\.\d+)?", text.strip()):
        return float(text)
    try:
        until: datetime = parsedate_to_datetime(text)
    except ValueError:
        return UNSAID_WAIT
    ahead = until.replace(tzinfo=until.tzinfo or UTC) - now
    return max(ahead.total_seconds(), 0.0)
