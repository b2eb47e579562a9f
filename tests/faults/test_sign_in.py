from __future__ import annotations

import pytest

fault = pytest.mark.fault


def login(mock, email="host@pinecove.test", password="let-me-in-host"):
    return mock.status("POST", "/auth/login", json={"email": email, "password": password})


def refresh(mock, token):
    return mock.send("POST", "/auth/refresh", json={"refresh_token": token})


def logout(mock, token):
    return mock.status("POST", "/auth/logout", json={"refresh_token": token})


def me(mock, signed_in):
    return mock.status("GET", "/auth/me", **mock.bearer(signed_in["access_token"]))


def code(mock, by="viewer"):
    body = {"session_id": mock.session()}
    return mock.data("POST", "/auth/code", by=by, json=body)["code"]


def exchange(mock, code):
    return mock.send("POST", "/auth/code/exchange", json={"code": code})


def register(mock):
    return mock.data("POST", "/auth/viewer/register", json={"display_name": "Ada"})


@fault("wrong-password-accepted")
def test_a_wrong_password_is_refused(judge):
    def statuses(mock):
        return login(mock, password="wrong"), login(mock, email="no@where.test"), login(mock)

    judge(statuses, right=(401, 401, 200), wrong=(200, 401, 200))


@fault("unknown-email-is-404")
def test_an_unknown_email_is_refused_like_a_wrong_password(judge):
    def statuses(mock):
        return login(mock, email="no@where.test"), login(mock, password="wrong")

    judge(statuses, right=(401, 401), wrong=(404, 401))


@fault("malformed-email-is-401")
def test_a_malformed_email_breaks_the_schema(judge):
    def statuses(mock):
        return login(mock, email="nobody"), login(mock)

    judge(statuses, right=(422, 200), wrong=(401, 200))


@fault("refresh-token-reusable")
def test_a_refresh_token_works_once(judge):
    def statuses(mock):
        token = mock.login()["refresh_token"]
        return [refresh(mock, token).status_code for _ in range(2)]

    judge(statuses, right=[200, 401], wrong=[200, 200])


@fault("refresh-ends-access-token")
def test_a_refresh_leaves_the_old_access_token(judge):
    def statuses(mock):
        old = mock.login()
        new = refresh(mock, old["refresh_token"]).json()["data"]
        again = refresh(mock, new["refresh_token"]).json()["data"]
        return me(mock, old), me(mock, again)

    judge(statuses, right=(200, 200), wrong=(401, 200))


@fault("refresh-gives-the-old-access-token")
def test_a_refresh_gives_another_access_token(judge):
    def renewed(mock):
        old = mock.login()
        mock.clock.advance(seconds=2)
        new = refresh(mock, old["refresh_token"]).json()["data"]
        return new["access_token"] != old["access_token"], me(mock, new)

    judge(renewed, right=(True, 200), wrong=(False, 200))


@fault("logout-keeps-access-token")
def test_logging_out_ends_the_access_token(judge):
    def statuses(mock):
        signed_in = mock.login()
        before = me(mock, signed_in)
        done = logout(mock, signed_in["refresh_token"])
        return before, done, me(mock, signed_in), logout(mock, signed_in["refresh_token"])

    judge(statuses, right=(200, 200, 401, 401), wrong=(200, 200, 200, 401))


@fault("logout-keeps-refresh-token")
def test_logging_out_spends_the_refresh_token(judge):
    def statuses(mock):
        token = mock.login()["refresh_token"]
        return logout(mock, token), refresh(mock, token).status_code

    judge(statuses, right=(200, 401), wrong=(200, 200))


@fault("code-for-the-living-only")
def test_a_code_is_for_an_ended_session_too(judge):
    def statuses(mock):
        bodies = [{"session_id": session} for session in (mock.live(), mock.ended())]
        return [mock.status("POST", "/auth/code", by="viewer", json=body) for body in bodies]

    judge(statuses, right=[200, 200], wrong=[200, 404])


@fault("newer-code-ends-older")
def test_an_older_code_stays(judge):
    def statuses(mock):
        codes = [code(mock), code(mock)]
        return [exchange(mock, each).status_code for each in codes]

    judge(statuses, right=[200, 200], wrong=[401, 200])


@fault("code-works-twice")
def test_a_code_works_once(judge):
    def statuses(mock):
        made = code(mock)
        return [exchange(mock, made).status_code for _ in range(2)]

    judge(statuses, right=[200, 401], wrong=[200, 200])


