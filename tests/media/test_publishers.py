from __future__ import annotations

from datetime import UTC, datetime

from mock_server.media.publishers import Measured, Publishers

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def playing(now: datetime) -> Measured:
    return Measured("ENDPOINT_PUBLISHING", updated_at=now)


def idle(now: datetime) -> Measured:
    return Measured("ENDPOINT_BUFFERING", updated_at=now)


def test_a_publisher_is_found_by_world_and_session_and_asked_for_the_moment() -> None:
    publishers = Publishers()

    assert publishers.connect("default", "s", playing)
    assert publishers.find("default", "s", NOW) == Measured("ENDPOINT_PUBLISHING", updated_at=NOW)
    assert publishers.find("other", "s", NOW) is None
    assert publishers.find("default", "t", NOW) is None


def test_a_session_has_one_publisher_and_the_second_changes_nothing() -> None:
    publishers = Publishers()
    publishers.connect("default", "s", playing)

    assert not publishers.connect("default", "s", idle)
    publishers.disconnect("default", "s", idle)

    found = publishers.find("default", "s", NOW)
    assert found is not None
    assert found.status == "ENDPOINT_PUBLISHING"
    assert publishers.connect("default", "s", playing), "the same one again"


def test_who_is_gone_leaves_nothing() -> None:
    publishers = Publishers()
    publishers.connect("default", "s", playing)
    publishers.disconnect("default", "s", playing)
    publishers.disconnect("default", "s", playing)

    assert len(publishers) == 0
    assert publishers.find("default", "s", NOW) is None
