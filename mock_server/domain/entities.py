"""Everything the mock remembers, as frozen values; what can be derived is not here.

Times are aware datetimes in UTC. `state` is what was done to a session; what time does to it
(`expired`) is computed by `lifecycle.observe`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

Role = Literal["host", "viewer"]
State = Literal["scheduled", "live", "ended"]
Status = Literal["scheduled", "live", "ended", "expired"]
Mode = Literal["webcam", "rtmp"]
Shape = Literal["steady", "ramp", "spikes", "exodus"]
DeliveryState = Literal["delivered", "retrying", "failed", "dropped"]


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """Hold what a whole world is a function of, and its clock (`domain.clock` reads it).

    `faults` are the fault rules in force, as the control plane was given them; `used_at` is about
    when it was last asked for anything, by the clock of the machine. What time did up to `settled`
    (None: `created_at`) has been told as events.
    """

    id: str
    seed: int
    scenario: str
    created_at: datetime
    clock_wall: datetime | None = None
    clock_at: datetime | None = None
    clock_rate: float = 1.0
    faults: dict[str, Any] = field(default_factory=dict)
    used_at: datetime | None = None
    settled: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """Hold a person who signs in: a host with a library, or a viewer."""

    id: str
    external_user_id: str
    organization_id: str
    library_id: str
    email: str
    username: str
    role: Role
    is_active: bool = True
    password: str | None = None
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Preset:
    """Hold a named set of session settings; `settings` has every optional field of the contract's
    CreatePresetRequest but those named here, logo and logo_destination_url only when given.
    """

    id: str
    user_id: str
    library_id: str
    name: str
    type: Literal["whip", "rtmp"]
    settings: dict[str, Any] = field(default_factory=dict)
    created_at: datetime
    updated_at: datetime
    # A deleted preset stays readable through the ended sessions that used it.
    deleted_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """Hold a host's place for sessions."""

    id: str
    host_id: str
    library_id: str
    title: str
    description: str | None = None
    analytics: dict[str, Any] | None = None
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """Hold one event in a room; `seats` is the join limit in force when it went live.

    `audience` is how many come to watch besides those who join, `shape` how they come and go and
    `shaped_at` when that was said of a session that was live; None where nobody has said.
    """

    id: str
    room_id: str
    preset_id: str
    title: str
    description: str | None = None
    state: State = "scheduled"
    mode: Mode
    scheduled_start_time: datetime | None = None
    started_at: datetime | None = None
    broadcast_at: datetime | None = None
    ended_at: datetime | None = None
    seats: int = 0
    audience: int | None = None
    shape: Shape | None = None
    shaped_at: datetime | None = None
    stream_key: str
    ingress_id: str
    chat_enabled_override: bool | None = None
    stage_enabled_override: bool | None = None
    max_join_limit_override: int | None = None
    host_video_enabled: bool = True
    host_audio_enabled: bool = True
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Participant:
    """Hold a person's place in a session; `id` is `<session id>/<user id>`."""

    id: str
    session_id: str
    user_id: str
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Encoder:
    """Hold what was done to a session's virtual encoder; `id` is the session's.

    `history` has `changes`, oldest first (`domain.encoder` reads them). A session without one has
    an encoder that publishes for as long as the broadcast runs. `next` is when time alone changes
    what it does and nobody has been told yet, on a whole second; None where it does not.
    `publication` is the WHIP session that really publishes (`domain.publishing`), in whichever
    process; None where nobody does.
    """

    id: str
    history: dict[str, Any] = field(default_factory=dict)
    next: datetime | None = None
    publication: dict[str, Any] | None = None
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SignIn:
    """Hold a sign-in: its access tokens work while it exists."""

    id: str
    user_id: str
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RefreshToken:
    """Hold an unspent refresh token; `id` is the token."""

    id: str
    user_id: str
    sign_in_id: str
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceToken:
    """Hold a viewer's device token; `id` is the token, usable any number of times."""

    id: str
    user_id: str
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthCode:
    """Hold an unspent one-time code; `id` is the code."""

    id: str
    user_id: str
    session_id: str
    expires_at: datetime
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKey:
    """Hold an API key; `id` is the key."""

    id: str
    user_id: str
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultCounts:
    """Hold, by the id of a fault rule, how many calls it has seen and to how many it applied.

    There is one in a world, `faults`: apart from the rules, since each call changes it.
    """

    id: str
    counts: dict[str, Any] = field(default_factory=dict)
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Cursor:
    """Hold how far the webhooks of a world have come at an address, which is the `id`: past the
    event `after` of the feed `feed`, and `part` of the notices of the next one.

    `number` counts what was delivered or given up.
    """

    id: str
    feed: str
    after: int
    part: int = 0
    number: int = 0
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """Hold what became of a webhook at one address; `attempts` has them in their order."""

    id: str
    url: str
    notice_id: str
    event: str
    event_id: int
    state: DeliveryState
    attempts: dict[str, Any] = field(default_factory=dict)
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryFaults:
    """Hold what is to go wrong with a world's webhooks, as the control plane was given it, and how
    often each has applied; there is one in a world, `deliveries`.
    """

    id: str
    rules: dict[str, Any] = field(default_factory=dict)
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """Hold which process does something that only one may do, and until when it says so."""

    id: str
    holder: str
    until: datetime
    created_at: datetime


Entity = (
    World
    | User
    | Preset
    | Room
    | Session
    | Participant
    | Encoder
    | SignIn
    | RefreshToken
    | DeviceToken
    | AuthCode
    | ApiKey
    | FaultCounts
    | Cursor
    | Delivery
    | DeliveryFaults
    | Lease
)
KINDS: tuple[type[Entity], ...] = (
    World,
    User,
    Preset,
    Room,
    Session,
    Participant,
    Encoder,
    SignIn,
    RefreshToken,
    DeviceToken,
    AuthCode,
    ApiKey,
    FaultCounts,
    Cursor,
    Delivery,
    DeliveryFaults,
    Lease,
)
