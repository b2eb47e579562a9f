"""Connections to PostgreSQL: lent one at a time, made when needed, told at once when it is away."""

from __future__ import annotations

from threading import BoundedSemaphore, Lock
from time import monotonic
from typing import Any

import psycopg
from psycopg import conninfo, errors
from psycopg.pq import TransactionStatus

from mock_server.storage.postgres_wire import Wire
from mock_server.storage.protocol import AT_ONCE, StorageError

# Seconds until an address that does not answer counts as away (libpq's least is 2).
CONNECT_SECONDS = 2
# Every statement here is an index's question: a plan made while tables were empty, which would
# read them whole, must not be chosen and kept. The limits free what a hung process holds.
_SESSION = " ".join(
    f"-c {name}={value}"
    for name, value in {
        "enable_seqscan": "off",
        "enable_hashjoin": "off",
        "enable_mergejoin": "off",
        "jit": "off",
        "max_parallel_workers_per_gather": 0,
        "plan_cache_mode": "force_generic_plan",
        "lock_timeout": "5s",
        "statement_timeout": "30s",
        "idle_in_transaction_session_timeout": "10s",
    }.items()
)


class Connections:
    """Lend connections to threads. psycopg's own pool lets a request wait while it tries again in
    the background; here a database that is away is told at once, and used again at once.
    """

    def __init__(self, url: str) -> None:
        """Read the address; raise StorageError for one that is none. Nothing is opened yet."""
        try:
            given = conninfo.conninfo_to_dict(url)
        except psycopg.Error as error:
            raise StorageError(
                f"The store's address is not one of PostgreSQL ({_first_line(error)}): write "
                "`postgresql://user:password@host:port/database`"
            ) from None
        given["options"] = f"{given.get('options') or ''} {_SESSION}".strip()
        defaults: dict[str, Any] = {
            "connect_timeout": CONNECT_SECONDS,
            "tcp_user_timeout": CONNECT_SECONDS * 1000,
            "application_name": "greenroom",
        }
        self._address: dict[str, Any] = defaults | given
        self.where = _where(given)
        self._free = BoundedSemaphore(AT_ONCE)
        self._lock = Lock()
        self._idle: list[Wire] = []
        self._closed = False
        self._refused: tuple[StorageError | None, float] = (None, 0.0)

    def take(self) -> Wire | None:
        """Wait for a turn, and return an idle connection, which may be dead, None for `connect`."""
        self._free.acquire()
        with self._lock:
            return self._idle.pop() if self._idle else None

    def connect(self) -> Wire:
        """Return a new connection; raises StorageError."""
        if self._closed:
            raise StorageError(f"{self.where} can't be used now (closed): open the store again")
        refused, until = self._refused
        if refused is not None and monotonic() < until:
            raise refused
        began = monotonic()
        try:
            connection = psycopg.connect(**self._address, autocommit=True)
        except psycopg.Error as error:
            refused = explain(error, self.where)
            # An address that takes long to say no is not asked by every request in turn.
            self._refused = (refused, 2 * monotonic() - began)
            raise refused from error
        return Wire(connection)

    def give(self, connection: Wire | None) -> None:
        """End a turn: a connection that is idle is lent again, any other is closed."""
        self._free.release()
        if connection is None:
            return
        idle = connection.state is TransactionStatus.IDLE
        if idle and not self._closed:
            with self._lock:
                self._idle.append(connection)
        else:
            connection.close()

    def drop_idle(self) -> None:
        """Close the connections that are not lent: when one is dead, so are the others."""
        with self._lock:
            dropped, self._idle = self._idle, []
        for each in dropped:
            each.close()

    def close(self) -> None:
        """Close what is not lent now, and the rest when it comes back."""
        self._closed = True
        self.drop_idle()


_ADVICE: tuple[tuple[type[Exception], str], ...] = (
    (errors.InsufficientPrivilege, "grant the user CREATE on the database, or name another user"),
    (errors.ReadOnlySqlTransaction, "name a server that takes changes, not a standby"),
    (errors.LockNotAvailable, "another replica holds what this needs, try again"),
    (psycopg.OperationalError, "it must run and let this user in, start it or correct `--store`"),
)


def explain(error: psycopg.Error, where: str) -> StorageError:
    """Return the sentence for an error of PostgreSQL: what is, what must be, what to do."""
    reason = error.diag.message_primary or _first_line(error)
    advice = next((say for kind, say in _ADVICE if isinstance(error, kind)), "look into its log")
    return StorageError(f"{where} can't be used now ({reason}): {advice}")


def _first_line(error: psycopg.Error) -> str:
    # libpq goes on with advice of its own, once for every address of a name.
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    told = next((line for line in lines if "server" in line), lines[0] if lines else "no reason")
    return told.removeprefix("connection failed: ").removeprefix("connection is bad: ")


def _where(given: dict[str, Any]) -> str:
    host = given.get("host") or given.get("hostaddr") or "the local socket"
    port = f":{given['port']}" if given.get("port") else ""
    return f"PostgreSQL database {given.get('dbname') or '(default)'} on {host}{port}"
