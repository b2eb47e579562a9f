"""Every setting of the mock, with its default, the option and the variable that change it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

DEFAULT_PORT = 4010
DEFAULT_SEED = 42
DEFAULT_MAX_WORLDS = 200
DEFAULT_JOURNAL = 500
# Six hours: longer than a test run, shorter than a night.
DEFAULT_WORLD_IDLE = 6 * 3600
DEFAULT_CONNECTIONS = 1000
DEFAULT_LIVEKIT_KEY = "devkey"
DEFAULT_LIVEKIT_SECRET = "secret"  # noqa: S105
# Seven segments: a player begins three targets before the end, and has twice that to fall behind.
DEFAULT_DVR_WINDOW = 12
DEFAULT_PUBLISHERS = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Hold what the operator chose; `public_url` is None where the Host header decides."""

    host: str = "127.0.0.1"
    port: int = DEFAULT_PORT
    store: str = "memory"
    workers: int = 1
    scenario: str = "demo"
    # Whether it ends at the present, and not at its own time.
    end_now: bool = False
    # None: the scenario's own, else the default.
    seed: int | None = None
    public_url: str | None = None
    cors_origins: tuple[str, ...] = ("*",)
    # `off`: nobody is refused for their credentials, who has none that count is the host.
    auth: Literal["on", "off"] = "on"
    # Names, beside those it is bound to, by which browsers may reach the control plane.
    allow_hosts: tuple[str, ...] = ()
    # What the control plane asks for, None where it asks for nothing.
    control_token: str | None = field(default=None, repr=False)
    quiet: bool = False
    fault: str | None = None
    # Addresses that LiveKit's webhooks are sent to, and no others.
    webhooks: tuple[str, ...] = ()
    max_worlds: int = DEFAULT_MAX_WORLDS
    journal: int = DEFAULT_JOURNAL
    world_idle_seconds: int = DEFAULT_WORLD_IDLE
    connections: int = DEFAULT_CONNECTIONS
    # How many seconds of a broadcast its playlists reach back.
    dvr_window: int = DEFAULT_DVR_WINDOW
    # How many publish to a process over WHIP at once.
    publishers: int = DEFAULT_PUBLISHERS
    # What a publisher is told of STUN and TURN, each the value of a `Link` header (RFC 9725, 4.6).
    ice_servers: tuple[str, ...] = ()
    # LiveKit's own development pair, so that tokens open a `livekit-server --dev`.
    livekit_key: str = DEFAULT_LIVEKIT_KEY
    livekit_secret: str = field(default=DEFAULT_LIVEKIT_SECRET, repr=False)
    token_secret: str = "greenroom development secret, not for production"  # noqa: S105
