"""A session while it runs: opened, broadcast, joined, watched over, ended."""

from __future__ import annotations

from mock_server.domain import sessions
from mock_server.domain.entities import Encoder, Participant, Session
from mock_server.domain.errors import Conflict
from mock_server.domain.lifecycle import require_move
from mock_server.env import Call
from mock_server.http.views import View, present
from mock_server.media import health, ingress, livekit
from mock_server.operations.keeping import keep_session
from mock_server.operations.lookup import (
    find_own_session,
    find_session,
    preset_of,
    room_of,
)
from mock_server.storage.indexes import LIVE_SESSION_OF_ROOM, PARTICIPANTS_OF_SESSION


def start_session(call: Call) -> View:
    """Open the room; on a live session only the token is new."""
    session = _openable(call)
    seats = sessions.effective_join_limit(session, preset_of(call, session))
    return _opened(call, sessions.start_session(session, call.now, seats=seats))


def go_live(call: Call) -> View:
    """Open the room and begin the broadcast."""
    session = _openable(call)
    seats = sessions.effective_join_limit(session, preset_of(call, session))
    return _opened(call, sessions.go_live(session, call.now, seats=seats))


def ensure_hls_egress(call: Call) -> View:
    """Make sure that the broadcast of a live session runs."""
    session = find_own_session(call)
    require_move(call.env.lifecycle, call.operation, session, call.now)
    return keep_session(call, sessions.begin_broadcast(session, call.now))


def start_webcam_hls(call: Call) -> View:
    """Make sure that the broadcast of a live webcam session runs."""
    session = find_own_session(call)
    require_move(call.env.lifecycle, call.operation, session, call.now)
    return keep_session(call, sessions.start_webcam_hls(session, call.now))


def end_session(call: Call) -> View:
    """End a live session and free its room."""
    session = find_own_session(call)
    require_move(call.env.lifecycle, call.operation, session, call.now)
    return keep_session(call, sessions.end_session(session, call.now))


def join_session(call: Call) -> View:
    """Take a place in a session; the room's host needs none."""
    session = find_session(call)
    is_host = room_of(call, session).host_id == call.user.id
    require_move(call.env.lifecycle, call.operation, session, call.now, by_host=is_host)
    if not is_host:
        _take_place(call, session)
    return {
        "livekit_token": _token(call, session, "host" if is_host else "audience"),
        "room_name": session.id,
    }


def host_video_state(call: Call) -> View:
    """Switch the host's camera for everyone, or toggle it."""
    return _switched(call, "host_video_enabled")


def host_audio_state(call: Call) -> View:
    """Switch the host's microphone for everyone, or toggle it."""
    return _switched(call, "host_audio_enabled")


def monitor_session(call: Call) -> View:
    """Give a token to watch a live session unseen."""
    session = find_session(call)
    require_move(call.env.lifecycle, call.operation, session, call.now)
    return {"livekit_token": _token(call, session, "monitor"), "room_name": session.id}


def stream_health(call: Call) -> View:
    """Tell what arrives from the encoder, zeros where nothing does.

    Where somebody really publishes, it is what is measured.
    """
    session = find_session(call)
    measured = call.env.common.publishers.find(call.env.name, session.id, call.now)
    if measured is not None and session.state != "ended":
        shown = health.measured_health(measured, call.now)
    else:
        encoder = call.tx.get(Encoder, session.id)
        course = call.env.course(session, encoder)
        shown = health.stream_health(session, encoder, call.env.seed, call.now, course=course)
    return present(**shown)


def _openable(call: Call) -> Session:
    session = find_own_session(call)
    require_move(call.env.lifecycle, call.operation, session, call.now)
    other = call.tx.first(LIVE_SESSION_OF_ROOM, session.room_id)
    if other is not None and other.id != session.id:
        raise Conflict(
            f"`{call.operation}`: session {other.id} is `live` in the same room, must end first"
        )
    return session


def _opened(call: Call, session: Session) -> View:
    key = session.stream_key
    return {
        "session": keep_session(call, session),
        "livekit_token": _token(call, session, "host"),
        "rtmp": {
            "ingress_id": session.ingress_id,
            "url": call.addresses.rtmp_url,
            "stream_key": key,
        },
        "rtmp_setup": ingress.rtmp_setup(call.addresses, key),
        "whip_url": call.addresses.whip_url(key),
    }


def _switched(call: Call, device: sessions.Device) -> View:
    session = find_session(call)
    require_move(call.env.lifecycle, call.operation, session, call.now)
    session = sessions.set_host_device(session, device, enabled=call.body.get("enabled"))
    call.tx.put(session)
    return {"enabled": getattr(session, device)}


def _take_place(call: Call, session: Session) -> None:
    place = f"{session.id}/{call.user.id}"
    if call.tx.get(Participant, place) is not None:
        return
    limit = sessions.effective_join_limit(session, preset_of(call, session))
    taken = call.tx.count(PARTICIPANTS_OF_SESSION, session.id)
    if taken >= limit:
        raise Conflict(f"`join_session`: {taken} of {limit} places are taken, one must be free")
    call.tx.put(
        Participant(id=place, session_id=session.id, user_id=call.user.id, created_at=call.now)
    )


def _token(call: Call, session: Session, grant: livekit.Grant) -> str:
    settings = call.env.settings
    return livekit.access_token(
        key=settings.livekit_key,
        secret=settings.livekit_secret,
        identity=call.user.id,
        name=call.user.username,
        room=session.id,
        grant=grant,
        now=call.now,
        # A read takes no number from the store; two tokens of one second are then the same.
        serial=None if grant == "monitor" else call.tx.next_number(),
    )
