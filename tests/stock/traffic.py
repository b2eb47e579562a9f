"""Requests without end, the same in every run: alone, in journeys, broken, and sent again."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from itertools import cycle, product
from random import Random
from typing import Any

from breaking import Breaking
from contract_table import Operation
from draft import Draft
from edges import edges_of
from exchange import Headers, Reply, Request
from known import NOBODYS_ID, Known, Person
from values import Values

Journey = Generator[Draft, Reply, None]
_AT_ONCE = 4
_MIB = 1 << 20
_CREDENTIALS = {b"authorization", b"x-api-key"}
_READS = ("get_session", "list_live_sessions", "get_session_stats", "stream_health", "get_room")


class JourneyOver(Exception):
    """A step was refused that the next ones rest on."""


class Traffic:
    """Make up the next request from what is known; `learn` takes up its answer."""

    def __init__(
        self,
        seed: int,
        table: Mapping[str, Operation],
        known: Known,
        clock: Callable[[], datetime],
    ) -> None:
        self._rng = Random(seed)
        self._table = table
        self._names = sorted(table)
        # In turn, so that none is left out; long bodies are few, since each costs as much as
        # twenty other requests.
        bodies = [name for name in self._names if table[name].takes_body]
        self._edges = cycle(edges_of(table))
        self._sizes = cycle(product((_MIB + 1, _MIB), bodies))
        self.known = known
        self._values = Values(self._rng, known, clock)
        self._breaking = Breaking(self._rng, known, self._values)
        self._journeys: list[tuple[Journey, Draft]] = []
        self._waiting: Journey | None = None
        self._question: Request | None = None
        self._again: Request | None = None

    def next(self) -> Request:
        """Return a request; it must be learnt from before the next one is asked for."""
        rng = self._rng
        if self._again is not None:
            return self._again
        chance = rng.random()
        if chance < 0.06 and self.known.sent:
            return rng.choice(self.known.sent)
        if chance < 0.067:
            size, name = next(self._sizes)
            return self._breaking.long(self._alone(name), size).written()
        if chance < 0.12:
            edge = next(self._edges)
            return edge.put_into(self._alone(edge.operation)).written()
        if chance < 0.37:
            return self._step().written()
        draft = self._alone(rng.choice(self._names))
        return (self._breaking.broken(draft) if chance < 0.75 else draft).written()

    def learn(self, request: Request, reply: Reply) -> None:
        self.known.learn(request, reply)
        self._again = self._next_question(request, reply)
        if self._waiting is not None:
            journey, self._waiting = self._waiting, None
            with suppress(StopIteration, JourneyOver):
                self._journeys.append((journey, journey.send(reply)))

    def _next_question(self, request: Request, reply: Reply) -> Request | None:
        """Return what to ask at once: the same again, or after a change what was asked before."""
        rng = self._rng
        if request.method != "GET":
            changed = reply.status < 300 and rng.random() < 0.3
            return self._question if changed else None
        self._question = request
        chance = rng.random()
        if chance < 0.1:
            return request
        if chance < 0.13:
            return _with_headers(request, self._person(rng.choice(("host", "viewer"))))
        return _with_headers(request, ((b"host", b"b.test"),)) if chance < 0.16 else None

    def seconds_until_next(self) -> float:
        """Return how much time passes: none at all, some, and now and then a day."""
        rng = self._rng
        if self._again is not None:
            return rng.choice((0.0, 0.0, 0.0, 0.3))
        chance = rng.random()
        if chance < 0.6:
            return 0.0
        if chance < 0.97:
            return round(rng.uniform(0, 30), 6)
        return rng.uniform(60, 1200) if chance < 0.997 else rng.uniform(3600, 30 * 3600)

    def _alone(self, name: str) -> Draft:
        operation = self._table[name]
        host = operation.host_only or self._rng.random() < 0.5
        people = ["host", "host", "other_host"] if host else ["viewer", "other_viewer"]
        if self._rng.random() < 0.2:
            people = ["viewer", "other_viewer", "other_host"]
        return self._made(name, self._id_for(operation), self._person(self._rng.choice(people)))

    def _id_for(self, operation: Operation) -> str:
        rng, known = self._rng, self.known
        if operation.template.startswith("/rooms/"):
            return known.rooms.choose(rng)
        if operation.template.startswith("/presets/"):
            return known.preset(rng)
        return known.sessions.choose(rng)

    def _person(self, name: str) -> Headers:
        person: Person = self.known.people[name]
        return self._rng.choice((person.bearer, person.api_key or person.bearer))

    def _made(self, name: str, path_id: str, credentials: Headers, **fields: Any) -> Draft:
        """Return a request with nothing wrong by the schemas; `fields` are values of the body."""
        operation, rng = self._table[name], self._rng
        value = None
        if operation.takes_body and (fields or operation.body_required or rng.random() < 0.6):
            value = {
                key: self._values.good(key, schema)
                for key, schema in operation.fields.items()
                if key in operation.required or rng.random() < 0.3
            } | fields
        query = tuple(
            (
                key,
                str(
                    rng.choice(
                        (1, 2, 2, 3, 3, 5, 5, 10, 25, 100) if key == "limit" else (1, 1, 2, 9)
                    )
                ),
            )
            for key in operation.parameters
            if rng.random() < 0.4
        )
        extra = ((b"origin", b"http://studio.test"),) if rng.random() < 0.05 else ()
        # Credentials are sent to public operations too, which ignore them.
        given = credentials if not operation.public or rng.random() < 0.3 else ()
        return Draft(
            operation=operation,
            id=path_id,
            credentials=given,
            query=query,
            value=value,
            extra=extra,
        )

    def _step(self) -> Draft:
        rng = self._rng
        while len(self._journeys) < _AT_ONCE:
            some = (self._broadcast, self._broadcast, self._room, self._preset, self._places)
            journey = rng.choice((*some, self._visit))()
            self._journeys.append((journey, next(journey)))
        self._waiting, draft = self._journeys.pop(rng.randrange(_AT_ONCE))
        return draft

    def _broadcast(self) -> Journey:
        """A session from its room to its end and beyond, by the one host, watched by others."""
        rng = self._rng
        host = self._person("host")
        preset = self._own_preset("host")
        reply = yield self._made("create_room", "", host)
        room = _data(reply)["room"]["id"]
        reply = yield self._made("create_session", room, host, preset_id=preset)
        session = _data(reply)["session"]["id"]
        steps = ["join_session", "update_session_settings", "reschedule_session", "start_session"]
        steps += ["go_live", "ensure_hls_egress", "start_webcam_hls", "host_video_state"]
        steps += ["monitor_session", "create_auth_code", "delete_session", "delete_room"]
        if rng.random() < 0.7:
            # Few places, so that somebody stands before a closed door.
            yield self._made("update_session_settings", session, host, max_join_limit=1)
        for name in steps:
            yield from self._watched(name, session, host)
        yield self._made("end_session", session, host)
        yield self._made("list_room_sessions", room, host)
        yield self._made(rng.choice(("delete_session", "delete_room")), session, host)
        yield self._made("delete_room", room, host)
        for name in ("get_session", "start_session", "join_session", "end_session"):
            yield self._made(name, session, host)
        for name in ("get_room", "create_session", "delete_room"):
            yield self._made(name, room, host)

    def _watched(self, name: str, session: str, host: Headers) -> Journey:
        rng = self._rng
        fields = {"session_id": session} if name == "create_auth_code" else {}
        yield self._made(name, session, host, **fields)
        if rng.random() < 0.5:
            yield self._made(rng.choice(_READS), session, host)
        if rng.random() < 0.4:
            yield self._made(
                "join_session", session, self._person(rng.choice(("viewer", "other_viewer")))
            )

    def _own_preset(self, name: str) -> str:
        owner = self.known.people[name].user_id
        return self.known.presets[str(owner)].choose(self._rng)

    def _room(self) -> Journey:
        """A room that is changed field by field, and two sessions that want it at once."""
        host = self._person("host")
        preset = self._own_preset("host")
        manager = {"container_id": "GTM-K7Q2MZX", "enabled": True}
        fields: dict[str, Any] = {
            "analytics": {"google_tag_manager": manager},
            "description": "Stays until it is changed",
        }
        reply = yield self._made("create_room", "", host, **fields)
        room = _data(reply)["room"]["id"]
        for change in (
            {"analytics": {"google_tag_manager": {"enabled": False}}},
            {"title": "Another title"},
            {"description": "Changed"},
            {"library_id": NOBODYS_ID},
        ):
            yield self._made("update_room", room, host, **change)
            yield self._made("get_room", room, host)
        sessions = []
        # No body can say what only answers do: of a room whose it is, of a session how far.
        for _ in range(2):
            reply = yield self._made(
                "create_session", room, host, preset_id=preset, description="Stays", status="live"
            )
            sessions.append(_data(reply)["session"]["id"])
        first, second = sessions
        yield self._made("update_session_settings", first, host, title="Another title")
        yield self._made("start_session", first, host)
        for name in ("start_session", "go_live", "ensure_hls_egress"):
            yield self._made(name, second, host)
        yield self._made("delete_room", room, host)
        yield self._made("end_session", first, host)
        for name in ("go_live", "update_session_settings", "reschedule_session"):
            yield self._made(name, first, host)
        yield self._made("go_live", second, host)
        yield self._made("list_room_sessions", room, host)
        yield self._made("end_session", second, host)

    def _preset(self) -> Journey:
        """A preset that a session uses, so that it can't go before the session has."""
        host = self._person("other_host")
        reply = yield self._made("create_preset", "", host)
        preset = _data(reply)["id"]
        reply = yield self._made("create_room", "", host)
        room = _data(reply)["room"]["id"]
        reply = yield self._made("create_session", room, host, preset_id=preset.upper())
        session = _data(reply)["session"]["id"]
        yield self._made("update_preset", preset, host, max_join_limit=2)
        yield self._made("get_session", session, host)
        yield self._made("delete_preset", preset, host)
        yield self._made("go_live", session, host)
        yield self._made("end_session", session, host)
        yield self._made("delete_preset", preset, host)
        yield self._made("get_preset", preset, host)
        yield self._made("get_session", session, host)
        yield self._made("create_session", room, host, preset_id=preset)

    def _places(self) -> Journey:
        """A session with two places by its preset, then with one: who is in may stay."""
        host = self._person("host")
        reply = yield self._made("create_preset", "", host, max_join_limit=2)
        preset = _data(reply)["id"]
        reply = yield self._made("create_room", "", host)
        room = _data(reply)["room"]["id"]
        reply = yield self._made("create_session", room, host, preset_id=preset)
        session = _data(reply)["session"]["id"]
        yield self._made("go_live", session, host)
        for name in ("viewer", "other_viewer", "other_host"):
            yield self._made("join_session", session, self._person(name))
        yield self._made("update_session_settings", session, host, max_join_limit=1)
        yield self._made("get_session", session, host)
        # With a body that nobody reads.
        yield replace(self._made("end_session", session, host), raw=b"{}")

    def _visit(self) -> Journey:
        """A viewer signs in by name, looks around, and hands over to another device."""
        reply = yield self._made("register_viewer", "", ())
        signed_in = _data(reply)
        bearer = self._breaking.bearer(signed_in["access_token"])
        session = self.known.sessions.choose(self._rng)
        yield self._made("get_me", "", bearer)
        yield self._made("join_session", session, bearer)
        reply = yield self._made("create_auth_code", "", bearer, session_id=session)
        if reply.status < 300:
            for _ in range(2):
                code = _data(reply)["code"]
                yield self._made("exchange_auth_code", "", (), code=code)
        for _ in range(2):
            yield self._made("refresh_tokens", "", (), refresh_token=signed_in["refresh_token"])
        yield self._made("device_login", "", (), device_token=signed_in["device_token"])
        for _ in range(2):
            token = self.known.refresh_tokens.choose(self._rng)
            yield self._made("logout", "", (), refresh_token=token)
        yield self._made("get_me", "", bearer)


def _with_headers(request: Request, headers: Headers) -> Request:
    names = {name for name, _ in headers}
    if names & _CREDENTIALS:
        names |= _CREDENTIALS
    kept = [each for each in request.headers if each[0] not in names]
    return replace(request, headers=(*headers, *kept))


def _data(reply: Reply) -> Any:
    if reply.status >= 300:
        raise JourneyOver
    return reply.json["data"]
