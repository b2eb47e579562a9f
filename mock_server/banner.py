"""What the mock says when it is ready: addresses, credentials, and one request to try."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mock_server import __version__
from mock_server.control.personas import PersonaView


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """Hold what the banner tells; URLs without a slash at the end."""

    api_url: str
    control_url: str
    contract_version: str
    published: int
    decided: int
    store: str
    world: str
    personas: Sequence[PersonaView]


def banner(start: Start) -> str:
    """Write the banner, `Ready` on its last line."""
    operations = start.published + start.decided
    lines = [
        f"greenroom {__version__}",
        "",
        f"  API      {start.api_url}",
        f"           contract {start.contract_version}: {operations} operations, "
        f"{start.published} published, {start.decided} decided",
        f"  Docs     {start.api_url}/ui",
        f"  Control  {start.control_url}/ui",
        f"  Store    {start.store}",
        f"  World    {start.world}",
        "  Clock    real time",
        "",
    ]
    for persona in start.personas:
        if persona.usable:
            lines += [f"  {persona.name:<13} X-API-Key: {persona.api_key}"]
    lines += ["", *_tokens(start.personas), ""]
    lines += [f"Try: curl {start.api_url}/sessions/live", "Ready (Ctrl+C to quit)"]
    return "\n".join(lines)
