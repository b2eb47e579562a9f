from __future__ import annotations

from benchmarks.results import read, save


def test_what_is_saved_comes_back(results, tmp_path):
    save(results, tmp_path / "run.json")
    back = read(tmp_path / "run.json")
    assert back.speed("POST /rooms", "WireMock") == results.speed("POST /rooms", "WireMock")
    assert (back.provenance, back.ready, back.memory) == (
        results.provenance,
        results.ready,
        results.memory,
    )
    assert back.heated == results.heated
    assert back.subjects == results.subjects
    assert back.missing == results.missing
