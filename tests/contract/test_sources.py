from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from mock_server.contract import sources
from mock_server.contract.sources import SourceError, load_yaml


@pytest.fixture(params=["CSafeLoader", "SafeLoader"])
def source(request, monkeypatch, tmp_path: Path) -> Path:
    """A file to read, once with PyYAML's loader in C and once with the one in Python."""
    monkeypatch.setattr(sources, "_LOADER", getattr(yaml, request.param, yaml.SafeLoader))
    return tmp_path / "source.yaml"


def test_words_that_older_yaml_takes_for_something_else_stay_text(source):
    source.write_text("on: yes\noff: no\n", encoding="utf-8")
    assert load_yaml(source) == {"on": "yes", "off": "no"}


def test_dates_times_and_quoted_numbers_stay_text(source):
    source.write_text("day: 2032-05-20\ntime: 12:30\n'200': '1.0'\n", encoding="utf-8")
    assert load_yaml(source) == {"day": "2032-05-20", "time": "12:30", "200": "1.0"}


def test_booleans_numbers_and_null_are_values(source):
    source.write_text("[true, false, null, 0, -7, 29.97, 007, 1e3, '']", encoding="utf-8")
    assert load_yaml(source) == [True, False, None, 0, -7, 29.97, "007", "1e3", ""]


def test_an_unquoted_key_of_digits_is_text(source):
    source.write_text("200: fine\n", encoding="utf-8")
    assert load_yaml(source) == {"200": "fine"}


def test_a_key_that_is_there_twice_is_refused_with_its_line(source):
    source.write_text("a: 1\nb: 2\na: 3\n", encoding="utf-8")
    with pytest.raises(SourceError, match=r"line 3: `a` is there twice"):
        load_yaml(source)


def test_a_sentence_cut_by_its_comma_is_refused_with_its_line(source):
    source.write_text("a:\n  {description: Not given, the preset decides}\n", encoding="utf-8")
    with pytest.raises(SourceError, match=r"line 2: a value is missing"):
        load_yaml(source)


@pytest.mark.parametrize(
    ("text", "sentence"), [("", "is empty"), ("a: [1", "is not YAML"), ("a: b: c", "is not YAML")]
)
def test_what_is_not_yaml_is_refused_by_name(source, text, sentence):
    source.write_text(text, encoding="utf-8")
    with pytest.raises(SourceError, match=f"source.yaml` {sentence}"):
        load_yaml(source)


def test_a_missing_file_is_refused_by_name(source):
    with pytest.raises(SourceError, match=r"source.yaml` can't be read"):
        load_yaml(source)
