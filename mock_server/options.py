"""Values of the command's options: read, or refused with what they must be."""

from __future__ import annotations

import argparse
import re
from urllib.parse import urlsplit

_LAST_PORT = 65_535
_MOST_WORLDS = 10_000
_LONGEST_IDLE = 10**9
_HOST_NAME = re.compile(r"\.?[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*", re.ASCII)
# What a header can carry. Short ones can be guessed: nothing counts the attempts.
_TOKEN = re.compile(r"[!-~]{16,200}", re.ASCII)
_LIVEKIT = re.compile(r"[!-~]{1,200}", re.ASCII)
_MOST_CONNECTIONS = 1_000_000
# Three target durations, which no playlist may be shorter than, and an hour: one of more would
# take long to write, every two seconds anew.
_SHORTEST_WINDOW, _LONGEST_WINDOW = 6, 3600
_MOST_PUBLISHERS = 1000
_ICE_SERVER = re.compile(
    r"(?P<scheme>stuns?|turns?):(?:(?P<name>[^:@\s\"\\]+):(?P<credential>[^@\s\"\\]+)@)?"
    r"(?P<rest>[A-Za-z0-9.\[\]:-]+(?:\?transport=(?:udp|tcp))?)",
    re.ASCII,
)
_LONGEST_JOURNAL = 10_000
# Seeds are kept with the world, where numbers have 64 bits.
_LARGEST_SEED = 2**63 - 1


def port(text: str) -> int:
    """Read a port, 0 for any free one."""
    return _integer(text, 0, _LAST_PORT)


def seed(text: str) -> int:
    """Read a seed."""
    return _integer(text, 0, _LARGEST_SEED)


def connections(text: str) -> int:
    """Read a number of connections."""
    return _integer(text, 1, _MOST_CONNECTIONS)


def publishers(text: str) -> int:
    """Read how many may publish to a process at once."""
    return _integer(text, 0, _MOST_PUBLISHERS)


def ice_server(text: str) -> str:
    """Read a STUN or TURN server, as the `Link` that publishers are sent (RFC 9725, 4.6)."""
    found = _ICE_SERVER.fullmatch(text)
    turns = found is not None and found["scheme"].startswith("turn")
    if found is None or turns != (found["name"] is not None):
        raise argparse.ArgumentTypeError(
            "the server must be like stun:stun.test:3478 or turn:name:credential@turn.test:3478"
        )
    link = f'<{found["scheme"]}:{found["rest"]}>; rel="ice-server"'
    if not turns:
        return link
    return (
        f'{link}; username="{found["name"]}"; credential="{found["credential"]}"; '
        'credential-type="password"'
    )


def max_worlds(text: str) -> int:
    """Read how many worlds and snapshots there may be."""
    return _integer(text, 1, _MOST_WORLDS)


def world_idle(text: str) -> int:
    """Read after how many seconds without use a world may go."""
    return _integer(text, 1, _LONGEST_IDLE)


def dvr_window(text: str) -> int:
    """Read how many seconds of a broadcast players can go back."""
    return _integer(text, _SHORTEST_WINDOW, _LONGEST_WINDOW)


def journal(text: str) -> int:
    """Read how many exchanges a world's journal keeps, 0 for none."""
    return _integer(text, 0, _LONGEST_JOURNAL)


def origin(text: str) -> str:
    """Read a browser's origin, or `*` for any."""
    if text != "*" and not _is_address(text, with_path=False):
        raise argparse.ArgumentTypeError(f"`{text}` is no origin, must be like https://studio.test")
    return text


def allowed_host(text: str) -> str:
    """Read a name of the mock's host, `.name` for all below it."""
    if not _HOST_NAME.fullmatch(text):
        raise argparse.ArgumentTypeError(
            f"`{text}` is no name of a host, must be like mock.test (or .test for all below it)"
        )
    return text


def control_token(text: str) -> str:
    """Read the token of the control plane."""
    if not _TOKEN.fullmatch(text):
        # The token itself is not repeated: what is refused is printed.
        raise argparse.ArgumentTypeError(
            "the token must be 16 to 200 letters, digits and signs, without spaces"
        )
    return text


def livekit_key(text: str) -> str:
    """Read the key or the secret of a LiveKit server."""
    if not _LIVEKIT.fullmatch(text):
        # Not repeated: it may be a secret.
        raise argparse.ArgumentTypeError(
            "what LiveKit's tokens are signed with must be 1 to 200 letters, digits and signs, "
            "without spaces"
        )
    return text


def public_url(text: str) -> str:
    """Read the address at which clients reach the mock."""
    if not _is_address(text, with_path=True):
        raise argparse.ArgumentTypeError(f"`{text}` is no address, must be like https://mock.test")
    return text


def webhook(text: str) -> str:
    """Read an address that webhooks are sent to."""
    try:
        parts = urlsplit(text)
        named = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        named = False
    if not named or parts.fragment or not text.isascii() or not text.isprintable():
        raise argparse.ArgumentTypeError(
            f"`{text}` is no address, must be like http://127.0.0.1:3000/livekit"
        )
    if "@" in parts.netloc:
        # It would stand in the log of deliveries; not repeated here either.
        raise argparse.ArgumentTypeError("the address has a password, must have none")
    return text


def _integer(text: str, least: int, most: int) -> int:
    digits = text.isascii() and text.isdigit() and len(text) <= len(str(most))
    if not digits or not least <= int(text) <= most:
        raise argparse.ArgumentTypeError(f"`{text}` must be an integer from {least} to {most}")
    return int(text)


def _is_address(text: str, *, with_path: bool) -> bool:
    try:
        parts = urlsplit(text)
        named = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
    return named and not parts.query and not parts.fragment and (with_path or not parts.path)
