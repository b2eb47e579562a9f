from __future__ import annotations

from pathlib import Path

import pytest

from conformance.contract import bundled
from conformance.rule import rules
from conformance.samples import samples
from conformance.sentences import entries, markdown, sentences

CONTRACT = bundled()
TOLD = sentences(CONTRACT.document)
PAGE = Path(__file__).parent.parent.parent / "docs" / "rules.md"
BOUNDS = ("minLength", "maxLength", "minimum", "maximum", "pattern", "format", "enum")


def test_every_sentence_has_an_entry():
    known = entries()
    assert [sentence for sentence in TOLD if sentence.text not in known] == []


def test_every_entry_has_its_sentence():
    assert sorted(entries().keys() - {sentence.text for sentence in TOLD}) == []


def test_an_entry_names_rules_or_says_why_there_are_none():
    known = rules()
    for text, entry in entries().items():
        assert bool(entry.rules) != bool(entry.because), text
        assert [rule for rule in entry.rules if rule not in known] == [], text


def test_every_rule_rests_on_a_sentence():
    cited = {rule for entry in entries().values() for rule in entry.rules}
    assert sorted(rules().keys() - cited) == []


def test_a_sentence_that_stands_in_two_entries_is_refused(tmp_path):
    file = tmp_path / "sentences.toml"
    file.write_text(
        'tested = [{rules = ["a.b"], sentences = ["One."]}]\n'
        'untested = [{because = "so", sentences = ["One."]}]\n'
    )
    with pytest.raises(ValueError, match=r"`One\.` has two entries"):
        entries(file)


def test_sentences_are_taken_from_words_bounds_and_moves():
    told = {sentence.text: sentence.pointers for sentence in TOLD}
    assert told["Nobody sees another host's."] == ("#/paths/~1presets/get",)
    assert len(told["Any signed-in caller may."]) > 3
    assert (
        "#/components/schemas/CreateRoomRequest/properties/title"
        in (told["`maxLength` of a request"])
    )
    assert "end_session: from live to ended" in told
    assert any(text.startswith("| 409 |") for text in told)


def test_every_bound_of_a_request_is_tried_on_its_far_side():
    for operation in CONTRACT.operations.values():
        tried = {sample.path for sample in samples(CONTRACT, operation) if not sample.good}
        for name, schema in CONTRACT.properties(operation.body or {}).items():
            bounded = [bound for bound in BOUNDS if bound in CONTRACT.resolve(schema)]
            assert not bounded or (name,) in tried, (operation.id, name)


def test_the_page_of_rules_is_fresh():
    message = "write it anew: python -m conformance.sentences > docs/rules.md"
    assert PAGE.read_text("utf-8") == markdown(), message
