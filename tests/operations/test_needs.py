from __future__ import annotations

from mock_server import control
from mock_server.operations import HANDLERS, NEEDS
from mock_server.storage.protocol import Lock


def test_every_need_is_an_operations():
    assert NEEDS.keys() <= HANDLERS.keys() | control.HANDLERS.keys()


def test_locks_are_taken_in_one_order_by_everybody():
    # Rooms before presets before what is spent: nobody waits in a circle.
    body = {"preset_id": "P", "refresh_token": "t", "device_token": "d", "code": "c"}
    body["session_id"] = "s"
    for needs_of in NEEDS.values():
        kinds = [lock.kind.__name__ for lock in needs_of("id", body, "caller").locks]
        assert kinds == sorted(kinds, key=["Room", "Preset", "RefreshToken", "AuthCode"].index)


def test_everything_that_moves_a_session_locks_its_room():
    moves = {"start_session", "go_live", "end_session", "join_session", "delete_session"}
    moves.add("set_encoder")
    for name in moves:
        (lock,) = NEEDS[name]("id", {}, "caller").locks
        assert (lock.kind.__name__, lock.of is not None, lock.shared) == ("Room", True, False)
        assert isinstance(lock, Lock)
