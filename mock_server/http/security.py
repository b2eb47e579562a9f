"""Who is calling: a bearer token or an API key, read from the headers."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from mock_server.domain.entities import ApiKey, SignIn, User, World
from mock_server.domain.errors import Unauthenticated
from mock_server.http.tokens import Claims, verify_access_token
from mock_server.storage.protocol import Transaction

_MAX_VERIFIED = 4096
# The id of the user whom everybody is taken for in a world, None where it has none such.
StandIn = Callable[[World], str | None]


class Authenticator:
    """Find the caller of a request; remembers which tokens had a good signature.

    With a stand-in nobody is refused: who can't be identified is taken for that user.
    """

    def __init__(self, secret: str, stand_in: StandIn | None = None) -> None:
        self._secret = secret
        self._stand_in = stand_in
        self._verified: dict[str, Claims] = {}
        # Whose each key was when it was last used.
        self._owners: dict[str, str] = {}

    def identify(
        self,
        authorization: tuple[bytes, ...],
        api_keys: tuple[bytes, ...],
        tx: Transaction,
        now: datetime,
    ) -> User:
        """Return the caller: any usable credential opens, the bearer token wins.

        Raises Unauthenticated with the reason of the first unusable one.
        """
        refusal = None
        if authorization:
            try:
                return self._by_token(authorization, tx, now)
            except Unauthenticated as error:
                refusal = error
        if api_keys:
            try:
                return self._by_key(api_keys, tx)
            except Unauthenticated as error:
                refusal = refusal or error
        if self._stand_in is not None:
            return self._anybody(self._stand_in, tx)
        raise refusal or Unauthenticated(
            "no credentials, must send `Authorization: Bearer <token>` or `X-API-Key: <key>`"
        )

    def needed(
        self, authorization: tuple[bytes, ...], api_keys: tuple[bytes, ...]
    ) -> tuple[tuple[type[Any], str], ...]:
        """Return what `identify` will ask a store for, as far as the headers tell: a hint."""
        found: list[tuple[type[Any], str]] = []
        if self._stand_in is not None:
            found.append((World, "world"))
        if len(authorization) == 1:
            token = authorization[0].decode("latin-1").strip().partition(" ")[2].strip()
            try:
                claims = self._claims(token)
            except Unauthenticated:
                pass
            else:
                found.append((User, claims.subject))
                if claims.sign_in_id is not None:
                    found.append((SignIn, claims.sign_in_id))
        if len(api_keys) == 1:
            key = api_keys[0].decode("latin-1").strip()
            found.append((ApiKey, key))
            if key in self._owners:
                found.append((User, self._owners[key]))
        return tuple(found)

    def _anybody(self, stand_in: StandIn, tx: Transaction) -> User:
        world = tx.get(World, "world")
        user_id = None if world is None else stand_in(world)
        return _active(
            None if user_id is None else tx.get(User, user_id),
            "`--auth off` takes everybody for the persona `host`, but this world has none",
        )

    def _by_token(self, values: tuple[bytes, ...], tx: Transaction, now: datetime) -> User:
        if len(values) > 1:
            raise Unauthenticated(f"{len(values)} Authorization headers, must be one")
        scheme, _, token = values[0].decode("latin-1").strip().partition(" ")
        if scheme.lower() != "bearer" or not token.strip():
            raise Unauthenticated("the Authorization header must be `Bearer <token>`")
        claims = self._claims(token.strip())
        seconds = now.timestamp()
        if seconds >= claims.expires:
            raise Unauthenticated("the token has expired, sign in or refresh for a new one")
        if seconds < claims.not_before:
            raise Unauthenticated("the token is not valid yet")
        if claims.sign_in_id is not None and tx.get(SignIn, claims.sign_in_id) is None:
            raise Unauthenticated("the token's sign-in has ended, sign in for a new one")
        return _active(tx.get(User, claims.subject), "the token's user is not known here")

    def _claims(self, token: str) -> Claims:
        claims = self._verified.get(token)
        if claims is None:
            claims = verify_access_token(self._secret, token)
            if len(self._verified) >= _MAX_VERIFIED:
                self._verified.clear()
            self._verified[token] = claims
        return claims

    def _by_key(self, values: tuple[bytes, ...], tx: Transaction) -> User:
        if len(values) > 1:
            raise Unauthenticated(f"{len(values)} X-API-Key headers, must be one")
        key = tx.get(ApiKey, values[0].decode("latin-1").strip())
        if key is None:
            raise Unauthenticated("the API key is not known here")
        self._owners[key.id] = key.user_id
        return _active(tx.get(User, key.user_id), "the API key's user is not known here")


def _active(user: User | None, unknown: str) -> User:
    if user is None:
        raise Unauthenticated(unknown)
    if not user.is_active:
        raise Unauthenticated("the user's account is not active")
    return user
