"""Credentials taken out of what is shown: headers, addresses, and bodies, whole or cut."""

from __future__ import annotations

import re
from collections.abc import Callable

REDACTED = "…redacted"
# What stands in a credential's place, by its name and its value.
Instead = Callable[[str, str], str]

_NAME = r"(?:[\w-]*(?:password|passwd|secret|token|key)|code)"
# A text, perhaps one that was cut; what is no text; or all the rest where it has parts.
_VALUE = r'(?P<value>"(?:[^"\\]|\\.)*(?:"|\\?\Z)|[\[{].*|[^\s,}\]]+)'
_FIELD = re.compile(rf'"(?P<name>{_NAME})"(?P<colon>\s*:\s*){_VALUE}', re.IGNORECASE | re.DOTALL)
_PAIR = re.compile(rf"(?P<before>^|[?&;])(?P<name>{_NAME})=(?P<value>[^&;#\s]*)", re.IGNORECASE)
_JWT = re.compile(r"eyJ[\w-]{4,}\.[\w.-]*")
# The key that lets an encoder in is part of its address.
_INGRESS = re.compile(r"/whip/(?P<value>[^/?#\"\\\s]+)")
_CREDENTIAL_HEADER = re.compile(
    r"(?:proxy-)?authorization|[\w-]*(?:password|secret|token|key)|(?:set-)?cookie", re.IGNORECASE
)
# The one cookie that is no credential names the world.
_WORLD_COOKIE = "mock_world"


def redacted(_name: str, _value: str) -> str:
    """Return what stands in the place of any credential that is shown."""
    return REDACTED


def redact_text(text: str, instead: Instead = redacted) -> str:
    """Return a body or an address without its credentials; the rest stays as it is."""
    text = _FIELD.sub(
        lambda m: f'"{m["name"]}"{m["colon"]}"{instead(m["name"], m["value"])}"', text
    )
    text = _PAIR.sub(lambda m: f"{m['before']}{m['name']}={instead(m['name'], m['value'])}", text)
    text = _INGRESS.sub(lambda m: f"/whip/{instead('stream_key', m['value'])}", text)
    return _JWT.sub(lambda m: instead("token", m[0]), text)


def redact_header(name: str, value: str, instead: Instead = redacted) -> str:
    """Return a header's value without the credentials in it."""
    if not _CREDENTIAL_HEADER.fullmatch(name):
        return redact_text(value, instead)
    if name.lower() == "cookie":
        return "; ".join(_cookie(each.strip(), instead) for each in value.split(";"))
    scheme, space, credentials = value.partition(" ")
    if name.lower().endswith("authorization") and space:
        return f"{scheme} {instead('token', credentials)}"
    return instead(name, value)


def _cookie(pair: str, instead: Instead) -> str:
    name, _, value = pair.partition("=")
    return pair if name == _WORLD_COOKIE else f"{name}={instead(name, value)}"
