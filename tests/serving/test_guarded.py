"""The control plane's token, and what the log keeps to itself, in processes of their own."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from urllib.parse import urlsplit

import httpx
import pytest
from limited import Wire
from serving import PATIENCE, Served, command, serve

TOKEN = "let-me-control-it"


def control(served: Served, path: str, **headers: str) -> httpx.Response:
    # Bound to every address it says none of them: any will do.
    port = urlsplit(served.url).port
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx.get(f"http://127.0.0.1:{port}/_mock{path}", headers=named)


def started(process: subprocess.Popen[str]) -> tuple[str, Served]:
    """Wait until a mock is ready; return its banner and where it is."""
    said = []
    while not said or not said[-1].startswith("Ready"):
        said.append(process.stdout.readline())
    url = next(line.split()[1] for line in said if line.startswith("  API"))
    return "".join(said), Served(process, url)


def printed_token(served: Served) -> str:
    name, _, token = served.process.stdout.readline().strip().partition(": ")
    assert name == "X-Mock-Token"
    return token


def test_beyond_loopback_the_control_plane_asks_for_the_token_that_was_printed():
    with serve("--host", "0.0.0.0", "--scenario", "empty") as served:
        token = printed_token(served)
        assert control(served, "/personas").status_code == 401
        assert control(served, "/personas", X_Mock_Token=f"{token}x").status_code == 401
        assert control(served, "/personas", X_Mock_Token=token).status_code == 200
        assert control(served, "/personas", Authorization=f"Bearer {token}").status_code == 200
        assert control(served, "/health").status_code == 200
        assert httpx.get(f"{served.url}/rooms").status_code == 200
        _, out, err = served.stop()
        assert token not in out + err


def test_a_path_in_other_letters_is_the_same_path():
    with serve("--host", "0.0.0.0", "--scenario", "empty") as served:
        for path in ("/%5fmock/personas", "/_mock%2Fpersonas", "/_mock/worlds/a/%5Fmock/personas"):
            wire = Wire(("127.0.0.1", urlsplit(served.url).port))
            assert wire.get(path).reply().status == 401, path
            wire.close()


def test_a_token_that_was_given_is_asked_for_everywhere_and_not_printed():
    for given in (["--control-token", TOKEN], []):
        environment = {**os.environ, "GREENROOM_CONTROL_TOKEN": "" if given else TOKEN}
        process = subprocess.Popen(
            [sys.executable, "-m", "mock_server", "serve", "--port", "0", *given],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environment,
        )
        try:
            banner, served = started(process)
            assert "asks for the token it was given" in banner
            assert TOKEN not in banner
            assert control(served, "/personas").status_code == 401
            assert control(served, "/personas", X_Mock_Token=TOKEN).status_code == 200
        finally:
            process.terminate()
            _, log = process.communicate(timeout=PATIENCE)
        assert TOKEN not in log


def test_the_banner_gives_the_token_that_was_made():
    process = command("serve", "--port", "0", "--host", "0.0.0.0")
    banner, served = started(process)
    token = re.search(r"X-Mock-Token: (\S+)", banner)[1]
    assert control(served, "/personas", X_Mock_Token=token).status_code == 200
    process.terminate()
    _, log = process.communicate(timeout=PATIENCE)
    assert token not in log


@pytest.mark.parametrize("token", ["short", "with a space in it", "sixteen-and-ünicode", "x" * 201])
def test_a_token_that_cannot_be_is_refused_without_repeating_it(token):
    process = command("serve", "--control-token", token)
    out, err = process.communicate(timeout=PATIENCE)
    assert (process.returncode, out) == (2, "")
    assert "the token must be 16 to 200 letters, digits and signs, without spaces" in err
    assert token not in err


def test_workers_share_the_token(tmp_path):
    store = f"sqlite:///{tmp_path / 'world.db'}"
    with serve("--host", "0.0.0.0", "--store", store, "--workers", "2") as served:
        token = printed_token(served)
        # Each on a connection of its own, so that both workers answer some of them.
        answers = [control(served, "/personas", X_Mock_Token=token) for _ in range(20)]
        assert {answer.status_code for answer in answers} == {200}


JSON = {"Content-Type": "application/json"}
SECRETS = {
    "Authorization": "Bearer eyJhbGciOiJIUzI1NiJ9.c2VjcmV0LXRva2Vu.c2lnbmF0dXJl",
    "X-API-Key": "secret-api-key",
    "X-Mock-Token": "secret-mock-token",
    "Cookie": "session=secret-cookie",
}
BODIES = {
    "login": {"email": "host@pinecove.test", "password": "secret-password"},
    "refresh": {"refresh_token": "secret-refresh"},
    "logout": {"refresh_token": "secret-logout"},
    "viewer/device-login": {"device_token": "secret-device"},
    "code/exchange": {"code": "secret-code"},
}


def test_credentials_never_stand_in_the_log():
    process = command("serve", "--port", "0")
    _, served = started(process)
    with httpx.Client(base_url=served.url, headers=SECRETS) as client:
        statuses = [client.get("/auth/me", params={"key": "secret-query"}).status_code]
        for path, body in BODIES.items():
            statuses.append(client.post(f"/auth/{path}", json=body).status_code)
            wrong = {name: [value] for name, value in body.items()}
            statuses.append(client.post(f"/auth/{path}", json=wrong).status_code)
            broken = client.post(f"/auth/{path}", content=b'{"x": secret', headers=JSON)
            statuses.append(broken.status_code)
        good = {"email": "host@pinecove.test", "password": "let-me-in-host"}
        signed_in = client.post("/auth/login", json=good).json()["data"]
        given = [signed_in["access_token"], signed_in["refresh_token"]]
        client.headers["Authorization"] = f"Bearer {given[0]}"
        assert client.get("/auth/me").status_code == 200
        client.get("/auth/me", headers={"X-Long": f"secret-{'x' * 20_000}"})
    assert statuses == [401] + [401, 422, 400] * len(BODIES)
    process.terminate()
    out, log = process.communicate(timeout=PATIENCE)
    assert log.count("\n") == len(statuses) + 3
    assert "secret" not in out + log
    for each in (*given, "let-me-in-host", "eyJ"):
        assert each not in out + log


def test_a_mock_without_credentials_says_so_in_its_banner():
    process = command("serve", "--port", "0", "--auth", "off")
    banner, served = started(process)
    assert "  Auth     off: whoever has no usable credentials is the host\n" in banner
    assert httpx.get(f"{served.url}/auth/me").json()["data"]["role"] == "host"
    process.terminate()
    process.communicate(timeout=PATIENCE)


def test_without_a_host_nobody_can_be_taken_for_one(refused, tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text("version: 1\npeople:\n  ada: {role: viewer}\n")
    assert refused("serve", "--port", "0", "--auth", "off", "--scenario", str(path)) == (
        "`--auth off` takes everybody for the persona `host`, scenario `mine` has none: "
        "give it one, or start without"
    )
