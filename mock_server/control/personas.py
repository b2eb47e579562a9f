"""Ready credentials: who can be signed in as, without signing in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from mock_server.domain.entities import Preset, User, World
from mock_server.env import Call, Env
from mock_server.http.tokens import mint_access_token
from mock_server.http.views import View, user_view
from mock_server.seeds import Persona, person_id, sign_in_id
from mock_server.storage.indexes import PRESETS_OF_USER
from mock_server.storage.protocol import Transaction

# Long enough that nobody meets its end by accident.
_LIFETIME = timedelta(days=3650)
_LONG_AGO = timedelta(days=1)
# They are nobody: their tokens don't say whose they are.
_NOBODY = ("expired", "malformed")


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonaCredentials:
    """Hold a persona's name, what it is for, its user and what it signs in with."""

    name: str
    description: str
    user: User | None
    access_token: str
    api_key: str | None
    email: str | None
    password: str | None
    usable: bool


def personas_of(env: Env, tx: Transaction) -> list[PersonaCredentials]:
    """Return the personas of the world's seed file; their tokens stay valid over a reset."""
    world = tx.get(World, "world")
    assert world is not None, "the store has no world"
    return [_credentials(env, tx, world, persona) for persona in env.seed_file.personas]


def _credentials(env: Env, tx: Transaction, world: World, persona: Persona) -> PersonaCredentials:
    user = tx.get(User, person_id(env.seed, persona.person_key))
    somebody = persona.name not in _NOBODY
    return PersonaCredentials(
        name=persona.name,
        description=persona.description,
        user=user if somebody else None,
        access_token="" if user is None else _token(env, world, persona, user),
        api_key=persona.api_key,
        email=persona.email,
        password=persona.password,
        usable=somebody and user is not None and user.is_active,
    )


def _token(env: Env, world: World, persona: Persona, user: User) -> str:
    expired = persona.name == "expired"
    token = mint_access_token(
        env.settings.token_secret,
        user,
        sign_in_id(env.seed, persona.person_key),
        now=world.created_at - (_LONG_AGO if expired else timedelta()),
        lifetime=timedelta(hours=1) if expired else _LIFETIME,
    )
    # Cut in the middle of its payload, so that it is no JWT at all.
    return token[: len(token) // 2] if persona.name == "malformed" else token


def list_personas(call: Call) -> View:
    """List the personas with their credentials, and what else a test needs to begin."""
    settings = call.env.settings
    personas = personas_of(call.env, call.tx)
    listing: View = {
        "personas": [_view(persona) for persona in personas],
        "livekit": {"api_key": settings.livekit_key, "api_secret": settings.livekit_secret},
    }
    host = next((persona.user for persona in personas if persona.name == "host"), None)
    preset = _oldest_preset(call, host.id) if host else None
    return listing if preset is None else {**listing, "preset_id": preset.id}


def _oldest_preset(call: Call, host: str) -> Preset | None:
    """Return the preset that was there first: what others have just made may go any moment."""
    count = call.tx.count(PRESETS_OF_USER, host)
    found = call.tx.page(PRESETS_OF_USER, host, offset=max(count - 1, 0), limit=1)
    return next(iter(found), None)


def _view(persona: PersonaCredentials) -> View:
    optional = {
        "user": None if persona.user is None else user_view(persona.user),
        "api_key": persona.api_key,
        "email": persona.email,
        "password": persona.password,
    }
    return {
        "name": persona.name,
        "description": persona.description,
        "access_token": persona.access_token,
        "usable": persona.usable,
        **{name: value for name, value in optional.items() if value is not None},
    }
