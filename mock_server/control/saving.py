"""A world saved as a seed file."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from mock_server.domain.entities import Encoder, Participant, Preset, Room, Session, User
from mock_server.domain.errors import Conflict
from mock_server.env import Call, Env
from mock_server.http.views import View
from mock_server.seeds import MAX_BYTES, person_id
from mock_server.storage.indexes import (
    EVERYTHING,
    PARTICIPANTS_OF_SESSION,
    PRESETS_OF_USER,
    ROOMS,
    SESSIONS,
    Index,
)
from mock_server.storage.protocol import Transaction

if TYPE_CHECKING:
    from mock_server.seeds.write import Contents

E = TypeVar("E", Room, Session, Participant, Preset)
# A session takes some 200 bytes at least: what has more can't be small enough.
_MOST_SESSIONS = MAX_BYTES // 200


def save_seed(call: Call) -> View:
    """Tell a world as the text of a seed file."""
    from mock_server.seeds.write import write_seed  # noqa: PLC0415 - few ever ask for it

    env = call.env.worlds.look(call.id)
    with env.store.read() as tx:
        contents = _contents(env, tx)
    text = write_seed(contents, env.seed_file, seed=env.seed, now=env.clock())
    if len(text.encode()) > MAX_BYTES:
        raise _too_large(env, len(contents.sessions))
    return {"name": f"{env.name}.yaml", "text": text}


def _contents(env: Env, tx: Transaction) -> Contents:
    from mock_server.seeds.write import Contents  # noqa: PLC0415 - few ever ask for it

    if (number := tx.count(SESSIONS, EVERYTHING)) > _MOST_SESSIONS:
        raise _too_large(env, number)
    rooms = _all(tx, ROOMS)
    sessions = _all(tx, SESSIONS)
    participants = [
        each for session in sessions for each in _all(tx, PARTICIPANTS_OF_SESSION, session.id)
    ]
    encoders = [tx.get(Encoder, session.id) for session in sessions]
    # Who is told: the people of the seed file, and whoever owns or has joined something.
    ids = dict.fromkeys(
        (
            *(person_id(env.seed, key) for key in env.seed_file.people),
            *(room.host_id for room in rooms),
            *(participant.user_id for participant in participants),
        )
    )
    users = [user for user in (tx.get(User, each) for each in ids) if user is not None]
    presets = [preset for user in users for preset in _all(tx, PRESETS_OF_USER, user.id)]
    return Contents(
        users=users,
        presets=_with_deleted(tx, presets, sessions),
        rooms=rooms,
        sessions=sessions,
        participants=participants,
        encoders={each.id: each for each in encoders if each is not None},
    )


def _with_deleted(tx: Transaction, presets: list[Preset], sessions: list[Session]) -> list[Preset]:
    # A deleted preset is in no list, but what ran with it shows it still.
    known = {preset.id: preset for preset in presets}
    for session in sessions:
        if session.preset_id not in known:
            preset = tx.get(Preset, session.preset_id)
            assert preset is not None, f"session {session.id} has no preset"
            known[preset.id] = preset
    return list(known.values())


def _all(tx: Transaction, index: Index[E], key: str = EVERYTHING) -> list[E]:
    """Return a whole group, oldest first."""
    return tx.page(index, key, offset=0, limit=tx.count(index, key))[::-1]


def _too_large(env: Env, sessions: int) -> Conflict:
    return Conflict(
        f"world `{env.name}` has {sessions:,} sessions, more than a seed file can hold: "
        "take a snapshot instead"
    )
