"""The files of `--report-dir`: result.json, report.html, junit.xml."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path

from conformance.document import document
from conformance.errors import NotTestable
from conformance.junit import junit
from conformance.page import page
from conformance.result import Result

WRITERS: Mapping[str, Callable[[Result], str]] = {
    "result.json": lambda result: json.dumps(document(result), ensure_ascii=False, indent=1) + "\n",
    "report.html": page,
    "junit.xml": junit,
}


def make_room(folder: Path) -> None:
    """Make the folder, and take out the files of an earlier run: they must not pass for this one's.

    Raises NotTestable when files cannot be written there.
    """
    trial = folder / ".greenroom"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        trial.write_text("")
        trial.unlink()
        for name in WRITERS:
            (folder / name).unlink(missing_ok=True)
    except OSError as error:
        raise NotTestable(
            f"no report can be written into `{folder}` ({error.strerror}), "
            "`--report-dir` must name a folder that can be written to"
        ) from error


def write(result: Result, folder: Path) -> str:
    """Write every file and return a line that says so, or why not; each appears whole or not."""
    try:
        for name, writer in WRITERS.items():
            part = folder / f"{name}.part"
            part.write_text(writer(result), "utf-8", errors="replace")
            part.replace(folder / name)
    except OSError as error:
        return f"the report could not be written into `{folder}`: {error.strerror}"
    return f"report in {folder}: {', '.join(WRITERS)}"
