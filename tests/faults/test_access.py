from __future__ import annotations

import base64
import json

import pytest

fault = pytest.mark.fault
UNKNOWN = "/sessions/00000000-0000-4000-8000-000000000000"


def me(mock, token, **more):
    headers = {"Authorization": f"Bearer {token}", **more}
    return mock.status("GET", "/auth/me", headers=headers)


def encoded(value):
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


def unsigned(mock):
    return f"{encoded({'alg': 'none'})}.{mock.token('host').split('.')[1]}."


def forged(mock):
    head, claims, signature = mock.token("host").split(".")
    return f"{head}.{claims}.{signature[::-1]}"


def kinds(mock):
    """How a token of each unusable kind, and a good one, are answered."""
    tokens = (mock.token("expired"), unsigned(mock), forged(mock), "rubbish", mock.token("host"))
    return [me(mock, token) for token in tokens]


@fault("viewers-create-rooms")
def test_a_viewer_creates_no_room(judge):
    def status(mock):
        return mock.status("POST", "/rooms", by="viewer", json={"title": "Launch"})

    judge(status, right=403, wrong=201)


@fault("viewers-list-presets")
def test_a_viewer_lists_no_presets(judge):
    def status(mock):
        return mock.status("GET", "/presets", by="viewer")

    judge(status, right=403, wrong=200)


@fault("anybody-changes-rooms")
def test_another_host_changes_no_room(judge):
    def statuses(mock):
        path = f"/rooms/{mock.room()}"
        change = mock.status("PATCH", path, by="other_host", json={"title": "Mine"})
        return change, mock.status("DELETE", path, by="other_host")

    judge(statuses, right=(403, 403), wrong=(200, 403))


@fault("anybody-ends-sessions")
def test_another_host_ends_no_session(judge):
    def status(mock):
        return mock.status("POST", f"/sessions/{mock.live()}/end", by="other_host")

    judge(status, right=403, wrong=200)


@fault("anybody-changes-settings")
def test_a_viewer_changes_no_settings(judge):
    def status(mock):
        body = {"chat_enabled": False}
        return mock.status("PATCH", f"/sessions/{mock.session()}/settings", by="viewer", json=body)

    judge(status, right=403, wrong=200)


@fault("anybody-lists-room-sessions")
def test_another_host_lists_no_sessions_of_a_room(judge):
    def status(mock):
        return mock.status("GET", f"/rooms/{mock.room()}/sessions", by="other_host")

    judge(status, right=403, wrong=200)


@fault("ownership-hidden-by-404")
def test_existence_is_not_hidden(judge):
    def statuses(mock):
        session = mock.session()
        ways = (("DELETE", f"/sessions/{session}"), ("POST", "/rooms"), ("DELETE", UNKNOWN))
        by = ("other_host", "viewer", "host")
        return [
            mock.status(*way, by=who, json={"title": "Launch"})
            for way, who in zip(ways, by, strict=True)
        ]

    judge(statuses, right=[403, 403, 404], wrong=[404, 403, 404])


@fault("strangers-get-403")
def test_a_stranger_is_asked_to_sign_in(judge):
    def statuses(mock):
        return mock.status("GET", "/auth/me"), me(mock, "rubbish")

    judge(statuses, right=(401, 401), wrong=(403, 401))


@fault("challenge-missing")
def test_a_401_has_a_challenge(judge):
    def challenged(mock):
        return "www-authenticate" in mock.send("GET", "/auth/me").headers

    judge(challenged, right=True, wrong=False)


@fault("expired-token-accepted")
def test_an_expired_token_is_refused(judge):
    judge(kinds, right=[401, 401, 401, 401, 200], wrong=[200, 401, 401, 401, 200])


@fault("unsigned-token-accepted")
def test_an_unsigned_token_is_refused(judge):
    judge(kinds, right=[401, 401, 401, 401, 200], wrong=[401, 200, 401, 401, 200])


@fault("forged-token-accepted")
def test_a_forged_token_is_refused(judge):
    judge(kinds, right=[401, 401, 401, 401, 200], wrong=[401, 401, 200, 401, 200])


