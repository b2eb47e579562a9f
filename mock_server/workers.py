"""Several processes that share one listening socket and one store, looked after by their parent."""

from __future__ import annotations

import os
import select
import signal
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Thread
from typing import Self

from mock_server.errors import OperatorError
from mock_server.storage.open import is_shared

# Tell the parent that requests are answered.
Tell = Callable[[], None]
_SIGNALS = (signal.SIGCHLD, signal.SIGTERM, signal.SIGINT)
# Seconds until a worker that did not stop when asked to is ended, and between two attempts to
# replace one that ended.
_PATIENCE = 10.0
_PAUSE = 1.0


class WorkersError(OperatorError):
    """Say why there can't be several workers: what is, what must be, what to do."""


def require_shared(workers: int, store: str) -> None:
    """Refuse a number of workers that the store does not allow; raises WorkersError."""
    if workers < 1:
        raise WorkersError(f"`--workers` is {workers}, must be 1 or more")
    if workers > 1 and not is_shared(store):
        raise WorkersError(
            f"`--workers {workers}` with `--store {store}` would give each worker a world of its "
            "own, must be a store they share: `sqlite:///file` or `postgresql://…`"
        )
    if workers > 1 and not hasattr(os, "fork"):
        raise WorkersError(
            f"`--workers {workers}` needs a system that can fork: start one worker on this one"
        )


def supervise(workers: int, work: Callable[[Tell], None], on_ready: Callable[[], None]) -> None:
    """Run `work` in processes until SIGINT or SIGTERM, and replace one that ends by itself.

    `on_ready` is called once every worker has told that it is ready. Raises WorkersError when one
    ends before that.
    """
    with _woken() as wakened, _Pipe() as life, _Pipe() as readiness:
        crew = _Crew(work, life, readiness)
        try:
            for _ in range(workers):
                crew.add()
            _look_after(crew, workers, wakened, on_ready)
        finally:
            crew.stop()


class _Pipe:
    """Hold the two ends of a pipe."""

    def __enter__(self) -> Self:
        self.out, self.into = os.pipe()
        return self

    def __exit__(self, *_: object) -> None:
        for end in (self.out, self.into):
            os.close(end)


class _Crew:
    """Hold the running workers."""

    def __init__(self, work: Callable[[Tell], None], life: _Pipe, readiness: _Pipe) -> None:
        self.pids: set[int] = set()
        self.readiness = readiness
        self._work = work
        self._life = life

    def add(self) -> None:
        sys.stdout.flush()
        sys.stderr.flush()
        pid = os.fork()
        if pid == 0:
            os._exit(self._be_worker())
        self.pids.add(pid)

    def collect(self) -> list[tuple[int, int]]:
        """Return the workers that have ended, with their exit codes (a signal's is negative)."""
        ended = []
        for pid in tuple(self.pids):
            found, status = os.waitpid(pid, os.WNOHANG)
            if found:
                self.pids.discard(pid)
                ended.append((pid, os.waitstatus_to_exitcode(status)))
        return ended

    def stop(self) -> None:
        """Ask all to stop, and end those that do not."""
        self._send(signal.SIGTERM)
        deadline = time.monotonic() + _PATIENCE
        while self.pids and time.monotonic() < deadline:
            self.collect()
            time.sleep(0.01)
        self._send(signal.SIGKILL)
        for pid in self.pids:
            os.waitpid(pid, 0)
        self.pids.clear()

    def _send(self, number: signal.Signals) -> None:
        for pid in self.pids:
            os.kill(pid, number)

    def _be_worker(self) -> int:
        signal.set_wakeup_fd(-1)
        for number in _SIGNALS:
            signal.signal(number, signal.SIG_DFL)
        os.close(self._life.into)
        Thread(target=_follow, args=(self._life.out,), daemon=True).start()
        try:
            self._work(lambda: _tell(self.readiness.into))
        except OperatorError as error:
            sys.stderr.write(f"greenroom: {error}\n")
            return 1
        except BaseException:  # noqa: BLE001 - nothing may leave the worker and go on as parent
            traceback.print_exc()
            return 1
        else:
            return 0
        finally:
            sys.stderr.flush()


def _look_after(crew: _Crew, workers: int, wakened: int, on_ready: Callable[[], None]) -> None:
    awaited, missing = workers, 0
    while True:
        pause = _PAUSE if missing else None
        readable, _, _ = select.select([wakened, crew.readiness.out], [], [], pause)
        if not readable:
            for _ in range(missing):
                crew.add()
            missing = 0
        if crew.readiness.out in readable:
            told = len(os.read(crew.readiness.out, 64))
            if 0 < awaited <= told:
                on_ready()
            awaited = max(0, awaited - told)
        if wakened in readable:
            if {signal.SIGTERM, signal.SIGINT} & set(os.read(wakened, 64)):
                return
            for pid, code in crew.collect():
                missing += 1
                if awaited:
                    raise WorkersError(
                        f"worker {pid} ended with {code} before it was ready, so all are stopped"
                    )
                sys.stderr.write(f"worker {pid} ended with {code}, another takes its place\n")


def _tell(readiness: int) -> None:
    os.write(readiness, b".")


def _follow(life: int) -> None:
    """Stop this worker when the parent has ended, however it ended."""
    os.read(life, 1)
    os.kill(os.getpid(), signal.SIGTERM)


@contextmanager
def _woken() -> Iterator[int]:
    """Turn signals into bytes that can be waited for together with other things."""
    with _Pipe() as pipe:
        os.set_blocking(pipe.into, False)
        before = {number: signal.signal(number, lambda *_: None) for number in _SIGNALS}
        wakeup = signal.set_wakeup_fd(pipe.into)
        try:
            yield pipe.out
        finally:
            signal.set_wakeup_fd(wakeup)
            for number, handler in before.items():
                signal.signal(number, handler)
