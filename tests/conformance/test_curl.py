from __future__ import annotations

import shlex

from conformance.curl import command
from conformance.reply import Request

URL = "http://host.test/v1/webinar/rooms"
SECRETS = {"host-secret": "$HOST_TOKEN", "key-secret": "$API_KEY"}


def test_a_known_credential_becomes_a_variable() -> None:
    headers = (("Authorization", "Bearer host-secret"), ("X-API-Key", "key-secret"))
    text = command(Request("list_my_rooms", "GET", URL, headers), SECRETS)
    assert text == (
        'curl -i -H "Authorization: Bearer $HOST_TOKEN" -H "X-API-Key: $API_KEY" ' + URL
    )


def test_a_token_of_the_run_is_hidden_and_a_forged_one_shown() -> None:
    headers = (("Authorization", "Bearer aaa.bbb.ccc"),)
    assert "$ACCESS_TOKEN" in command(Request("get_me", "GET", URL, headers), SECRETS)
    shown = command(Request("get_me", "GET", URL, headers, literal=True), SECRETS)
    assert "aaa.bbb.ccc" in shown


def test_a_body_survives_the_shell() -> None:
    body = b'{"title": "it\'s \\"quoted\\" & <b>"}'
    text = command(Request("create_room", "POST", URL, (), body), SECRETS)
    assert shlex.split(text)[-2] == body.decode()


def test_secret_fields_of_a_body_become_variables() -> None:
    body = b'{"refresh_token": "r-secret", "password": "p\\"-secret", "code": "", "x": 1}'
    text = command(Request("login", "POST", URL, (), body), SECRETS)
    assert "secret" not in text
    assert shlex.split(text)[-2] == (
        '{"refresh_token": "$REFRESH_TOKEN", "password": "$PASSWORD", "code": "", "x": 1}'
    )


def test_bytes_that_are_no_text_and_long_bodies_are_written_short() -> None:
    binary = command(Request("create_room", "POST", URL, (), b"\xff{"), SECRETS)
    assert r"$'\xff\x7b'" in binary
    long = command(Request("create_room", "POST", URL, (), b"[" * 1_000_000), SECRETS)
    assert len(long) < 300
    assert "1000000" in long


def test_headers_of_the_client_itself_are_left_out() -> None:
    headers = (("Host", "x"), ("User-Agent", "y"), ("X-Schemathesis-TestCaseId", "z"), ("A", "b c"))
    assert command(Request(None, "DELETE", URL, headers), {}) == (
        f"curl -i -X DELETE -H 'A: b c' {URL}"
    )
