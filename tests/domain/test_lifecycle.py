from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from mock_server.domain.entities import Session
from mock_server.domain.errors import Conflict
from mock_server.domain.lifecycle import compile_lifecycle, observe, require_move

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
TABLE = {
    "x-lifecycles": {
        "session": {
            "moves": [
                {"operation": "go_live", "from": ["scheduled", "live"], "to": "live"},
                {"operation": "join_session", "from": ["live"], "to": "same"},
                {
                    "operation": "join_session",
                    "caller": "room_host",
                    "from": ["scheduled"],
                    "to": "same",
                },
                {"time": "24h after scheduled_start_time", "from": ["scheduled"], "to": "expired"},
            ]
        }
    }
}
LIFECYCLE = compile_lifecycle(TABLE)
SESSION = Session(
    id="s",
    room_id="r",
    preset_id="p",
    title="Launch",
    mode="rtmp",
    stream_key="k",
    ingress_id="i",
    scheduled_start_time=NOW,
    created_at=NOW,
    updated_at=NOW,
)


def test_a_scheduled_session_expires_24_hours_after_its_start_time_and_not_before():
    assert observe(SESSION, NOW + timedelta(hours=24, microseconds=-1)) == "scheduled"
    assert observe(SESSION, NOW + timedelta(hours=24)) == "expired"


@pytest.mark.parametrize("start", [0, 1, 500_000, 999_999])
def test_within_a_second_no_session_expires(start):
    session = replace(SESSION, scheduled_start_time=NOW + timedelta(microseconds=start))
    for part in (0, 1, 999_999):
        moment = NOW + timedelta(hours=24, microseconds=part)
        assert observe(session, moment) == "expired"
        assert observe(session, moment - timedelta(seconds=1)) == "scheduled"


def test_a_session_without_a_start_time_never_expires():
    assert observe(replace(SESSION, scheduled_start_time=None), NOW.replace(year=9000)) == (
        "scheduled"
    )


@pytest.mark.parametrize("state", ["live", "ended"])
def test_time_does_nothing_to_a_session_that_was_started(state):
    assert observe(replace(SESSION, state=state), NOW + timedelta(days=9)) == state


def test_a_move_of_the_table_is_allowed():
    require_move(LIFECYCLE, "go_live", SESSION, NOW)


def test_a_refusal_says_what_the_status_is_and_what_it_must_be():
    with pytest.raises(Conflict) as refusal:
        require_move(LIFECYCLE, "go_live", replace(SESSION, state="ended"), NOW)
    assert str(refusal.value) == "`go_live`: session is `ended`, must be `scheduled` or `live`"


def test_an_expired_session_is_refused_though_nothing_was_written():
    with pytest.raises(Conflict, match="session is `expired`"):
        require_move(LIFECYCLE, "go_live", SESSION, NOW + timedelta(days=2))


def test_a_row_for_the_rooms_host_is_open_to_the_host_only():
    require_move(LIFECYCLE, "join_session", SESSION, NOW, by_host=True)
    with pytest.raises(Conflict, match="must be `live`"):
        require_move(LIFECYCLE, "join_session", SESSION, NOW)
