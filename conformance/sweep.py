"""`greenroom sweep`: removes what runs that died have left on a target, and nothing else."""

from __future__ import annotations

import argparse
import os
import re
import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

from conformance import cleaning, preflight
from conformance.client import Client, new_http_client
from conformance.contract import bundled
from conformance.errors import NotTestable, Unreachable
from conformance.identities import BadIdentities, Identities
from conformance.journal import Past, folder, past
from conformance.ledger import NAMES, Entry, Ledger
from conformance.manners import SECONDS, Gate, Manners
from conformance.shapes import moment
from conformance.suite import Options, identities
from conformance.world import RUN

Json = Any
CANNOT = 2
OWNERS = ("host", "other_host")
# A run on another machine may be under way for as long as this.
UNSEEN_RUN = "6h"
DAY = 86_400.0
# How far a target's clock and ours may differ when a thing is known by its name and its time.
SAME_MOMENT = 120.0


def seconds_of(text: str) -> float:
    """Return the seconds that `90s`, `30m`, `6h` or `2d` mean. Raises ValueError."""
    found = re.fullmatch(r"(\d+)([smhd])", text)
    if not found:
        raise ValueError(f"`{text}` is no length of time, it must be like `30m`, `6h` or `2d`")
    return int(found[1]) * {**SECONDS, "d": DAY}[found[2]]


def parser() -> argparse.ArgumentParser:
    """Return the command line of `greenroom sweep`."""
    found = argparse.ArgumentParser(
        prog="greenroom sweep",
        description="Remove what runs of `greenroom check` left on a server when they were killed: "
        "the callers' own rooms, sessions and presets whose names begin with a run's id, and what "
        "the ledgers on this machine list. Exit status: 0 nothing is left, 1 something would not "
        "go, 2 it could not be tried.",
    )
    found.add_argument("url", help="the API's base, or the server's root")
    found.add_argument("--identities", metavar="TOML", type=Path, help="a file of credentials")
    found.add_argument("--run-id", metavar="ID", help="only what this run left, however young")
    found.add_argument(
        "--older-than",
        metavar="LENGTH",
        help=f"only what is older, like `30m`, `6h`, `2d`; without it {UNSEEN_RUN}, and anything "
        "of runs of this machine that are dead",
    )
    found.add_argument("--dry-run", action="store_true", help="say what would go, remove nothing")
    found.add_argument("--timeout", type=float, default=10.0, metavar="SECONDS")
    found.add_argument("--ca", type=Path, metavar="FILE", help="certificates to trust (PEM)")
    return found


def main(argv: Sequence[str] | None = None) -> int:
    """Sweep a target and return the exit status: 0 nothing is left, 1 something is, 2 not tried."""
    try:
        given = parser().parse_args(argv)
    except SystemExit as error:
        return error.code if isinstance(error.code, int) else CANNOT
    try:
        return swept(given, sys.stdout, os.environ, time.time())
    except (NotTestable, BadIdentities, Unreachable, ValueError) as error:
        sys.stderr.write(f"greenroom sweep: {error}\n")
        return CANNOT


@dataclass(frozen=True, slots=True)
class Broom:
    """What may be swept: of one run or of those that are dead, and how old it must be."""

    run_id: str | None
    least_age: float
    dead: frozenset[str]
    alive: frozenset[str]
    now: float

    def takes(self, name: str, created: float | None) -> bool:
        """Tell whether a thing of that name and time was left by a run that may be swept."""
        if self.run_id is not None:
            return bool(re.match(rf"{re.escape(self.run_id)}(-w\d+)? ", name))
        found = RUN.match(name)
        if found is None:
            return False
        mark = name.partition(" ")[0]
        if mark in self.alive:
            return False
        old_enough = created is not None and self.now - created >= self.least_age
        return mark in self.dead or old_enough


def swept(
    given: argparse.Namespace, out: TextIO, environment: Mapping[str, str], now: float
) -> int:
    """Remove what was left and say so.

    Raises NotTestable, BadIdentities, Unreachable, and ValueError for a length that is none.
    """
    least_age = seconds_of(given.older_than or UNSEEN_RUN)
    manners = Manners(timeout=given.timeout, ca=given.ca)
    with new_http_client(manners) as http:
        base = preflight.base_of(given.url, http)
        who = identities(Options(identities=given.identities), base, http)
        preflight.refuse_dead_tokens(base, who, http)
    if who.host is None:
        raise BadIdentities("nobody to sweep for: `--identities` or `GREENROOM_HOST_TOKEN`")
    ledgers = [each for each in past(folder(environment)) if each.target == base]
    young = now - least_age if given.older_than else now
    chosen = [each for each in ledgers if _may_go(each, given.run_id, young)]
    dead = frozenset(each.run_id for each in chosen)
    alive = frozenset(each.run_id for each in ledgers) - dead
    broom = Broom(given.run_id, least_age, dead, alive, now)
    with closing(Client(base, bundled(), Ledger("sweep"), Gate(manners))) as client:
        found = list(_unlike(_found(client, who, broom, chosen)))
        if given.dry_run:
            out.writelines(f"would remove {_told(entry)}\n" for entry in found)
            out.write(f"{_counted(found)} would go\n")
            return 0
        left = cleaning.clean(client, who, found)
    if not left:
        for each in chosen:
            each.path.unlink(missing_ok=True)
    kept = set(map(id, left))
    out.write(f"removed {_counted([entry for entry in found if id(entry) not in kept])}\n")
    out.writelines(f"would not go: {_told(entry)}\n" for entry in left)
    return 1 if left else 0


def _may_go(each: Past, run_id: str | None, begun_before: float) -> bool:
    if run_id is not None:
        return bool(re.fullmatch(rf"{re.escape(run_id)}(-w\d+)?", each.run_id))
    return not each.runs and each.begun <= begun_before


def _found(
    client: Client, who: Identities, broom: Broom, chosen: Sequence[Past]
) -> Iterator[Entry]:
    """Yield what may go: what ledgers list by id, then what the callers' own lists show."""
    for each in chosen:
        yield from (entry for entry in each.left if entry.id)
    unanswered = [
        (entry, each.asked_at[entry.number])
        for each in chosen
        for entry in each.left
        if not entry.id
    ]
    for owner in OWNERS:
        if who.named(owner) is None:
            continue
        for kind in ("room", "preset"):
            for row in cleaning.listed(client, who, owner, kind):
                name, created = str(row.get(NAMES[kind])), _created(row)
                lost = any(
                    (entry.kind, entry.owner, entry.name) == (kind, owner, name)
                    and created is not None
                    and abs(created - at) < SAME_MOMENT
                    for entry, at in unanswered
                )
                if lost or broom.takes(name, created):
                    yield Entry(0, kind, owner, id=str(row["id"]), name=name)


def _created(row: Json) -> float | None:
    found = moment(row.get("created_at"))
    return found.timestamp() if found else None


def _unlike(entries: Iterable[Entry]) -> Iterator[Entry]:
    seen: set[str | None] = set()
    for entry in entries:
        if entry.id not in seen:
            seen.add(entry.id)
            yield entry


def _told(entry: Entry) -> str:
    return f"{entry.kind} {entry.id}" + (f" `{entry.name}`" if entry.name else "")


def _counted(entries: Sequence[Entry]) -> str:
    kinds = {
        kind: sum(entry.kind == kind for entry in entries) for kind in ("room", "session", "preset")
    }
    parts = [f"{count} {kind}{'' if count == 1 else 's'}" for kind, count in kinds.items() if count]
    return ", ".join(parts) or "nothing"
