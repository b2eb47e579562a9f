"""What the sender of requests knows of the world: people, ids and tokens, gone ones included."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

from exchange import Headers, Reply, Request

NOBODYS_ID = "0a5f3c1e-7b7d-4f7e-9d55-3f2f6c8f0b11"
_REMEMBERED = 40


@dataclass
class Pool:
    """Values seen, of which the latest are the likeliest to be used again."""

    values: list[str]

    def add(self, value: str) -> None:
        self.values.append(value)
        del self.values[:-_REMEMBERED]

    def choose(self, rng: Random) -> str:
        if not self.values:
            return NOBODYS_ID
        recent = self.values[-4:] if rng.random() < 0.6 else self.values
        return rng.choice(recent)


@dataclass(frozen=True)
class Person:
    """Somebody with credentials, as far as they have them."""

    name: str
    user_id: str | None
    token: str
    key: str | None
    email: str | None
    password: str | None

    @property
    def bearer(self) -> Headers:
        return ((b"authorization", f"Bearer {self.token}".encode()),)

    @property
    def api_key(self) -> Headers:
        return () if self.key is None else ((b"x-api-key", self.key.encode()),)


@dataclass
class Known:
    people: Mapping[str, Person]
    tokens: Pool = field(default_factory=lambda: Pool([]))
    rooms: Pool = field(default_factory=lambda: Pool([]))
    sessions: Pool = field(default_factory=lambda: Pool([]))
    presets: dict[str, Pool] = field(default_factory=dict)
    refresh_tokens: Pool = field(default_factory=lambda: Pool([]))
    device_tokens: Pool = field(default_factory=lambda: Pool([]))
    livekit_tokens: Pool = field(default_factory=lambda: Pool([]))
    codes: Pool = field(default_factory=lambda: Pool([]))
    # Requests as they were, to be sent again.
    sent: list[Request] = field(default_factory=list)

    def learn(self, request: Request, reply: Reply) -> None:
        """Take up what an answer shows."""
        self.sent.append(request)
        del self.sent[:-_REMEMBERED]
        if reply.status >= 300 or request.method == "HEAD":
            return
        data = reply.json["data"] if reply.content else {}
        if request.operation == "create_room":
            self.rooms.add(data["room"]["id"])
        elif request.operation == "create_session":
            self.sessions.add(data["session"]["id"])
        elif request.operation == "create_preset":
            self.presets.setdefault(data["user_id"], Pool([])).add(data["id"])
        elif request.operation == "create_auth_code":
            self.codes.add(data["code"])
        for name, pool in (
            ("access_token", self.tokens),
            ("refresh_token", self.refresh_tokens),
            ("device_token", self.device_tokens),
            ("livekit_token", self.livekit_tokens),
        ):
            if name in data:
                pool.add(data[name])

    def preset(self, rng: Random) -> str:
        owners: Sequence[str] = sorted(self.presets)
        return self.presets[rng.choice(owners)].choose(rng) if owners else NOBODYS_ID


def people_of(personas: Sequence[Any]) -> dict[str, Person]:
    """Return people by name, from the personas of the mock."""
    return {
        each.name: Person(
            name=each.name,
            user_id=None if each.user is None else each.user.id,
            token=each.access_token,
            key=each.api_key,
            email=each.email,
            password=each.password,
        )
        for each in personas
    }
