from __future__ import annotations

from dataclasses import replace

import pytest

from mock_server.http.guard import Hosts, is_local_name, with_token
from mock_server.settings import Settings

TOKEN = "let-me-control-it"
PREFLIGHT = {
    "Access-Control-Request-Method": "POST",
    "Access-Control-Request-Headers": "x-mock-token,content-type",
}


@pytest.fixture(scope="module")
def local(mock_with):
    with mock_with(allow_hosts=()) as mock:
        yield mock


@pytest.fixture(scope="module")
def guarded(mock_with):
    with mock_with(allow_hosts=(), control_token=TOKEN) as mock:
        yield mock


def personas(mock, **headers: str):
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return mock.send("GET", "/_mock/personas", headers={"Host": "localhost:4010", **names})


def without_host(mock, path: str) -> int:
    said = []

    async def receive():
        return {"type": "http.request"}

    async def send(message):
        said.append(message)

    scope = {
        "type": "http",
        "method": "GET",
        "path": path,
        "query_string": b"",
        "headers": [],
        "server": ("127.0.0.1", 4010),
    }
    mock.loop.run_until_complete(mock.app(scope, receive, send))
    return said[0]["status"]


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "LOCALHOST:4010",
        "localhost.:4010",
        "studio.localhost:4010",
        "127.0.0.1:4010",
        "127.8.9.1",
        "[::1]:4010",
        "192.168.1.7:4010",
        "[fe80::1]",
    ],
)
def test_a_name_of_this_machine_and_any_number_is_a_good_host(local, host):
    assert personas(local, Host=host).status_code == 200


@pytest.mark.parametrize(
    "host",
    [
        "evil.test:4010",
        "localhost.evil.test",
        "127.0.0.1.evil.test",
        "127.0.0.1@evil.test",
        "notlocalhost",
        "evil.test/localhost",
        "",
        "::1",
        "localhost:4010, evil.test",
        "xn--bcher-kva.test",
        "mock",
    ],
)
def test_another_name_is_refused_as_browsers_send_it_after_rebinding(local, host):
    for method, path in (("GET", "/_mock/personas"), ("POST", "/_mock/reset")):
        refusal = local.send(method, path, headers={"Host": host})
        assert refusal.status_code == 403
        assert refusal.json()["error"] == (
            f"the Host is `{host}`, which is no name of this machine, so a page of somebody else "
            "may have sent this: allow the name (`--allow-host`) if it is yours"
        )


def test_a_second_host_does_not_help(local):
    two = [("Host", "localhost"), ("Host", "evil.test")]
    assert local.send("GET", "/_mock/personas", headers=two).status_code == 403


def test_a_page_at_a_rebound_name_is_of_the_same_origin_and_gets_nothing(local):
    # What the browser sends from http://evil.test:4010 once evil.test means 127.0.0.1.
    headers = {"Host": "evil.test:4010", "Origin": "http://evil.test:4010"}
    assert local.send("POST", "/_mock/reset", headers=headers).status_code == 403


@pytest.mark.parametrize(
    "path",
    [
        "/_mock",
        "/_mock/",
        "/_mock/reset",
        "/_mock/nothing",
        "/_mock/uix",
        "/_mock/health",
        "/_mock/worlds/a",
        "/_mock/worlds/a/_mock/reset",
        "/_mock/worlds/a/v1/nothing",
        "/_mock/worlds/a/_mock/worlds/b/v1/webinar/rooms",
    ],
)
def test_no_spelling_of_a_path_leads_around_it(local, guarded, path):
    for mock, status in ((local, 403), (guarded, 401)):
        assert mock.send("POST", path, headers={"Host": "evil.test"}).status_code == status


def test_a_client_that_names_no_host_is_no_browser(local):
    # HTTP/1.0 health checks of load balancers send none.
    assert without_host(local, "/_mock/personas") == 200


