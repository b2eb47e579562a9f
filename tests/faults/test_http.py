from __future__ import annotations

import pytest

fault = pytest.mark.fault


@fault("unknown-path-in-plain-text")
def test_an_unknown_path_is_refused_in_the_envelope(judge):
    def refusal(mock):
        answer = mock.send("GET", "/nowhere")
        return answer.status_code, answer.headers["content-type"], answer.text[0]

    judge(refusal, right=(404, "application/json", "{"), wrong=(404, "text/plain", "N"))


@fault("wrong-method-without-envelope")
def test_a_wrong_method_is_refused_in_the_envelope(judge):
    def refusal(mock):
        answer = mock.send("PATCH", "/rooms")
        return answer.status_code, "success" in answer.json()

    judge(refusal, right=(405, True), wrong=(405, False))


@fault("wrong-method-is-404")
def test_a_wrong_method_is_refused_with_405(judge):
    def refusal(mock):
        answer = mock.send("PATCH", "/rooms")
        return answer.status_code, "allow" in answer.headers

    judge(refusal, right=(405, True), wrong=(404, False))


@fault("allow-incomplete")
def test_allow_names_every_method(judge):
    def methods(mock):
        allow = mock.send("PUT", "/rooms").headers["allow"]
        return {"GET", "POST"} & {name.strip() for name in allow.split(",")}

    judge(methods, right={"GET", "POST"}, wrong={"GET"})


@fault("refusals-said-to-be-html")
def test_a_refusal_is_json(judge):
    def types(mock):
        ways = ("/rooms", "/rooms?page=0")
        return [mock.send("GET", way).headers["content-type"] for way in ways]

    judge(types, right=["application/json"] * 2, wrong=["application/json", "text/html"])


@fault("trailing-slash-forgiven")
def test_a_trailing_slash_is_another_path(judge):
    def status(mock):
        return mock.status("GET", "/rooms/"), mock.status("GET", "/rooms")

    judge(status, right=(404, 200), wrong=(200, 200))


@fault("stray-percent-is-500")
def test_a_stray_percent_sign_is_refused(judge):
    def statuses(mock):
        return [mock.status("GET", f"/rooms/{id_}") for id_ in ("%25", "%41", "100%25zz")]

    judge(statuses, right=[400, 400, 400], wrong=[500, 400, 500])
