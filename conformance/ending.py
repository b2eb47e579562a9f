"""What a run comes to: its verdicts, its exit status, and where they are told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, NoReturn

import pytest

from conformance import known, levels
from conformance.contract import bundled
from conformance.coverage import coverage
from conformance.errors import NotTestable
from conformance.files import make_room, write
from conformance.header import Header
from conformance.plugin import CANNOT_DECIDE, GAVE_UP, KNOWN, VOICE, Doorway
from conformance.report import lines
from conformance.result import Result
from conformance.rule import Rule, declare, disabling, rules
from conformance.suite import Options
from conformance.verdicts import ANY_ANSWER, Outcome, Verdict, outcome_from_json, tallies

ENDS = (0, 1, pytest.ExitCode.NO_TESTS_COLLECTED)


def listed_entries(options: Options) -> tuple[known.Entry, ...]:
    """Return the known deviations of a run.

    Raises BadKnown.
    """
    if options.known is None:
        return ()
    return known.read(options.known, rules().keys(), bundled().operations.keys())


def prepare(config: pytest.Config, options: Options) -> None:
    """Read what options name, and end the run with one sentence when that cannot be."""
    try:
        if options.report_dir and not hasattr(config, "workerinput"):
            make_room(options.report_dir)
        config.stash[KNOWN] = listed_entries(options)
        _refuse_unknown(options)
    except (known.BadKnown, NotTestable) as error:
        give_up(config, str(error))


def give_up(config: pytest.Config, sentence: str) -> NoReturn:
    """End a run in which nothing could be tried, with the reason."""
    config.stash[GAVE_UP] = sentence
    if voice := config.pluginmanager.get_plugin(VOICE):
        voice.give_up(sentence)
    pytest.exit(sentence, returncode=CANNOT_DECIDE)


def _refuse_unknown(options: Options) -> None:
    for name in options.skip:
        if not any(disabling(found, level="decided", skipped=[name]) for found in rules().values()):
            raise NotTestable(f"`--skip {name}` is no rule and begins none, `--rules` lists them")


def result_of(
    outcomes: Sequence[Outcome],
    options: Options,
    header: Header | None,
    entries: Sequence[known.Entry] = (),
) -> Result:
    """Return what outcomes come to, with what was disabled and what is listed in vain."""
    asked = {id_: found for id_, found in rules().items() if options.names(found)}
    told = {id_: disabling(found, level=options.level, skipped=options.skip)
            for id_, found in asked.items()}  # fmt: skip
    chosen = {id_: found for id_, found in asked.items() if not told[id_]}
    today = datetime.now(UTC).date()
    judged_here = {*chosen, ANY_ANSWER}
    stale = known.stale([o for o in outcomes if o.rule in judged_here], entries, today)
    found = tallies([*outcomes, *stale], chosen)
    if found:
        off = [
            Outcome(id_, Verdict.DISABLED, "all", reason=why) for id_, why in told.items() if why
        ]
        found |= tallies(off, asked)
    judged = bundled() if options.level == "decided" else levels.published(bundled())
    narrowed = bool(options.rules or options.skip)
    why = "not asked for in this run" if narrowed else "no request of this run was answered with it"
    covered = coverage(judged, outcomes, why_unseen=why)
    return Result(tuple(found.values()), covered, header, narrowed)


def concluded(doorway: Doorway) -> Result:
    """Return what a run comes to, from what its reports carried."""
    header = doorway.run.header if doorway.run else None
    if header is None and doorway.headers:
        header = Header.of_workers(list(doorway.headers.values()))
    for told in doorway.rules.values():
        # A rule of somebody else's is declared where it is tried, which may be another process.
        declare(Rule(**{**told, "operations": tuple(told["operations"])}))
    outcomes = [outcome_from_json(outcome) for outcome in doorway.outcomes]
    result = result_of(outcomes, doorway.asked, header, doorway.known)
    return replace(
        result,
        reason=doorway.config.stash.get(GAVE_UP, ""),
        unfinished=_unfinished(result, doorway),
    )


def _unfinished(result: Result, doorway: Doorway) -> bool:
    """Tell whether there is more to a run than its verdicts say: it broke off, or broke."""
    only_rules = doorway.run.only_rules if doorway.run else True
    cut = result.header is not None and result.header.interrupted
    unexplained = doorway.ended == 1 and only_rules and result.status == 0
    return cut or unexplained or doorway.ended not in ENDS


def write_files(doorway: Doorway) -> None:
    """Write the files of `--report-dir`; in a run of several processes the first one does."""
    folder = doorway.asked.report_dir
    if folder is not None and not hasattr(doorway.config, "workerinput"):
        doorway.written = write(concluded(doorway), folder)


def settled_status(session: pytest.Session, doorway: Doorway) -> None:
    """Set the exit status of a run that tried only rules."""
    if session.exitstatus not in ENDS:
        return
    only_rules = doorway.run.only_rules if doorway.run else True
    if session.config.option.collectonly or not only_rules:
        return
    session.exitstatus = concluded(doorway).status


def report_into(terminal: Any, doorway: Doorway) -> None:
    """Write the suite's report where pytest writes, or give it to who speaks in its place."""
    result = concluded(doorway)
    voice = doorway.config.pluginmanager.get_plugin(VOICE)
    if voice is not None and (result.tallies or result.header):
        voice.say(list(lines(result, color=voice.color)))
        if doorway.written:
            voice.mention(doorway.written)
    elif result.tallies:
        terminal.write_line("")
        for line in lines(result, color=terminal.hasmarkup):
            terminal.write_line(line)
        if doorway.written:
            terminal.write_line(doorway.written)
