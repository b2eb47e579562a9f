from __future__ import annotations

import pytest

from mock_server.control.redaction import REDACTED, redact_header, redact_text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ('{"password":"x","a":1}', f'{{"password":"{REDACTED}","a":1}}'),
        ('{"Refresh_Token" : "x\\"y", "a":1}', f'{{"Refresh_Token" : "{REDACTED}", "a":1}}'),
        ('{"code":123456}', f'{{"code":"{REDACTED}"}}'),
        ('{"password":{"a":"x"},"b":"y"}', f'{{"password":"{REDACTED}"'),
        ('{"password":["x"', f'{{"password":"{REDACTED}"'),
        ('{"stream_key":"was cut he', f'{{"stream_key":"{REDACTED}"'),
        ('{"stream_key":"was cut here\\', f'{{"stream_key":"{REDACTED}"'),
        ("email=a&password=x%20y&b=1", f"email=a&password={REDACTED}&b=1"),
        ("password=x", f"password={REDACTED}"),
        ("/v1/webinar/rooms?api_key=x&page=1", f"/v1/webinar/rooms?api_key={REDACTED}&page=1"),
        ("token eyJhbGciOi.eyJzdWIi.c2ln, good", f"token {REDACTED}, good"),
        ('"http://a/whip/KEY"', f'"http://a/whip/{REDACTED}"'),
    ],
)
def test_credentials_leave_a_text(text, shown):
    assert redact_text(text).startswith(shown)


@pytest.mark.parametrize(
    "text",
    ['{"title":"password"}', '{"message":"the code is wrong"}', "?__code=409", '{"monkey":1', "{}"],
)
def test_the_rest_stays(text):
    assert redact_text(text) == (text if "monkey" not in text else f'{{"monkey":"{REDACTED}"')


@pytest.mark.parametrize(
    ("name", "value", "shown"),
    [
        ("authorization", "Bearer abc", f"Bearer {REDACTED}"),
        ("Authorization", "abc", REDACTED),
        ("authorization", "Basic YTpi", f"Basic {REDACTED}"),
        ("x-api-key", "abc", REDACTED),
        ("x-mock-token", "abc", REDACTED),
        ("cookie", "a=b; mock_world=w; c=d", f"a={REDACTED}; mock_world=w; c={REDACTED}"),
        ("set-cookie", "a=b; Path=/", REDACTED),
        ("content-type", "application/json", "application/json"),
        ("referer", "http://a/?token=x", f"http://a/?token={REDACTED}"),
    ],
)
def test_credentials_leave_a_header(name, value, shown):
    assert redact_header(name, value) == shown
