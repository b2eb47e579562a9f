from __future__ import annotations

import json

import pytest
from results import result

from conformance.errors import NotTestable
from conformance.files import WRITERS, make_room, write


def test_every_file_is_written_whole(tmp_path) -> None:
    folder = tmp_path / "a" / "b"
    make_room(folder)
    line = write(result(), folder)
    assert line == f"report in {folder}: result.json, report.html, junit.xml"
    assert sorted(file.name for file in folder.iterdir()) == sorted(WRITERS)
    assert json.loads((folder / "result.json").read_text())["format"] == 1


def test_the_files_of_an_earlier_run_do_not_pass_for_this_ones(tmp_path) -> None:
    write(result(), tmp_path)
    (tmp_path / "mine.txt").write_text("kept")
    make_room(tmp_path)
    assert [file.name for file in tmp_path.iterdir()] == ["mine.txt"]


def test_a_place_that_cannot_be_written_to_is_told_before_and_after(tmp_path) -> None:
    taken = tmp_path / "file"
    taken.write_text("")
    with pytest.raises(NotTestable, match="`--report-dir` must name a folder"):
        make_room(taken)
    assert "could not be written" in write(result(), taken)
