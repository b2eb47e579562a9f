from __future__ import annotations

import pytest

from benchmarks import figures


def test_a_block_is_written_anew_and_the_text_around_it_stays(results):
    text = "Before.\n<!-- figures: memory -->\nold\n<!-- end -->\nAfter.\n"
    found = figures.written(text, results)
    assert found.startswith("Before.\n<!-- figures: memory -->\n```\nresident memory: 70 MiB")
    assert found.endswith("```\n<!-- end -->\nAfter.\n")
    assert "old" not in found
    assert figures.written(found, results) == found


def test_a_block_of_an_unknown_name_is_refused(results):
    with pytest.raises(KeyError, match="spede"):
        figures.written("<!-- figures: spede -->\n<!-- end -->\n", results)
