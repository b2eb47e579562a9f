"""The `greenroom` command. What a subcommand needs is imported when it is called."""

from __future__ import annotations

import argparse
import gc
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from mock_server import __version__, deferred, options
from mock_server.console import require_streams, say
from mock_server.errors import OperatorError
from mock_server.power_cli import add_power
from mock_server.scenario_cli import add_request, add_scenario
from mock_server.settings import (
    DEFAULT_CONNECTIONS,
    DEFAULT_DVR_WINDOW,
    DEFAULT_JOURNAL,
    DEFAULT_LIVEKIT_KEY,
    DEFAULT_LIVEKIT_SECRET,
    DEFAULT_MAX_WORLDS,
    DEFAULT_PORT,
    DEFAULT_PUBLISHERS,
    DEFAULT_SEED,
    DEFAULT_WORLD_IDLE,
    Settings,
)

_ROOT = Path(__file__).resolve().parent.parent


def main(argv: Sequence[str] | None = None) -> int:
    """Run a subcommand (`serve` when none is given) and return its exit code."""
    require_streams()
    arguments = list(sys.argv[1:] if argv is None else argv)
    if arguments[:1] == ["check"]:
        from conformance.check import main as check  # noqa: PLC0415

        return check(arguments[1:])
    if arguments[:1] == ["sweep"]:
        from conformance.sweep import main as sweep  # noqa: PLC0415

        return sweep(arguments[1:])
    if not arguments or (arguments[0].startswith("-") and arguments[0] not in _TOP_OPTIONS):
        arguments = ["serve", *arguments]
    chosen = _parser().parse_args(arguments)
    try:
        code: int = chosen.run(chosen)
    except OperatorError as error:
        sys.stderr.write(f"greenroom: {error}\n")
        return 1
    except OSError as error:
        sys.stderr.write(f"greenroom: the system does not let it go on: {error}\n")
        return 1
    except KeyboardInterrupt:
        # Before the server runs; from then on a signal is its own affair.
        return _INTERRUPTED
    return code


