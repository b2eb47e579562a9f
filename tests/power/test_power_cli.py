from __future__ import annotations

import json
from typing import ClassVar

import pytest

from mock_server.cli import main
from mock_server.power import trials as made
from mock_server.power.trials import Trial


@pytest.fixture
def tries(monkeypatch):
    """Trials without a mock: what is in `survive` is seen by no rule; returns what was asked."""

    class Asked(list):
        survive = ()
        rules: ClassVar = {}

    found = Asked()

    def trials(faults, *, jobs, rules):
        for fault in faults:
            found.append(fault)
            found.rules[fault] = rules(fault)
            failed = () if fault is None or fault in found.survive else ("list.complete",)
            code = 1 if failed else 0
            yield Trial(fault, code, failed, ("list.complete",), (), (), {}, 0.1)

    monkeypatch.setattr(made, "trials", trials)
    return found


def test_all_that_is_seen_is_good(tries, tmp_path, capsys):
    arguments = ["power", "--fault", "pages-overlap", "--report", str(tmp_path)]
    assert main(arguments) == 0
    assert tries == [None, "pages-overlap"]
    assert "1 of 1 faults are seen, 1 by their own rule first" in capsys.readouterr().out
    assert json.loads((tmp_path / "power.json").read_text())["survivors"] == []
    assert (tmp_path / "power.md").read_text().startswith("# What the suite sees\n")


def test_a_survivor_is_told_and_is_a_failure(tries, capsys):
    tries.survive = ("pages-overlap",)
    assert main(["power", "--fault", "pages-overlap"]) == 1
    assert "survived: pages-overlap" in capsys.readouterr().out


def test_a_run_goes_on_where_it_was_left(tries, tmp_path):
    first = ["power", "--fault", "pages-overlap", "--report", str(tmp_path)]
    main(first)
    (kept,) = tmp_path.glob("*.jsonl")
    kept.write_text(kept.read_text() + '{"fault": "half a li')
    tries.clear()
    main([*first, "--fault", "oldest-first"])
    assert tries == ["oldest-first"]


def test_a_sample_has_as_many_of_each_family(tries):
    assert main(["power", "--family", "lists", "--family", "places", "--sample", "2"]) == 0
    assert len(tries) == 1 + 2 * 2


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--fault", "oldest-frist"], "no fault has the name `oldest-frist`, did you mean"),
        (["--family", "list"], "no family has the name `list`, must be one of `access`"),
        (["--jobs", "0"], "`--jobs 0` must be at least 1"),
    ],
)
def test_a_mistake_is_told_in_one_sentence(arguments, sentence, capsys):
    assert main(["power", *arguments]) == 1
    assert sentence in capsys.readouterr().err


def test_only_the_rules_asked_for_are_tried(tries):
    assert main(["power", "--fault", "pages-overlap"]) == 0
    assert tries.rules["pages-overlap"] == ()
    main(["power", "--fault", "pages-overlap", "--rule", "list", "--rule", "time"])
    assert tries.rules["pages-overlap"] == ("list", "time")
    main(["power", "--fault", "pages-overlap", "--own"])
    assert tries.rules["pages-overlap"] == ("list.complete",)
    assert "list.complete" in tries.rules[None]
