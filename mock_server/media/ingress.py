"""Where an encoder sends its stream, and where players read it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self
from urllib.parse import urlsplit

from mock_server.domain.identity import derive_base57

_KEY_LENGTH = 12


_INSTRUCTIONS = {
    "step1": "In OBS Studio, open Settings > Stream and choose Custom as the service.",
    "step2": "Copy the server address and the stream key into the fields of these names.",
    "step3": "Close the settings and choose Start Streaming.",
}


def stream_key(seed: int, session_id: str) -> str:
    """Return the 12 base57 characters an encoder names a session's stream by."""
    return derive_base57(seed, "stream_key", session_id, length=_KEY_LENGTH)


def ingress_id(seed: int, session_id: str) -> str:
    """Return the id of a session's ingress in LiveKit's form, `IN_` and 12 base57 characters."""
    return "IN_" + derive_base57(seed, "ingress", session_id, length=_KEY_LENGTH)


@dataclass(frozen=True, slots=True)
class Addresses:
    """Hold where a caller reaches the mock: over HTTP, such as `http://127.0.0.1:4010`, and where
    an encoder does, such as `rtmp://127.0.0.1:1935/live`.
    """

    base_url: str
    rtmp_url: str

    @classmethod
    def under(cls, base_url: str, rtmp_host: str | None = None, rtmp_port: int = 1935) -> Self:
        """Return the addresses under one; `rtmp_host` is the same host where it is left out."""
        host = rtmp_host or urlsplit(base_url).hostname or "127.0.0.1"
        return cls(base_url.rstrip("/"), f"rtmp://{_bracketed(host)}:{rtmp_port}/live")

    def whip_url(self, key: str) -> str:
        """Return the address a browser publishes to."""
        return f"{self.base_url}/whip/{key}"

    def hls_url(self, session_id: str) -> str:
        """Return the address a player reads a session's broadcast from."""
        return f"{self.base_url}/hls/{session_id}/index.m3u8"


def rtmp_setup(addresses: Addresses, key: str) -> dict[str, Any]:
    """Return what a host types into OBS, as the contract's `rtmp_setup`."""
    return {
        "server": addresses.rtmp_url,
        "stream_key": key,
        "instructions": _INSTRUCTIONS,
    }


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host and not host.startswith("[") else host