@pytest.mark.parametrize(
    ("settings", "host"),
    [
        ({"allow_hosts": ("mock.test",)}, "mock.test:4010"),
        ({"allow_hosts": ("Mock.Test",)}, "MOCK.test"),
        ({"allow_hosts": (".preview.test",)}, "pr-7.preview.test"),
        ({"host": "studio-pc"}, "studio-pc:4010"),
        ({"public_url": "https://mock.test:8443/base"}, "mock.test:8443"),
    ],
)
def test_the_operators_own_names_are_good_hosts(settings, host):
    name = host.lower().partition(":")[0]
    hosts = Hosts.of(replace(Settings(), **settings))
    assert hosts.include(name)
    assert not hosts.include(f"x{name}x")
    assert not hosts.include("evil.test")


def test_below_a_suffix_means_below_it():
    hosts = Hosts.of(Settings(allow_hosts=(".preview.test",)))
    assert not hosts.include("preview.test")
    assert not hosts.include("evilpreview.test")


@pytest.mark.parametrize(
    "origin",
    [
        "http://localhost:5173",
        "https://localhost",
        "http://127.0.0.1:3000",
        "http://[::1]:8080",
        "http://studio.localhost:5173",
        "http://192.168.1.7:4010",
    ],
)
def test_pages_of_this_machine_and_the_mocks_own_may_use_the_control_plane(local, origin):
    host = {"Host": "192.168.1.7:4010", "Origin": origin}
    answer = local.send("POST", "/_mock/reset", headers=host)
    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == origin
    assert answer.headers["access-control-allow-credentials"] == "true"
    preflight = local.send("OPTIONS", "/_mock/reset", headers={**host, **PREFLIGHT})
    assert preflight.status_code == 200
    assert preflight.headers["access-control-allow-origin"] == origin
    assert "x-mock-token" in preflight.headers["access-control-allow-headers"]


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.test",
        "https://localhost.evil.test",
        "https://evil.test:4010",
        "http://192.168.1.8",
        "null",
        "*",
        "",
        "localhost:5173",
        "file://localhost",
        "chrome-extension://localhost",
        "http://localhost:5173/path",
        "http://localhost@evil.test",
    ],
)
def test_other_pages_may_not_and_change_nothing(local, origin):
    before = local.send("GET", "/sessions?limit=100").json()["data"]["total"]
    local.room()
    headers = {"Host": "localhost:4010", "Origin": origin}
    rooms = local.data("GET", "/rooms")["total"]
    for method, path, more in (
        ("POST", "/_mock/reset", {"Content-Type": "text/plain"}),
        ("OPTIONS", "/_mock/reset", PREFLIGHT),
        ("GET", "/_mock/personas", {}),
    ):
        refusal = local.send(method, path, headers={**headers, **more})
        assert refusal.status_code == 403
        assert "access-control-allow-origin" not in refusal.headers
        assert refusal.json()["error"] == (
            f"pages at `{origin}` may not use the control plane, must be allowed (`--cors-origin`)"
        )
    assert local.data("GET", "/rooms")["total"] == rooms
    assert local.send("GET", "/sessions?limit=100").json()["data"]["total"] == before


def test_the_api_is_open_to_any_page_and_any_host_also_in_a_world(local, guarded):
    headers = {"Host": "mock.evil.test", "Origin": "https://evil.test"}
    for mock in (local, guarded):
        for path in ("/rooms", "/_mock/worlds/a/v1/webinar/rooms"):
            answer = mock.send("GET", path, headers=headers)
            assert answer.status_code == 200
            assert answer.headers["access-control-allow-origin"] == "https://evil.test"


def test_origins_that_are_configured_take_the_place_of_this_machines(mock_with):
    with mock_with(cors_origins=("https://studio.test",)) as mock:
        for origin, status in (
            ("https://studio.test", 200),
            ("http://studio.test", 403),
            ("http://localhost:5173", 403),
            ("http://localhost:4010", 200),
        ):
            assert personas(mock, Origin=origin).status_code == status, origin


def test_pages_of_the_public_address_are_the_mocks_own(mock_with):
    # A proxy may put another name into `Host`.
    with mock_with(public_url="https://mock.test/base", control_token=None) as mock:
        assert personas(mock, Origin="https://mock.test").status_code == 200


