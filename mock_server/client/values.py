"""What the control plane answers, as frozen values. Times are aware datetimes.

What a newer mock tells beyond this is left aside.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, Self

from mock_server.client.errors import NoSuchPersona

Json = Mapping[str, Any]
AudienceShape = Literal["steady", "ramp", "spikes", "exodus"]
EncoderAction = Literal["connect", "drop", "flap", "wrong_key", "bitrate_collapse", "silent_audio"]


def time(text: str) -> datetime:
    """Read a time of the mock."""
    return datetime.fromisoformat(text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """Hold what runs there."""

    version: str
    contract_version: str
    store: str
    seed: int
    scenario: str
    uptime_seconds: float
    requests: int
    contract_breaches: int

    @classmethod
    def read(cls, data: Json) -> Self:
        """Read it from the mock's answer."""
        return cls(
            version=data["version"],
            contract_version=data["contract_version"],
            store=data["store"],
            seed=data["seed"],
            scenario=data["scenario"],
            uptime_seconds=data["uptime_seconds"],
            requests=data["requests"],
            contract_breaches=data["contract_breaches"],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class WorldState:
    """Hold a world as it was when it was asked for; `base_path` is its API's."""

    name: str
    base_path: str
    scenario: str
    seed: int
    now: datetime
    snapshots: tuple[str, ...]

    @classmethod
    def read(cls, data: Json) -> Self:
        """Read it from the mock's answer."""
        return cls(
            name=data["name"],
            base_path=data["base_path"],
            scenario=data["scenario"],
            seed=data["seed"],
            now=time(data["now"]),
            snapshots=tuple(data["snapshots"]),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Fired:
    """Hold something that time did; `encoder` is what a session's encoder does from then on, None
    where nothing became of it.
    """

    at: datetime
    event: str
    session_id: str
    room_id: str
    encoder: str | None

    @classmethod
    def read(cls, data: Json) -> Self:
        """Read it from the mock's answer."""
        return cls(
            at=time(data["at"]),
            event=data["event"],
            session_id=data["session_id"],
            room_id=data["room_id"],
            encoder=data.get("encoder"),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockState:
    """Hold what a clock shows, how it goes (1 is usual, 0 frozen), and what its last move fired.

    `fired` has the first 1,000 of `fired_total`.
    """

    now: datetime
    rate: float
    frozen: bool
    follows_wall: bool
    fired: tuple[Fired, ...]
    fired_total: int

    @classmethod
    def read(cls, data: Json) -> Self:
        """Read it from the mock's answer."""
        return cls(
            now=time(data["now"]),
            rate=data["rate"],
            frozen=data["frozen"],
            follows_wall=data["follows_wall"],
            fired=tuple(Fired.read(each) for each in data["fired"]),
            fired_total=data["fired_total"],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Persona:
    """Hold somebody to be, with credentials; without `usable` these must be refused."""

    name: str
    description: str
    usable: bool
    access_token: str
    api_key: str | None
    email: str | None
    password: str | None
    user_id: str | None

    @classmethod
    def read(cls, data: Json) -> Self:
        """Read it from the mock's answer."""
        return cls(
            name=data["name"],
            description=data["description"],
            usable=data["usable"],
            access_token=data["access_token"],
            api_key=data.get("api_key"),
            email=data.get("email"),
            password=data.get("password"),
            user_id=data.get("user", {}).get("id"),
        )

    def __repr__(self) -> str:
        """Show who it is, and no credentials."""
        return f"Persona({self.name!r})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Personas:
    """Hold everybody there is to be, by name; a preset of the host's, and LiveKit's secret."""

    by_name: Mapping[str, Persona]
    preset_id: str | None
    livekit_key: str
    livekit_secret: str

    @classmethod
    def read(cls, data: Json) -> Self:
        """Read it from the mock's answer."""
        people = [Persona.read(each) for each in data["personas"]]
        return cls(
            by_name={each.name: each for each in people},
            preset_id=data.get("preset_id"),
            livekit_key=data["livekit"]["api_key"],
            livekit_secret=data["livekit"]["api_secret"],
        )

    def __getitem__(self, name: str) -> Persona:
        """Return a persona; raises NoSuchPersona."""
        if name not in self.by_name:
            known = ", ".join(f"`{each}`" for each in self.by_name) or "none"
            raise NoSuchPersona(f"no persona is called `{name}`, must be one of {known}")
        return self.by_name[name]

    def __iter__(self) -> Iterator[Persona]:
        """Give all of them."""
        return iter(self.by_name.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """Hold a fault of a world: `when` and `effect` as the contract has them, and what it did."""

    id: str
    operation: str
    when: Json
    effect: Json
    count: int | None
    until: datetime | None
    calls: int
    applied: int
    over: bool

    @classmethod
    def read(cls, data: Json) -> Self:
        """Read it from the mock's answer."""
        return cls(
            id=data["id"],
            operation=data["operation"],
            when=data.get("when", {}),
            effect=data["effect"],
            count=data.get("count"),
            until=time(data["until"]) if "until" in data else None,
            calls=data["calls"],
            applied=data["applied"],
            over=data["over"],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ContractFault:
    """Hold a deliberate mistake: its name, its family, and the sentence it breaks."""

    name: str
    family: str
    breaks: str

    @classmethod
    def read(cls, data: Json) -> Self:
        """Read it from the mock's answer."""
        return cls(name=data["name"], family=data["family"], breaks=data["breaks"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Audience:
    """Hold how many come to watch a session, how many do now, and the most that did at once."""

    session_id: str
    size: int
    viewer_count: int
    max_viewers: int

    @classmethod
    def read(cls, data: Json) -> Self:
        """Read it from the mock's answer."""
        return cls(
            session_id=data["id"],
            size=data["size"],
            viewer_count=data["viewer_count"],
            max_viewers=data["max_viewers"],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """Hold something an encoder is going to do, and when it begins to."""

    doing: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class EncoderState:
    """Hold what a session's virtual encoder does, since when (None: it does nothing), and next.

    `changes` are what was said of it, and `publisher` what is measured of who really publishes
    (None: nobody does), as the control plane tells them.
    """

    status: str
    doing: str
    since: datetime | None
    publisher: Json | None
    planned: tuple[Turn, ...]
    changes: tuple[Json, ...]
    changes_left: int

    @classmethod
    def read(cls, data: Json) -> Self:
        """Read it from the mock's answer."""
        return cls(
            status=data["status"],
            doing=data["doing"],
            since=time(data["since"]) if "since" in data else None,
            publisher=data.get("publisher"),
            planned=tuple(
                Turn(doing=each["doing"], at=time(each["at"])) for each in data["planned"]
            ),
            changes=tuple(data["changes"]),
            changes_left=data["changes_left"],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokenInvariant:
    """Hold something that breaks an invariant, in the words what is, what must be."""

    invariant: str
    kind: str
    id: str
    wrong: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Invariants:
    """Hold whether a world keeps what is always true, and the first of what does not.

    Without `complete` only the newest of the world was looked at.
    """

    hold: bool
    complete: bool
    names: tuple[str, ...]
    broken: tuple[BrokenInvariant, ...]

    @classmethod
    def read(cls, data: Json) -> Self:
        """Read it from the mock's answer."""
        return cls(
            hold=data["hold"],
            complete=data["complete"],
            names=tuple(each["name"] for each in data["invariants"]),
            broken=tuple(
                BrokenInvariant(
                    invariant=each["name"],
                    kind=found["kind"],
                    id=found["id"],
                    wrong=found["wrong"],
                )
                for each in data["invariants"]
                for found in each["broken"]
            ),
        )
