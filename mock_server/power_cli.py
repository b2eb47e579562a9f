"""The command `greenroom power`: the suite against every fault of the mock."""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from mock_server.console import say
from mock_server.errors import OperatorError

if TYPE_CHECKING:
    from mock_server.power.trials import Trial

_FAILED = 1
_KEPT = "trials.jsonl"
_ROOT = Path(__file__).resolve().parent.parent


class PowerError(OperatorError):
    """Say what cannot be tried."""


def add_power(parser: argparse.ArgumentParser) -> None:
    """Add the options of `greenroom power`."""
    add = parser.add_argument
    add("--fault", action="append", default=[], metavar="NAME", help="only this one; repeatable")
    add("--family", action="append", default=[], metavar="F", help="only these; repeatable")
    add("--sample", type=int, metavar="N", help="at most N faults of each family")
    rules = parser.add_mutually_exclusive_group()
    rules.add_argument("--rule", action="append", default=[], metavar="ID", help="only this one")
    rules.add_argument(
        "--own",
        action="store_true",
        help="only the rules a fault was written for: seconds a fault, and tells survivors only",
    )
    add(
        "--jobs",
        type=int,
        default=os.cpu_count() or 1,
        metavar="N",
        help="trials at once (default: %(default)s)",
    )
    add(
        "--report",
        type=Path,
        metavar="DIR",
        help="write power.json and power.md there; trials that are there already, of the same "
        "code, are not made again",
    )
    parser.set_defaults(run=power)


def power(chosen: argparse.Namespace) -> int:
    """Try the suite against faulty mocks; 1 when one survives or a rule cannot fail."""
    from mock_server.faults import FAULTS, find_fault  # noqa: PLC0415 - only who asks pays for it
    from mock_server.power import matrix  # noqa: PLC0415

    for name in chosen.fault:
        find_fault(name)
    known = {fault.family for fault in FAULTS}
    for name in chosen.family:
        if name not in known:
            raise PowerError(f"no family has the name `{name}`, must be one of {_listed(known)}")
    if chosen.jobs < 1:
        raise PowerError(f"`--jobs {chosen.jobs}` must be at least 1")
    faults = matrix.chosen(FAULTS, names=chosen.fault, families=chosen.family, sample=chosen.sample)
    begun = time.monotonic()
    names: list[str | None] = [None, *(fault.name for fault in faults)]
    done = {each.fault: each for each in _all(chosen, names)}
    found = matrix.Matrix(
        true=done[None],
        trials=tuple(done[name] for name in names if name is not None),
        faults={fault.name: fault for fault in FAULTS},
        whole=len(faults) == len(FAULTS) and not (chosen.rule or chosen.own),
    )
    if chosen.report is not None:
        text = json.dumps(found.as_json(), indent=1, ensure_ascii=False)
        (chosen.report / "power.json").write_text(f"{text}\n", "utf-8")
        (chosen.report / "power.md").write_text(matrix.markdown(found), "utf-8")
    for line in matrix.summary(found):
        say(line)
    say(f"{len(names)} trials in {time.monotonic() - begun:.0f} s, {chosen.jobs} at once")
    return 0 if found.good else _FAILED


def _listed(names: set[str]) -> str:
    return ", ".join(f"`{name}`" for name in sorted(names))


def _all(chosen: argparse.Namespace, names: list[str | None]) -> Iterator[Trial]:
    """Yield every trial: those kept from an earlier run, then the others."""
    from mock_server.power.named import own_rules  # noqa: PLC0415
    from mock_server.power.trials import trials  # noqa: PLC0415

    kept = _kept(chosen)
    have = {each.fault: each for each in _remembered(kept)}
    yield from (have[name] for name in names if name in have)
    missing = [name for name in names if name not in have]
    done = len(names) - len(missing)
    asked = own_rules if chosen.own else lambda _: tuple(chosen.rule)
    for each in trials(missing, jobs=chosen.jobs, rules=asked) if missing else ():
        done += 1
        if kept is not None:
            with kept.open("a", encoding="utf-8") as lines:
                lines.write(f"{json.dumps(each.as_json())}\n")
        _progress(done, len(names), each)
        yield each


def _progress(done: int, total: int, each: Trial) -> None:
    told = "seen" if each.killed else "SURVIVED"
    if each.fault is None:
        told = "true"
    if sys.stderr.isatty():
        width = 24
        bar = "█" * (done * width // total)
        sys.stderr.write(f"\r\x1b[K{bar:<{width}} {done}/{total} {each.fault or 'no fault'} {told}")
        sys.stderr.write("\n" if done == total else "")
        sys.stderr.flush()
    elif told == "SURVIVED" or done % 10 == 0:
        sys.stderr.write(f"{done} of {total}: {each.fault or 'no fault'} {told}\n")


def _kept(chosen: argparse.Namespace) -> Path | None:
    """Return the file of trials for this code and these rules, in the report's folder."""
    folder: Path | None = chosen.report
    if folder is None:
        return None
    folder.mkdir(parents=True, exist_ok=True)
    digest = hashlib.sha256(json.dumps([chosen.own, *sorted(chosen.rule)]).encode())
    for package in ("conformance", "mock_server"):
        for path in sorted((_ROOT / package).rglob("*.py")):
            digest.update(path.read_bytes())
    return folder / f"{digest.hexdigest()[:12]}.{_KEPT}"


def _remembered(kept: Path | None) -> Iterator[Trial]:
    from mock_server.power.trials import trial_from_json  # noqa: PLC0415

    if kept is None or not kept.exists():
        return
    for line in kept.read_text("utf-8").splitlines():
        try:
            yield trial_from_json(json.loads(line))
        except (ValueError, KeyError, TypeError):
            continue  # the end of a run that was killed while it wrote
