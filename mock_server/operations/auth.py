"""Sign-in: passwords, device tokens, one-time codes and the tokens they give."""

from __future__ import annotations

from datetime import timedelta
from hmac import compare_digest

from mock_server.domain.entities import (
    AuthCode,
    DeviceToken,
    RefreshToken,
    Session,
    SignIn,
    User,
)
from mock_server.domain.errors import NotFound, Unauthenticated
from mock_server.domain.identity import derive_token, derive_uuid
from mock_server.env import Call
from mock_server.http.tokens import mint_access_token
from mock_server.http.views import View, user_view
from mock_server.realism import guest_email, mailbox
from mock_server.storage.indexes import TOKENS_OF_SIGN_IN, USER_BY_EMAIL

_CODE_LIFETIME = timedelta(minutes=5)


def login(call: Call) -> View:
    """Sign in with email and password."""
    user = call.tx.first(USER_BY_EMAIL, call.body["email"].casefold())
    password = call.body["password"].encode()
    if user is None or user.password is None:
        raise Unauthenticated("`login`: email or password is wrong")
    if not compare_digest(user.password.encode(), password):
        raise Unauthenticated("`login`: email or password is wrong")
    return _signed_in(call, _user(call, user.id))


def register_viewer(call: Call) -> View:
    """Make a viewer who has only a display name, and sign in."""
    number = call.tx.next_number()
    seed = call.env.seed
    user = _guest(call, derive_uuid(seed, "viewer", number))
    device = DeviceToken(
        id=derive_token(seed, "device", number), user_id=user.id, created_at=call.now
    )
    call.tx.put(user)
    call.tx.put(device)
    return {**_signed_in(call, user), "device_token": device.id}


def device_login(call: Call) -> View:
    """Sign in again with a device token, any number of times."""
    device = call.tx.get(DeviceToken, call.body["device_token"])
    if device is None:
        raise Unauthenticated("`device_login`: the device token is not known here")
    return _signed_in(call, _user(call, device.user_id))


def refresh_tokens(call: Call) -> View:
    """Spend a refresh token for a new pair."""
    token = _spend_refresh_token(call)
    return _tokens(call, _user(call, token.user_id), token.sign_in_id)


def logout(call: Call) -> View:
    """End the sign-in of a refresh token, its access tokens included."""
    token = _spend_refresh_token(call)
    others = call.tx.count(TOKENS_OF_SIGN_IN, token.sign_in_id)
    for other in call.tx.page(TOKENS_OF_SIGN_IN, token.sign_in_id, offset=0, limit=others):
        call.tx.delete(RefreshToken, other.id)
    call.tx.delete(SignIn, token.sign_in_id)
    return {}


def create_auth_code(call: Call) -> View:
    """Make a code that signs the caller in elsewhere, once."""
    session_id = call.body["session_id"].lower()
    if call.tx.get(Session, session_id) is None:
        raise NotFound(f"`create_auth_code`: no session has the id {session_id[:60]}")
    code = AuthCode(
        id=derive_token(call.env.seed, "code", call.tx.next_number()),
        user_id=call.user.id,
        session_id=session_id,
        expires_at=call.now + _CODE_LIFETIME,
        created_at=call.now,
    )
    call.tx.put(code)
    return {"code": code.id, "expires_in": int(_CODE_LIFETIME.total_seconds())}


def exchange_auth_code(call: Call) -> View:
    """Spend a code and sign in as the caller who made it."""
    code = call.tx.get(AuthCode, call.body["code"])
    if code is None or call.now >= code.expires_at:
        raise Unauthenticated("`exchange_auth_code`: the code is unknown, spent or expired")
    call.tx.delete(AuthCode, code.id)
    return _signed_in(call, _user(call, code.user_id))


def get_me(call: Call) -> View:
    """Show the caller."""
    return user_view(call.user)


def _guest(call: Call, user_id: str) -> User:
    name: str = call.body["display_name"]
    return User(
        id=user_id,
        external_user_id=derive_uuid(call.env.seed, "external", user_id),
        organization_id=derive_uuid(call.env.seed, "organization", "guests"),
        library_id=derive_uuid(call.env.seed, "library", user_id),
        email=guest_email(mailbox(name), user_id),
        username=name,
        role="viewer",
        created_at=call.now,
    )


def _user(call: Call, user_id: str) -> User:
    user = call.tx.get(User, user_id)
    if user is None or not user.is_active:
        raise Unauthenticated(f"`{call.operation}`: the user's account is not active")
    return user


def _spend_refresh_token(call: Call) -> RefreshToken:
    token = call.tx.get(RefreshToken, call.body["refresh_token"])
    if token is None:
        raise Unauthenticated(f"`{call.operation}`: the refresh token is unknown or spent")
    call.tx.delete(RefreshToken, token.id)
    return token


def _signed_in(call: Call, user: User) -> View:
    sign_in = SignIn(
        id=derive_uuid(call.env.seed, "sign_in", call.tx.next_number()),
        user_id=user.id,
        created_at=call.now,
    )
    call.tx.put(sign_in)
    return _tokens(call, user, sign_in.id)


def _tokens(call: Call, user: User, sign_in_id: str) -> View:
    number = call.tx.next_number()
    refresh = RefreshToken(
        id=derive_token(call.env.seed, "refresh", number),
        user_id=user.id,
        sign_in_id=sign_in_id,
        created_at=call.now,
    )
    call.tx.put(refresh)
    access = mint_access_token(
        call.env.settings.token_secret, user, sign_in_id, now=call.now, serial=number
    )
    return {"user": user_view(user), "access_token": access, "refresh_token": refresh.id}