@fault("code-gone-in-seconds")
def test_a_code_lasts(judge):
    def statuses(mock):
        made, later = code(mock), code(mock)
        at_once = exchange(mock, made).status_code
        mock.clock.advance(seconds=3)
        return [at_once, exchange(mock, later).status_code]

    judge(statuses, right=[200, 200], wrong=[200, 401])


@fault("unknown-code-is-404")
def test_an_unknown_code_is_a_bad_credential(judge):
    def status(mock):
        return exchange(mock, "unknown").status_code

    judge(status, right=401, wrong=404)


@fault("code-for-any-session")
def test_a_code_is_for_a_session_there_is(judge):
    def status(mock):
        body = {"session_id": "00000000-0000-4000-8000-000000000000"}
        return mock.status("POST", "/auth/code", by="viewer", json=body)

    judge(status, right=404, wrong=200)


@fault("codes-session-in-lower-case-only")
def test_a_codes_session_is_read_in_either_case(judge):
    def statuses(mock):
        session = mock.live()
        bodies = [{"session_id": each} for each in (session, session.upper())]
        return [mock.status("POST", "/auth/code", by="viewer", json=body) for body in bodies]

    judge(statuses, right=[200, 200], wrong=[200, 404])


@fault("code-signs-in-as-host")
def test_a_code_signs_in_who_made_it(judge):
    def who(mock):
        return exchange(mock, code(mock)).json()["data"]["user"]["role"]

    judge(who, right="viewer", wrong="host")


@fault("device-token-works-once")
def test_a_device_token_works_again(judge):
    def statuses(mock):
        body = {"device_token": register(mock)["device_token"]}
        path = "/auth/viewer/device-login"
        return [mock.status("POST", path, json=body) for _ in range(2)]

    judge(statuses, right=[200, 200], wrong=[200, 401])


@fault("registered-viewer-is-host")
def test_who_registers_is_a_viewer(judge):
    def seen(mock):
        made = register(mock)
        role = mock.data("GET", "/auth/me", **mock.bearer(made["access_token"]))["role"]
        return made["user"]["role"], role

    judge(seen, right=("viewer", "viewer"), wrong=("host", "host"))


@fault("access-token-without-role")
def test_an_access_token_carries_the_role(judge):
    def seen(mock):
        signed_in = mock.login()
        return mock.claims(signed_in["access_token"]).get("role"), me(mock, signed_in)

    judge(seen, right=("host", 200), wrong=(None, 200))


@fault("sign-in-without-user")
def test_a_sign_in_gives_the_user(judge):
    def given(mock):
        return "user" in mock.login()

    judge(given, right=True, wrong=False)


def bearer_status(mock, token):
    return mock.status("GET", "/auth/me", **mock.bearer(token))


@fault("refresh-token-opens")
def test_a_refresh_token_opens_nothing(judge):
    def statuses(mock):
        pair = mock.login()
        return [bearer_status(mock, pair[name]) for name in ("refresh_token", "access_token")]

    judge(statuses, right=[401, 200], wrong=[200, 200])


@fault("livekit-token-opens")
def test_a_livekit_token_opens_nothing(judge):
    def status(mock):
        token = mock.move(mock.session(), "start")["livekit_token"]
        return bearer_status(mock, token), bearer_status(mock, "x.y.z")

    judge(status, right=(401, 401), wrong=(200, 401))


@fault("sign-in-refuses-bad-token")
def test_registering_ignores_a_bad_token(judge):
    def status(mock):
        body = {"display_name": "Ana"}
        return mock.status("POST", "/auth/viewer/register", json=body, **mock.bearer("bad"))

    judge(status, right=201, wrong=401)


@fault("me-is-you")
def test_the_caller_is_told_who_they_are(judge):
    def same(mock):
        signed_in = mock.login()
        me = mock.data("GET", "/auth/me", **mock.bearer(signed_in["access_token"]))
        return me["username"] == signed_in["user"]["username"]

    judge(same, right=True, wrong=False)


@fault("refreshed-token-refreshes-no-more")
def test_refreshing_goes_on(judge):
    def statuses(mock):
        token = register(mock)["refresh_token"]
        again = refresh(mock, token).json()["data"]["refresh_token"]
        other = refresh(mock, register(mock)["refresh_token"]).json()["data"]["refresh_token"]
        return refresh(mock, again).status_code, logout(mock, other)

    judge(statuses, right=(200, 200), wrong=(401, 200))


@fault("same-name-is-same-viewer")
def test_viewers_of_one_name_are_several(judge):
    def shared(mock):
        one, two = register(mock), register(mock)
        signed_in = [me(mock, each) for each in (one, two)]
        return signed_in, one["user"]["id"] == two["user"]["id"]

    judge(shared, right=([200, 200], False), wrong=([200, 200], True))
