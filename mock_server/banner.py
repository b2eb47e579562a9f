"""What the mock says when it is ready: addresses, credentials, and one request to try."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mock_server import __version__
from mock_server.control.personas import PersonaCredentials


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """Hold what the banner tells; URLs without a slash at the end.

    `guarded`: the control plane asks for a token, which is `control_token` where it was made up.
    `anybody`: who has no usable credentials is taken for the host.
    """

    api_url: str
    control_url: str
    control_token: str | None
    guarded: bool
    anybody: bool
    contract_version: str
    published: int
    decided: int
    store: str
    world: str
    clock: str
    personas: Sequence[PersonaCredentials]


def banner(start: Start) -> str:
    """Write the banner, `Ready` on its last line."""
    operations = start.published + start.decided
    provenance = f"{start.published} published, {start.decided} decided"
    rows = [
        ("API", start.api_url),
        ("", f"contract {start.contract_version}, {operations} operations: {provenance}"),
        ("Docs", f"{start.api_url}/ui"),
        ("Player", f"{start.control_url}/player"),
        ("Control", f"{start.control_url}/ui"),
        *_unusual(start),
        ("Store", start.store),
        ("World", start.world),
        ("Clock", start.clock),
    ]
    lines = [f"greenroom {__version__}", ""]
    lines += [f"  {name:<8} {value}" for name, value in rows]
    lines += ["", *_credentials(start.personas), ""]
    return "\n".join([*lines, f"Try: {_first_request(start)}", "Ready (Ctrl+C to quit)"])


def _unusual(start: Start) -> list[tuple[str, str]]:
    rows = []
    if start.control_token is not None:
        rows.append(("", f"X-Mock-Token: {start.control_token}"))
    elif start.guarded:
        rows.append(("", "asks for the token it was given"))
    if start.anybody:
        rows.append(("Auth", "off: whoever has no usable credentials is the host"))
    return rows


def _credentials(personas: Sequence[PersonaCredentials]) -> list[str]:
    keys = [
        f"  {persona.name:<13} X-API-Key: {persona.api_key}"
        for persona in personas
        if persona.api_key and persona.usable
    ]
    tokens = [
        f"  {persona.name:<13} Authorization: Bearer {persona.access_token}"
        for persona in personas
        if persona.usable
    ]
    return [*keys, "", *tokens]


def _first_request(start: Start) -> str:
    key = next((persona.api_key for persona in start.personas if persona.api_key), "")
    return f"curl -H 'X-API-Key: {key}' {start.api_url}/rooms/my"
