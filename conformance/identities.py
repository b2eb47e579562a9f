"""Who the suite speaks as: credentials from a file, the environment or the mock itself."""

from __future__ import annotations

import base64
import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

Json = Any

ROLES = ("host", "other_host", "viewer")
ENVIRONMENT = {
    "host": "GREENROOM_HOST_TOKEN",
    "other_host": "GREENROOM_OTHER_HOST_TOKEN",
    "viewer": "GREENROOM_VIEWER_TOKEN",
}


@dataclass(frozen=True, slots=True)
class Identity:
    """One caller: a name, and what it signs in with."""

    name: str
    token: str = field(repr=False)
    email: str | None = None
    password: str | None = field(default=None, repr=False)

    @property
    def placeholder(self) -> str:
        """Return the shell variable that stands for the token in a printed command."""
        return f"${self.name.upper()}_TOKEN"


@dataclass(frozen=True, slots=True)
class Identities:
    """Every credential the suite was given; what is missing is None."""

    host: Identity | None = None
    other_host: Identity | None = None
    viewer: Identity | None = None
    expired: Identity | None = None
    malformed: Identity | None = None
    api_key: str | None = field(default=None, repr=False)
    preset_id: str | None = None
    livekit_secret: str | None = field(default=None, repr=False)
    source: str = "nowhere"

    def named(self, name: str) -> Identity | None:
        """Return the identity of that name, or None when it was not given."""
        found: Identity | None = getattr(self, name)
        return found


class BadIdentities(Exception):
    """Identities were given in a form the suite cannot read."""


def from_environment(environment: Mapping[str, str]) -> Identities | None:
    """Read identities from environment variables; None when none of them is set."""
    found = {
        role: Identity(role, token)
        for role, variable in ENVIRONMENT.items()
        if (token := environment.get(variable))
    }
    api_key = environment.get("GREENROOM_API_KEY") or None
    if not found and api_key is None:
        return None
    preset_id = environment.get("GREENROOM_PRESET_ID") or None
    return Identities(
        host=found.get("host"),
        other_host=found.get("other_host"),
        viewer=found.get("viewer"),
        api_key=api_key,
        preset_id=preset_id,
        source="the environment",
    )


def from_file(path: Path) -> Identities:
    """Read identities from a TOML file.

    Tables `host`, `other_host` and `viewer` hold `token`, and for a host also `email` and
    `password`; `api_key` and `preset_id` stand at the top. Raises BadIdentities.
    """
    try:
        document = tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise BadIdentities(f"`{path}` cannot be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadIdentities(f"`{path}` is not TOML: {error}") from error
    _refuse_unknown(document, path)
    found = {role: _from_table(path, role, document[role]) for role in ROLES if role in document}
    return Identities(
        host=found.get("host"),
        other_host=found.get("other_host"),
        viewer=found.get("viewer"),
        api_key=_text(path, document, "api_key"),
        preset_id=_text(path, document, "preset_id"),
        source=f"`{path}`",
    )


def _refuse_unknown(document: Json, path: Path) -> None:
    known = (*ROLES, "api_key", "preset_id")
    for name in document:
        if name not in known:
            listed = ", ".join(f"`{word}`" for word in known)
            raise BadIdentities(f"`{path}` names `{name}`, it may name {listed}")


def _from_table(path: Path, role: str, table: Json) -> Identity:
    if not isinstance(table, dict) or not table.get("token"):
        raise BadIdentities(f'`{path}` must give `{role}` a token: `[{role}]` and `token = "…"`')
    return Identity(
        role,
        _text(path, table, "token") or "",
        _text(path, table, "email"),
        _text(path, table, "password"),
    )


def _text(path: Path, table: Json, name: str) -> str | None:
    value = table.get(name)
    if value is not None and not isinstance(value, str):
        raise BadIdentities(f"`{path}` gives `{name}` the value `{value}`, it must be a string")
    return value


def from_personas(body: Json) -> Identities | None:
    """Read identities from the answer of `/_mock/personas`; None when it is not such an answer."""
    try:
        data = body["data"]
        personas = {persona["name"]: persona for persona in data["personas"]}
    except (KeyError, TypeError):
        return None
    found = {
        name: Identity(name, persona["access_token"], persona.get("email"), persona.get("password"))
        for name, persona in personas.items()
        if name in (*ROLES, "expired", "malformed") and persona.get("access_token")
    }
    return Identities(
        **found,
        api_key=personas.get("host", {}).get("api_key"),
        preset_id=data.get("preset_id"),
        livekit_secret=(data.get("livekit") or {}).get("api_secret"),
        source="`/_mock/personas`",
    )


def merged(first: Identities, second: Identities | None) -> Identities:
    """Return the first with what it lacks taken from the second."""
    if second is None:
        return first
    names = ("host", "other_host", "viewer", "api_key", "preset_id")
    lacking = {name: getattr(second, name) for name in names if getattr(first, name) is None}
    return replace(first, **lacking)


def header(token: str) -> dict[str, Json]:
    """Return the header of a JWT, empty when it is none."""
    try:
        found = json.loads(unpadded(token.partition(".")[0]))
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def claims(token: str) -> dict[str, Json] | None:
    """Return the claims of a JWT without checking its signature, or None when it is no JWT."""
    parts = token.split(".")
    if len(parts) != 3:  # noqa: PLR2004 - header, claims, signature
        return None
    try:
        found = json.loads(unpadded(parts[1]))
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def unpadded(text: str) -> bytes:
    """Decode base64url without its padding.

    Raises ValueError when the text is not base64url.
    """
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