@pytest.mark.parametrize(
    "given",
    [
        {"X_Mock_Token": TOKEN},
        {"Authorization": f"Bearer {TOKEN}"},
        {"Authorization": f"bearer {TOKEN}"},
        {"Authorization": f"Bearer {TOKEN}", "X_Mock_Token": "wrong"},
        {"X_Mock_Token": TOKEN, "Host": "greenroom:4010"},
    ],
)
def test_the_token_opens_whatever_the_mock_is_called(guarded, given):
    assert personas(guarded, **given).status_code == 200


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"X_Mock_Token": ""},
        {"X_Mock_Token": TOKEN[:-1]},
        {"X_Mock_Token": f"{TOKEN}x"},
        {"X_Mock_Token": TOKEN.upper()},
        {"X_Mock_Token": f"Bearer {TOKEN}"},
        {"Authorization": TOKEN},
        {"Authorization": f"Basic {TOKEN}"},
        {"Authorization": "Bearer"},
        {"X_API_Key": TOKEN},
        {"X_API_Key": "greenroom-host-key"},
        {"Cookie": f"x-mock-token={TOKEN}"},
    ],
)
def test_nothing_else_does(guarded, given):
    refusal = personas(guarded, **given)
    assert refusal.status_code == 401
    assert refusal.headers["www-authenticate"] == 'Bearer realm="greenroom\'s control plane"'
    assert refusal.json()["error"].startswith("the control plane asks for its token here")
    assert TOKEN not in refusal.text


def test_a_refusal_can_be_read_by_the_page_that_gets_it(guarded):
    refusal = personas(guarded, Origin="http://localhost:5173")
    assert refusal.status_code == 401
    assert refusal.headers["access-control-allow-origin"] == "http://localhost:5173"


def test_a_preflight_needs_no_token_and_does_nothing(guarded):
    headers = {"Host": "localhost", "Origin": "http://localhost:5173"}
    assert guarded.send("OPTIONS", "/_mock/reset", headers={**headers, **PREFLIGHT}).is_success
    # Without what makes it a preflight, it is a request like others.
    assert guarded.send("OPTIONS", "/_mock/reset", headers=headers).status_code == 401


def test_a_token_does_not_make_another_page_a_good_one(guarded):
    answer = personas(guarded, X_Mock_Token=TOKEN, Origin="https://evil.test")
    assert answer.status_code == 403


@pytest.mark.parametrize("path", ["/_mock/health", "/_mock/openapi.json", "/_mock/ui/"])
def test_health_and_documents_are_open(local, guarded, path):
    for mock in (local, guarded):
        for method in ("GET", "HEAD"):
            assert mock.send(method, path, headers={"Host": "greenroom"}).status_code == 200


def test_a_refusal_is_logged_without_what_was_sent(guarded):
    personas(guarded, X_Mock_Token="a-token-that-is-wrong")
    personas(guarded, Authorization="Bearer another-wrong-one")
    log = guarded.log.getvalue()
    assert "GET /_mock/personas  401  the control plane asks for its token" in log
    assert "wrong" not in log
    assert TOKEN not in log


@pytest.mark.parametrize(
    ("settings", "address", "needed"),
    [
        ({}, "127.0.0.1", False),
        ({}, "127.3.2.1", False),
        ({}, "::1", False),
        ({}, "0.0.0.0", True),
        ({}, "::", True),
        ({}, "192.168.1.7", True),
        ({"public_url": "http://localhost:4010"}, "127.0.0.1", False),
        ({"public_url": "http://[::1]:4010"}, "127.0.0.1", False),
        ({"public_url": "https://mock.test"}, "127.0.0.1", True),
    ],
)
def test_a_token_is_made_where_others_can_reach_the_mock(settings, address, needed):
    given = Settings(**settings)
    first, second = with_token(given, address), with_token(given, address)
    assert (first.control_token is not None) is needed
    if needed:
        assert len(first.control_token) == 32
        assert first.control_token != second.control_token
    kept = with_token(replace(given, control_token=TOKEN), address)
    assert kept.control_token == TOKEN


def test_settings_do_not_show_the_token():
    assert TOKEN not in repr(Settings(control_token=TOKEN))


@pytest.mark.parametrize("name", ["", "localhost.evil", "10.0.0.1", "127.1", "local", "[::2]"])
def test_what_may_be_elsewhere_is_not_this_machine(name):
    assert not is_local_name(name)
