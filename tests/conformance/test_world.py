"""What rules stand on: a preset they may use and never change."""

from __future__ import annotations

from conformance.suite import Options, opened

PRESETS = [
    {"id": "made-meanwhile", "name": "x" * 100, "created_at": "2026-03-01T12:00:01Z"},
    {"id": "theirs", "name": "Evening show", "created_at": "2026-02-01T12:00:00Z"},
    {"id": "a-runs", "name": "gr-0a1b2c3d a preset", "created_at": "2026-01-01T12:00:00Z"},
]


def test_the_preset_that_is_used_is_the_oldest_that_no_run_made(stub, monkeypatch) -> None:
    monkeypatch.setenv("GREENROOM_HOST_TOKEN", "host-token")
    body = {"success": True, "data": {"presets": PRESETS}, "timestamp": 1}
    stub.answers["GET /v1/webinar/presets"] = (200, body)
    with opened(Options(base_url=stub.url)) as made:
        assert made.world.preset_id() == "theirs"
