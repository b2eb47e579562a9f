"""What is said to a client when something raised, whatever it was: the one place that decides."""

from __future__ import annotations

from starlette.types import Scope

from mock_server.domain.errors import DomainError
from mock_server.env import Counters
from mock_server.http.errors import ContractBreach, Refusal, refusal_of
from mock_server.http.log import RequestLog
from mock_server.storage.protocol import StorageError
from mock_server.worlds import TooManyWorlds

_SOON = ((b"retry-after", b"1"),)
_LATER = ((b"retry-after", b"60"),)


class Refusals:
    """Turn what was raised into a refusal; what nobody foresaw is logged as a bug of the mock."""

    def __init__(self, counters: Counters, log: RequestLog) -> None:
        self._counters = counters
        self._log = log

    def of(self, scope: Scope, error: Exception) -> Refusal:
        """Return the refusal of a request during which this was raised."""
        match error:
            case Refusal():
                return error
            case DomainError():
                return refusal_of(error)
            case TooManyWorlds():
                return Refusal(429, str(error), headers=_LATER)
            case StorageError():
                return Refusal(503, str(error), headers=_SOON)
            case _:
                self._counters.contract_breaches += isinstance(error, ContractBreach)
                return Refusal(500, self._log.bug(scope, error))
