"""Run the mock: bind, prepare, say Ready once the port answers, stop cleanly."""

from __future__ import annotations

import asyncio
import errno
import gc
import resource
import signal
import socket
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, nullcontext

import uvloop
from connexion.exceptions import ResolverError
from starlette.types import ASGIApp
from uvicorn.config import Config

from mock_server import deferred
from mock_server.app import prepare
from mock_server.contract.load import ContractError
from mock_server.errors import OperatorError
from mock_server.http.limits import Limits
from mock_server.http.protocol import Connection, LimitedServer, OnRefusal

_BACKLOG = 2048
_GRACE_SECONDS = 3
# Those of the store, the log, and what libraries open.
_OTHER_FILES = 100


class ServeError(OperatorError):
    """Say why the mock can't listen: what is, what must be, what to do."""


def bind(host: str, port: int) -> socket.socket:
    """Return a socket bound to an address, port 0 for any free one; raises ServeError."""
    try:
        family, _, _, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        bound = socket.socket(family, socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise ServeError(f"`--host {host}` is no address of this machine: {error}") from None
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind(address)
        # Two servers may bind one port; only one may listen, so ask now and not after the banner.
        bound.listen(_BACKLOG)
    except OSError as error:
        bound.close()
        raise ServeError(_why_not(host, port, error)) from None
    return bound


def _why_not(host: str, port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return (
            f"port {port} on {host} is in use, must be free: stop the program that has it "
            "or choose another with `--port` (0 finds a free one)"
        )
    if error.errno == errno.EACCES:
        return f"port {port} needs more rights than you have, choose one above 1023 with `--port`"
    return f"can't listen on {host} port {port}: {error.strerror}"


def run(
    app: ASGIApp,
    bound: socket.socket,
    limits: Limits,
    on_refusal: OnRefusal,
    on_ready: Callable[[], None],
    *,
    beside: AbstractAsyncContextManager[None] | None = None,
) -> None:
    """Serve until SIGINT or SIGTERM; `on_ready` is called once requests are answered.

    `on_refusal` is told what connections are refused for; `beside` is entered before the first
    request and left after the last one has come. Raises ServeError.
    """
    _require_files(limits)
    # uvicorn gives a signal back when it has stopped; SIGTERM then ends as Ctrl+C does.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            server = server_of(app, limits, on_refusal)
            runner.run(_serve(app, bound, server, beside or nullcontext(), on_ready))
    except KeyboardInterrupt:
        return


def server_of(app: ASGIApp, limits: Limits, on_refusal: OnRefusal) -> LimitedServer:
    """Return the server, to be given a bound socket."""
    config = Config(
        app,
        http=Connection,
        ws="none",
        lifespan="off",
        log_config=None,
        # What clients do wrong they are told themselves.
        log_level="error",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=_GRACE_SECONDS,
    )
    return LimitedServer(config, limits, on_refusal)


def _require_files(limits: Limits) -> None:
    """Have as many files open at once as connections may be, or say that there can't be so many."""
    needed = limits.connections + limits.leaving + _OTHER_FILES
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or soft >= needed:
        return
    if hard != resource.RLIM_INFINITY and hard < needed:
        raise ServeError(
            f"`--connections {limits.connections}` needs {needed} open files, the system allows "
            f"{hard}: choose fewer, or allow more (`ulimit -n`)"
        )
    resource.setrlimit(resource.RLIMIT_NOFILE, (needed, hard))


async def _serve(
    app: ASGIApp,
    bound: socket.socket,
    server: LimitedServer,
    beside: AbstractAsyncContextManager[None],
    on_ready: Callable[[], None],
) -> None:
    await _compiled(app)
    deferred.settle()
    # What the start made lives as long as the process: collections need not look at it again.
    gc.freeze()
    gc.enable()
    await server.beside.enter_async_context(beside)
    serving = asyncio.create_task(server.serve(sockets=[bound]))
    while not server.started and not serving.done():  # noqa: ASYNC110 - uvicorn has no event for it
        await asyncio.sleep(0.005)
    if server.started:
        on_ready()
    await serving


async def _compiled(app: ASGIApp) -> None:
    try:
        await prepare(app)
    except ResolverError as error:
        raise ContractError(str(error)) from None
    except (LookupError, TypeError, ValueError) as error:
        reason = f"{type(error).__name__}: {error}".partition("\n")[0]
        raise ContractError(
            f"contract can't be compiled ({reason}), `greenroom contract lint` tells more of ours"
        ) from error