_INTERRUPTED = 130
_TOP_OPTIONS = ("-h", "--help", "--version")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="greenroom",
        description="A contract-first mock server and conformance suite for a live-streaming API.",
    )
    parser.add_argument("--version", action="version", version=f"greenroom {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    _add_serve(commands.add_parser("serve", help="start the mock server (the default command)"))
    commands.add_parser("check", help="check a server against the contract: greenroom check URL")
    commands.add_parser("sweep", help="remove what runs that died have left on a server")
    routes = commands.add_parser("routes", help="list the operations of the contract")
    routes.set_defaults(run=_routes)
    add_scenario(commands.add_parser("scenario", help="list, check and play scenarios"))
    add_power(commands.add_parser("power", help="prove that the suite sees every fault there is"))
    add_request(commands.add_parser("request", help="ask once, without a server"))
    contract = commands.add_parser("contract", help="work on the contract in openapi/")
    actions = contract.add_subparsers(title="actions", metavar="ACTION", required=True)
    lint = actions.add_parser("lint", help="check the sources and the bundle")
    lint.set_defaults(run=_contract_lint)
    bundle = actions.add_parser("bundle", help="write openapi/dist/ anew from the sources")
    bundle.set_defaults(run=_contract_bundle)
    return parser


def _add_serve(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    add(
        "--port",
        type=options.port,
        default=DEFAULT_PORT,
        help="port to listen on, 0 for a free one (default: %(default)s)",
    )
    add(
        "--store",
        default="memory",
        metavar="URL",
        help="memory (default), sqlite:///file, or postgresql://user@host/database for replicas",
    )
    add(
        "--workers",
        type=int,
        default=1,
        metavar="N",
        help="processes that answer, on a store they share (default: %(default)s)",
    )
    add(
        "--scenario",
        default="demo",
        metavar="NAME|FILE",
        help="what the world begins with: demo (default), another of `greenroom scenario list`, "
        "or a file of yours",
    )
    add(
        "--end-now",
        action="store_true",
        help="let the scenario end at the present, not at its own time",
    )
    add(
        "--seed",
        type=options.seed,
        help=f"same seed, same ids, names and curves (default: the scenario's, or {DEFAULT_SEED})",
    )
    add(
        "--public-url",
        type=options.public_url,
        metavar="URL",
        help="address for media URLs, if not the request's own",
    )
    add(
        "--cors-origin",
        type=options.origin,
        action="append",
        metavar="ORIGIN",
        help="browser origin to allow, may be repeated (default: any)",
    )
    add(
        "--webhook",
        type=options.webhook,
        action="append",
        metavar="URL",
        help="address to send LiveKit's webhooks to, may be repeated",
    )
    add(
        "--auth",
        choices=("on", "off"),
        default="on",
        help="off: take everybody without usable credentials for the host (default: %(default)s)",
    )
    add(
        "--allow-host",
        type=options.allowed_host,
        action="append",
        metavar="NAME",
        help="name by which browsers may reach the control plane, may be repeated",
    )
    add(
        "--control-token",
        type=options.control_token,
        default=os.environ.get("GREENROOM_CONTROL_TOKEN") or None,
        metavar="TOKEN",
        help="what the control plane asks for (default: $GREENROOM_CONTROL_TOKEN, else one is "
        "made where others can reach the mock)",
    )
    add(
        "--livekit-key",
        type=options.livekit_key,
        default=os.environ.get("GREENROOM_LIVEKIT_KEY") or DEFAULT_LIVEKIT_KEY,
        metavar="KEY",
        help="who LiveKit tokens and webhooks are from (default: $GREENROOM_LIVEKIT_KEY, else "
        "devkey)",
    )
    add(
        "--livekit-secret",
        type=options.livekit_key,
        default=os.environ.get("GREENROOM_LIVEKIT_SECRET") or DEFAULT_LIVEKIT_SECRET,
        metavar="SECRET",
        help="what they are signed with, shown at /_mock/personas (default: "
        "$GREENROOM_LIVEKIT_SECRET, else secret)",
    )
    add(
        "--connections",
        type=options.connections,
        default=DEFAULT_CONNECTIONS,
        metavar="N",
        help="connections a process has at once (default: %(default)s)",
    )
    add(
        "--dvr-window",
        type=options.dvr_window,
        default=DEFAULT_DVR_WINDOW,
        metavar="SECONDS",
        help="how far players can go back in a broadcast (default: %(default)s)",
    )
    add(
        "--publishers",
        type=options.publishers,
        default=DEFAULT_PUBLISHERS,
        metavar="N",
        help="publishers a process receives at once over WHIP (default: %(default)s)",
    )
    add(
        "--ice-server",
        type=options.ice_server,
        action="append",
        metavar="URL",
        help="STUN or TURN server to tell publishers of, may be repeated",
    )
    add(
        "--journal",
        type=options.journal,
        default=DEFAULT_JOURNAL,
        metavar="N",
        help="exchanges kept for each world, 0 for none (default: %(default)s)",
    )
    add(
        "--max-worlds",
        type=options.max_worlds,
        default=DEFAULT_MAX_WORLDS,
        metavar="N",
        help="worlds and snapshots there may be (default: %(default)s)",
    )
    add(
        "--world-idle",
        type=options.world_idle,
        default=DEFAULT_WORLD_IDLE,
        metavar="SECONDS",
        help="time after which an unused world may make room (default: %(default)s)",
    )
    add("--contract", type=Path, metavar="FILE", help="serve another bundle of the contract")
    add("--fault", metavar="NAME", help="be wrong on purpose (`--fault list` shows the names)")
    add("--quiet", action="store_true", help="print only `Ready URL`, and no requests")
    parser.set_defaults(run=_serve)


def _serve(chosen: argparse.Namespace) -> int:
    settings = Settings(
        host=chosen.host,
        port=chosen.port,
        store=chosen.store,
        workers=chosen.workers,
        scenario=chosen.scenario,
        end_now=chosen.end_now,
        seed=chosen.seed,
        public_url=chosen.public_url,
        cors_origins=tuple(chosen.cors_origin or ("*",)),
        webhooks=tuple(dict.fromkeys(chosen.webhook or ())),
        auth=chosen.auth,
        allow_hosts=tuple(chosen.allow_host or ()),
        control_token=chosen.control_token,
        livekit_key=chosen.livekit_key,
        livekit_secret=chosen.livekit_secret,
        quiet=chosen.quiet,
        fault=chosen.fault,
        connections=chosen.connections,
        dvr_window=chosen.dvr_window,
        publishers=chosen.publishers,
        ice_servers=tuple(chosen.ice_server or ()),
        journal=chosen.journal,
        max_worlds=chosen.max_worlds,
        world_idle_seconds=chosen.world_idle,
    )
    # What is made while starting stays: looking for garbage in it takes a tenth of the time.
    gc.disable()
    deferred.put_off()
    try:
        _imported_start()(settings, contract_path=chosen.contract, colour=_colour())
    finally:
        deferred.settle()
        gc.enable()
    return 0


def _imported_start() -> Callable[..., None]:
    try:
        from mock_server.start import start  # noqa: PLC0415
    except Exception:  # noqa: BLE001 - a library that does not go with stand-ins is no reason to end
        deferred.settle()
        from mock_server.start import start  # noqa: PLC0415
    return start


def _colour() -> bool:
    return sys.stderr.isatty() and not os.environ.get("NO_COLOR")


def _routes(_: argparse.Namespace) -> int:
    from mock_server.contract.load import bundle_path, load_contract  # noqa: PLC0415

    document = load_contract(bundle_path("openapi"))
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            if "operationId" in operation:
                who = "public" if operation.get("security") == [] else "signed-in"
                who = ", ".join(operation.get("x-roles", [who]))
                name = operation["operationId"]
                say(f"{name:<24} {method.upper():<7} {path:<36} {who}")
    return 0


def _contract_lint(_: argparse.Namespace) -> int:
    from mock_server.contract.lint import lint_sources  # noqa: PLC0415

    found = lint_sources(_ROOT)
    for finding in found:
        say(f"{finding.pointer}: {finding.message}")
    sys.stderr.write(f"contract: {len(found)} findings\n" if found else "contract: no findings\n")
    return 1 if found else 0


def _contract_bundle(_: argparse.Namespace) -> int:
    from mock_server.contract.bundle import write_bundle  # noqa: PLC0415

    for path in write_bundle(_ROOT):
        say(str(path.relative_to(_ROOT)))
    return 0
