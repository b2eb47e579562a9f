from __future__ import annotations

from dataclasses import replace

from benchmarks import report


def line(text: list[str], start: str) -> str:
    return next(each for each in text if each.strip().startswith(start))


def test_medians_spread_tail_and_ratio_stand_beside_each_server(results):
    found = line(report.speed(results), "WireMock").split()
    assert found == ["WireMock", "10000", "8000-12000", "2.0", "83", "2.20x"]


def test_ours_and_the_floor_come_first_and_peers_from_fast_to_slow(results):
    names = report.in_order(results, "GET /sessions/{id}")
    assert names == ["greenroom", "greenroom, SQLite", "raw ASGI, bytes", "WireMock", "json-server"]


def test_what_a_server_does_not_offer_is_said_and_not_left_out(results):
    make = report.speed(results)[-1]
    assert make.split() == ["json-server", "not", "offered"]


def test_the_reach_names_the_fastest_peer_which_is_never_ours_nor_the_floor(results):
    found = line(report.reach(results), "GET /sessions/{id}").split()
    assert found[2:] == ["0.50x", "2.20x", "WireMock", "0.80x", "2.0"]


def test_without_peers_the_reach_says_so(results):
    ours = {
        request: {name: seen for name, seen in each.items() if name.startswith(("green", "raw"))}
        for request, each in results.samples.items()
    }
    assert "none installed" in report.reach(replace(results, samples=ours))[1]


def test_a_peer_that_is_missing_is_named_with_what_to_do(results):
    assert "Prism, static is not compared: install it" in report.notes(results)


def test_what_a_long_warm_up_changes_stands_beside_us(results):
    assert line(report.heated(results), "WireMock").split()[-1] == "0.80x"


def test_readiness_is_a_median_with_its_spread(results):
    assert line(report.ready(results), "greenroom").split() == ["greenroom", "0.50", "0.40-0.90"]


def test_the_stores_are_compared_by_their_medians(results):
    assert line(report.moves(results), "SQLite to memory").split()[-1] == "0.40"


def test_memory_is_told_at_the_start_half_way_and_in_the_end(results):
    (found,) = report.memory(results)
    assert "70 MiB at the start, 80 MiB half-way, 80 MiB after 100,000 requests" in found


def test_the_report_says_how_busy_others_were(results):
    assert "0.10 of a core (median; 0.00 to 0.50)" in report.report(results)


def test_a_part_that_was_not_measured_leaves_no_empty_table(results):
    bare = replace(
        results, samples={}, heated={}, ready={}, moves={}, memory=[], foreign=[], subjects=[]
    )
    assert report.report(bare) == (
        "greenroom 1.0, commit abcdef0\n\nPrism, static is not compared: install it"
    )
