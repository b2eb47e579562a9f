from __future__ import annotations

import re
from pathlib import Path

import pytest

from mock_server.http import web
from mock_server.http.web import FILES

FOLDER = Path(web.__file__).parents[1] / "web"
TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
}


@pytest.fixture(scope="module")
def served(mock_with):
    with mock_with(scenario="empty") as mock:
        yield mock


@pytest.mark.parametrize("path", FILES)
def test_a_file_comes_with_its_type_and_is_asked_for_anew(served, path):
    answer = served.send("GET", path)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == TYPES.get(
        Path(path).suffix or ".html" if "LICENSE" not in path else "", "text/plain; charset=utf-8"
    )
    assert answer.headers["cache-control"] == "no-cache"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert int(answer.headers["content-length"]) == len(answer.content) > 100
    head = served.send("HEAD", path)
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == answer.headers["content-length"]


@pytest.mark.parametrize(
    ("given", "status"),
    [("{}", 304), ("W/{}", 304), ('"other", {}', 304), ("*", 304), ('"other"', 200), ("", 200)],
)
def test_who_has_it_already_is_not_sent_it_again(served, given, status):
    tag = served.send("GET", "/_mock/player").headers["etag"]
    headers = {"If-None-Match": given.format(tag)}
    again = served.send("GET", "/_mock/player", headers=headers)
    assert (again.status_code, again.headers["etag"]) == (status, tag)
    assert bool(again.content) == (status == 200)


def test_every_file_is_somewhere_and_every_page_finds_its_own():
    kept = {each.relative_to(FOLDER).as_posix() for each in FOLDER.rglob("*") if each.is_file()}
    assert kept - {name for _, name in FILES.values()} == {"vendor/hls.js/VERSION"}
    for path, (_, name) in FILES.items():
        text = (FOLDER / name).read_text()
        if "vendor" in name or not name.endswith((".html", ".js")):
            continue
        below = path.rpartition("/")[0]
        for wanted in re.findall(r"""(?:from |href=|src=)["'](\./[\w./]+|web/[\w./]+)["']""", text):
            assert f"{below}/{wanted.removeprefix('./')}" in FILES, f"{name} wants {wanted}"


@pytest.mark.parametrize(
    "path",
    [
        "/_mock/web",
        "/_mock/web/",
        "/_mock/web/player.html",
        "/_mock/web/%2e%2e/settings.py",
        "/_mock/web/..%2fsettings.py",
        "/_mock/web/vendor/hls.js/VERSION",
        "/_mock/web/player.js/",
        "/_mock/web//player.js",
        "/_mock/web/PLAYER.JS",
        "/_mock/web/player.js%00",
        "/_mock/player/",
    ],
)
def test_no_other_path_is_a_file(served, path):
    assert served.send("GET", path).status_code == 404


def test_a_page_takes_no_other_method(served):
    refused = served.send("POST", "/_mock/player")
    assert (refused.status_code, refused.headers["allow"]) == (405, "GET, HEAD")


def test_a_page_may_load_what_is_the_mocks_own_and_nothing_else(served):
    policy = served.send("GET", "/_mock/player").headers["content-security-policy"].split("; ")
    assert policy[0] == "default-src 'self'"
    assert "media-src 'self' blob:" in policy
    assert "connect-src 'self'" in policy
    assert "frame-ancestors 'self'" in policy
    assert not any("unsafe" in each or "*" in each for each in policy)


def test_media_at_the_public_address_may_be_played(mock_with):
    with mock_with(public_url="https://mock.test:8443/base", scenario="empty") as mock:
        policy = mock.send("GET", "/_mock/player").headers["content-security-policy"]
        assert "connect-src 'self' https://mock.test:8443;" in policy
        assert "media-src 'self' https://mock.test:8443 blob:;" in policy


def test_a_world_has_the_page_too_and_is_not_made_for_it(served):
    inside = served.send("GET", "/_mock/worlds/mine/_mock/player")
    assert inside.content == served.send("GET", "/_mock/player").content
    assert served.send("GET", "/_mock/worlds/mine/_mock/web/player.js").status_code == 200
    names = [each["name"] for each in served.data("GET", "/_mock/worlds")["worlds"]]
    assert "mine" not in names


def test_the_page_and_its_files_ask_for_no_token_and_what_they_ask_does(mock_with):
    with mock_with(control_token="let-me-control-it", scenario="empty") as mock:
        for path in FILES:
            assert mock.send("GET", path).status_code == 200
            assert mock.send("GET", f"/_mock/worlds/x{path}").status_code == 200
        assert mock.send("POST", "/_mock/player").status_code == 401
        assert mock.send("GET", "/_mock/players").status_code == 401
        assert mock.send("GET", "/_mock/player/x").status_code == 401
        assert mock.send("GET", "/_mock/personas").status_code == 401


def test_the_vendored_player_says_whose_it_is():
    vendored = FOLDER / "vendor" / "hls.js"
    assert "Apache License" in (vendored / "LICENSE").read_text()
    version = re.search(r"hls\.js (\d+\.\d+\.\d+)", (vendored / "VERSION").read_text())[1]
    assert f'"{version}"' in (vendored / "hls.light.min.mjs").read_text()
