from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from results import HEADER, result

from conformance.page import page
from conformance.result import Result
from conformance.verdicts import Verdict

VOID = {"meta", "input"}


class Reader(HTMLParser):
    """Checks that tags close as they open, and keeps what there is."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def read(made: Result) -> tuple[Reader, str]:
    text = page(made)
    reader = Reader()
    reader.feed(text)
    reader.close()
    assert reader.open == []
    return reader, text


def test_every_rule_has_a_place_with_its_verdict() -> None:
    reader, _ = read(result())
    rules = [attrs for tag, attrs in reader.tags if tag == "details" and attrs.get("data-verdict")]
    assert {rule["data-verdict"] for rule in rules} == {verdict.value for verdict in Verdict}
    assert [rule["id"] for rule in rules if "open" in rule] == [
        f"room.is_{verdict}" for verdict in ("fail", "stale", "error", "blocked", "flaky")
    ]
    chips = [attrs["value"] for tag, attrs in reader.tags if attrs.get("type") == "checkbox"]
    assert sorted(chips) == sorted(verdict.value for verdict in Verdict)


def test_what_a_server_says_stays_text() -> None:
    reader, text = read(result())
    assert [tag for tag, _ in reader.tags].count("script") == 1
    assert "<script>alert" not in text
    assert "&lt;script&gt;alert(1)" in text
    assert "$HOST_TOKEN ${x}" in text


def test_nothing_comes_from_anywhere_else() -> None:
    reader, text = read(result())
    for tag, attrs in reader.tags:
        assert "src" not in attrs, tag
        assert attrs.get("href", "#").startswith("#"), tag
        assert not any(name.startswith("on") for name in attrs), tag
    assert "@import" not in text
    assert "url(" not in text
    assert "default-src 'none'" in text


@pytest.mark.parametrize(
    ("verdicts", "headline"),
    [
        ((Verdict.PASS,), "0 of 2 rules fail"),
        ((Verdict.FAIL, Verdict.STALE), "1 of 3 rules fails"),
        ((Verdict.STALE,), "0 of 2 rules fail, but the list of known deviations is not true"),
        ((Verdict.FLAKY,), "0 of 2 rules fail, but not all is decided"),
    ],
)
def test_the_headline_says_what_it_comes_to(verdicts: tuple[Verdict, ...], headline: str) -> None:
    _, text = read(result(*verdicts))
    assert f"<h1>{headline}" in text


def test_a_run_that_could_not_begin_says_why() -> None:
    made = Result((), replace(result().coverage, pairs=()), None, reason="nothing answers at <x>")
    _, text = read(made)
    assert "<h1>Nothing was tried</h1>" in text
    assert "nothing answers at &lt;x&gt;" in text


def test_a_run_that_was_cut_short_says_so() -> None:
    _, text = read(result(header=replace(HEADER, interrupted=True, started_mock=True)))
    assert "what is not listed was not tried" in text
    assert "the mock, started for this run" in text


def luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_every_text_has_the_contrast_of_wcag_aa_in_light_and_dark() -> None:
    _, text = read(result())
    themes = [dict(re.findall(r"--(\w+): (#\w{6})", block)) for block in text.split(":root")[1:3]]
    assert len(themes) == 2
    for theme in themes:
        for words in ("text", "quiet", "link", "fail", "warn", "flaky", "known", "pass"):
            for ground in ("paper", "raised"):
                light, dark = sorted((luminance(theme[words]), luminance(theme[ground])))[::-1]
                assert (light + 0.05) / (dark + 0.05) >= 4.5, (words, ground)
