"""Ids, keys and numbers as functions of (seed, name): the same in any order, store or process."""

from __future__ import annotations

from hashlib import blake2b

# The alphabet of LiveKit's ids: no 0, 1, I, O or l, which people mistake for each other.
BASE57 = "23456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"


def derive_bytes(seed: int, *name: object, size: int = 16) -> bytes:
    """Return `size` bytes (1 to 64) that depend on the seed and every part of the name."""
    text = "\x1f".join(map(str, (seed, *name)))
    return blake2b(text.encode(), digest_size=size).digest()


def derive_number(seed: int, *name: object, below: int) -> int:
    """Return a whole number from 0 to `below` - 1."""
    return int.from_bytes(derive_bytes(seed, *name, size=8)) % below


def derive_fraction(seed: int, *name: object) -> float:
    """Return a number from 0 to 1, 1 excluded."""
    return (int.from_bytes(derive_bytes(seed, *name, size=8)) >> 11) / (1 << 53)


def derive_uuid(seed: int, *name: object) -> str:
    """Return a version 4 uuid in lower case."""
    raw = bytearray(derive_bytes(seed, *name))
    # The version and the variant stand in these bits (RFC 9562, 4.1, 4.2).
    raw[6] = raw[6] & 0x0F | 0x40
    raw[8] = raw[8] & 0x3F | 0x80
    text = raw.hex()
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def derive_base57(seed: int, *name: object, length: int) -> str:
    """Return `length` base57 characters, as in LiveKit's ids and stream keys."""
    number = int.from_bytes(derive_bytes(seed, *name, size=64))
    characters = []
    for _ in range(length):
        number, remainder = divmod(number, 57)
        characters.append(BASE57[remainder])
    return "".join(characters)


def derive_token(seed: int, *name: object) -> str:
    """Return 43 characters of an opaque token, safe in URLs and headers."""
    return derive_base57(seed, "token", *name, length=43)