@fault("garbage-token-accepted")
def test_garbage_is_refused(judge):
    judge(kinds, right=[401, 401, 401, 401, 200], wrong=[401, 401, 401, 200, 200])


@fault("api-key-ignored")
def test_an_api_key_opens(judge):
    def statuses(mock):
        return mock.status("GET", "/auth/me", by="host"), me(mock, mock.token("host"))

    judge(statuses, right=(200, 200), wrong=(401, 200))


@fault("answer-kept-for-another-key")
def test_each_key_gets_its_own_answer(judge):
    def statuses(mock):
        keys = ("greenroom-host-key", "no-such-key")
        return [mock.status("GET", "/auth/me", headers={"X-API-Key": key}) for key in keys]

    judge(statuses, right=[200, 401], wrong=[200, 200])


@fault("bad-bearer-hides-good-key")
def test_a_good_key_opens_beside_a_bad_bearer(judge):
    def statuses(mock):
        key = {"X-API-Key": "greenroom-host-key"}
        return me(mock, "rubbish", **key), mock.status("GET", "/auth/me", headers=key)

    judge(statuses, right=(200, 200), wrong=(401, 200))


@fault("api-key-beats-bearer")
def test_the_bearer_wins_over_the_key(judge):
    def who(mock):
        headers = {
            **mock.bearer(mock.token("host"))["headers"],
            "X-API-Key": "greenroom-viewer-key",
        }
        return mock.data("GET", "/auth/me", headers=headers)["role"]

    judge(who, right="host", wrong="viewer")


@fault("live-list-needs-credentials")
def test_a_public_list_asks_for_nothing(judge):
    def statuses(mock):
        return mock.status("GET", "/sessions/live"), mock.status("GET", "/sessions/live", by="host")

    judge(statuses, right=(200, 200), wrong=(401, 200))


@fault("public-refuses-bad-token")
def test_a_public_list_ignores_a_bad_token(judge):
    def statuses(mock):
        tokens = ("rubbish", mock.token("expired"), mock.token("host"))
        return [mock.status("GET", "/rooms", **mock.bearer(token)) for token in tokens]

    judge(statuses, right=[200, 200, 200], wrong=[401, 401, 200])


@fault("state-before-ownership")
def test_the_state_is_told_to_the_owner_only(judge):
    def statuses(mock):
        session = mock.session()
        ways = ("end", "start")
        return [mock.status("POST", f"/sessions/{session}/{way}", by="other_host") for way in ways]

    judge(statuses, right=[403, 403], wrong=[409, 403])


@fault("lookup-before-credentials")
def test_credentials_are_asked_for_before_the_id(judge):
    def statuses(mock):
        return mock.status("DELETE", UNKNOWN), mock.status("DELETE", f"/rooms/{mock.room()}")

    judge(statuses, right=(401, 401), wrong=(404, 401))


@fault("role-before-body")
def test_the_body_is_judged_before_the_role(judge):
    def statuses(mock):
        return [mock.status("POST", "/rooms", by=by, json={}) for by in ("viewer", "host")]

    judge(statuses, right=[422, 422], wrong=[403, 422])


@fault("body-before-credentials")
def test_strangers_are_asked_who_they_are_first(judge):
    def statuses(mock):
        types = ("text/plain", "application/json")
        sent = [{"content": b"{}", "headers": {"Content-Type": each}} for each in types]
        return [mock.status("POST", "/rooms", **each) for each in sent]

    judge(statuses, right=[401, 401], wrong=[415, 401])


@fault("preset-before-owner")
def test_another_hosts_room_is_refused_before_the_preset(judge):
    def status(mock):
        body = {"title": "Launch", "preset_id": mock.preset()}
        path = f"/rooms/{mock.room()}/sessions"
        return mock.status("POST", path, by="other-host", json=body)

    judge(status, right=403, wrong=422)


@fault("two-bearers-are-500")
def test_two_bearers_are_answered(judge):
    def statuses(mock):
        bearer = ("Authorization", f"Bearer {mock.token('host')}")
        return [mock.status("GET", "/rooms/my", headers=[bearer] * count) for count in (1, 2)]

    judge(statuses, right=[200, 401], wrong=[200, 500])
