from __future__ import annotations

import pytest

from benchmarks import gate
from benchmarks.load import Load
from benchmarks.requests import REQUESTS, START_SESSION


def load(*, speed: float = 1000.0, cpu_us: float = 50.0) -> Load:
    return Load(speed, p99_ms=1.0, total=1000, failed=0, cpu_us=cpu_us, foreign=0.0)


def found(*, ours: float = 50.0) -> gate.Found:
    loads = {(gate.RAW, each): load(cpu_us=20.0) for each in REQUESTS}
    loads |= {(gate.OURS, each): load(cpu_us=ours) for each in REQUESTS}
    loads[gate.KEPT, START_SESSION] = load(speed=500.0, cpu_us=100.0)
    return gate.Found(loads, ready_cpu=0.5, bare_cpu=0.2, memory=(80.0, 80.0))


def bounds() -> list[gate.Bound]:
    return gate.read_bounds(gate.TABLE.read_text())


def test_the_table_names_each_ratio_once_with_a_share_that_leaves_room():
    assert all(0 < each.share < 1 and each.measured > 0 for each in bounds())


def test_a_table_that_forgets_a_ratio_is_refused():
    text = gate.TABLE.read_text().replace('"start to GET"', '"start to POST"')
    with pytest.raises(SystemExit, match="must name these ratios"):
        gate.read_bounds(text)


def test_each_ratio_is_larger_when_we_are_faster():
    slow, fast = found(ours=100.0), found(ours=50.0)
    name = f"{START_SESSION.name} to raw ASGI"
    assert gate.RATIOS[name](slow) == 0.2
    assert gate.RATIOS[name](fast) == 0.4
    assert gate.RATIOS["start, SQLite to memory, by the clock"](fast) == 0.5
    assert gate.RATIOS["imports to first answer"](fast) == 0.4
    assert gate.RATIOS["memory before to after"](fast) == 1.0


def test_a_ratio_passes_down_to_its_share_and_not_below():
    bound = gate.Bound("start to GET", measured=0.5, share=0.6)
    assert gate.Row(0.3, bound).passes
    assert not gate.Row(0.299, bound).passes


def test_a_complaint_says_what_is_and_what_must_be():
    bound = gate.Bound("start to GET", measured=0.5, share=0.6)
    (said,) = gate.complaints([gate.Row(0.2, bound), gate.Row(0.4, bound)])
    assert "`start to GET` is 0.20, must be 0.30 or more (60% of the 0.50" in said


def judged(monkeypatch, *runs: gate.Found) -> int:
    measured = iter(runs)
    monkeypatch.setattr(gate, "measure", lambda: next(measured))
    monkeypatch.setattr(gate, "require_wrk", lambda: None)
    monkeypatch.setattr(gate, "foreign_cores", lambda _: 0.0)
    monkeypatch.setattr(gate, "read_bounds", lambda _: [gate.Bound("start to GET", 1.0, 0.6)])
    monkeypatch.setattr("sys.argv", ["gate"])
    return gate.main()


def with_start(cpu_us: float) -> gate.Found:
    good = found()
    loads = dict(good.loads)
    loads[gate.OURS, START_SESSION] = load(cpu_us=cpu_us)
    return gate.Found(loads, good.ready_cpu, good.bare_cpu, good.memory)


def test_a_good_run_is_green_at_once(monkeypatch):
    assert judged(monkeypatch, with_start(50.0)) == 0


def test_one_bad_run_is_measured_again_and_forgiven(monkeypatch, capsys):
    assert judged(monkeypatch, with_start(200.0), with_start(50.0)) == 0
    assert "too small" in capsys.readouterr().out


def test_two_bad_runs_are_red(monkeypatch, capsys):
    assert judged(monkeypatch, with_start(200.0), with_start(150.0)) == 1
    said = capsys.readouterr().out
    assert "`start to GET` is 0.33, must be 0.60 or more" in said
    assert "gate --record" in said


def test_recording_changes_the_figures_and_nothing_else():
    text = gate.TABLE.read_text()
    rows = gate.judge(found(), bounds())
    after = gate.rewritten(text, rows)
    changed = [
        (old, new)
        for old, new in zip(text.splitlines(), after.splitlines(), strict=True)
        if old != new
    ]
    assert all(old.startswith("measured = ") for old, _ in changed)
    assert {each.name: each.measured for each in gate.read_bounds(after)} == {
        row.bound.name: pytest.approx(row.found, abs=0.001) for row in rows
    }
