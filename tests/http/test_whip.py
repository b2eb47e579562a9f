from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import httpx
import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))

from whip import AUDIO, FRAGMENT, FRAGMENT_OF_OFFER, OFFER, SDP, bent, live, publish, refused

from mock_server.domain.entities import Session
from mock_server.http.whip import media_addresses
from mock_server.settings import Settings

PAGE = {"Origin": "http://studio.test"}


pytestmark = pytest.mark.usefixtures("ended")


def test_an_offer_is_answered_with_a_session_of_its_own(mock, answered):
    path, _ = live(mock)
    answer = publish(mock, path)
    assert (answer.status_code, answer.text) == (201, "v=0\r\n")
    assert answer.headers["content-type"] == "application/sdp"
    assert answer.headers["location"].startswith(f"{path}/WH_")
    assert answer.headers["accept-patch"] == "application/trickle-ice-sdpfrag"
    assert answer.headers["etag"].startswith('"')
    assert "link" not in answer.headers


def test_two_sessions_have_two_addresses_and_tags(mock, answered):
    first, second = (publish(mock, live(mock)[0]) for _ in range(2))
    for name in ("location", "etag"):
        assert first.headers[name] != second.headers[name]


def test_the_key_may_be_the_bearer_token_alone_or_as_well(mock, answered):
    path, _ = live(mock)
    key = path.removeprefix("/whip/")
    assert publish(mock, path, "", headers={"Authorization": "Bearer "}).status_code == 400
    for where in ("/whip", "/whip/", path):
        answer = publish(mock, where, headers={"Authorization": f"Bearer {key}"})
        assert answer.status_code == 201
        assert answer.headers["location"].startswith(f"{path}/WH_")
        assert mock.send("DELETE", answer.headers["location"]).status_code == 200


def test_a_session_takes_an_offer_before_it_is_live(mock, answered):
    stream_key = _key_of(mock, mock.session())
    assert publish(mock, f"/whip/{stream_key}").status_code == 201


@pytest.mark.parametrize(
    ("path", "headers", "status", "said"),
    [
        ("/whip", {}, 401, "there is no stream key"),
        ("/whip/", {"Authorization": "Basic abc"}, 401, "there is no stream key"),
        ("/whip/nobody", {}, 401, "no session has this stream key"),
        ("/whip", {"Authorization": "Bearer nobody"}, 401, "no session has this stream key"),
        ("{path}", {"Authorization": "Bearer nobody"}, 403, "is not the stream key of the path"),
        ("{path}", {"Content-Type": "application/json"}, 415, "is `application/json`, must be"),
        ("{path}/x/y", {}, 404, "nothing is at this path"),
        ("{path}/", {}, 404, "nothing is at this path"),
    ],
)
def test_who_may_not_or_sends_something_else_is_told_so(mock, path, headers, status, said):
    whip, _ = live(mock)
    answer = publish(mock, path.format(path=whip), headers=headers)
    assert said in refused(answer, status)
    assert ("www-authenticate" in answer.headers) is (status == 401)


def test_an_offer_without_a_type_is_refused(mock):
    answer = mock.send("POST", live(mock)[0], content=OFFER.encode())
    assert "the Content-Type is missing" in refused(answer, 415)


@pytest.mark.parametrize(
    ("sdp", "status"),
    [
        ("", 400),
        ("{}", 400),
        (bent("a=ice-ufrag:EsAw\n", ""), 400),
        (bent("a=sendonly", "a=recvonly"), 422),
        (bent("a=sendonly", "a=inactive"), 422),
        (OFFER + "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\n", 422),
        (OFFER + "a=x:" + "y" * 65_536 + "\n", 413),
        ("a" * 1_048_577, 413),
    ],
)
def test_an_offer_that_is_none_or_not_whips_is_refused(mock, sdp, status):
    refused(publish(mock, live(mock)[0], sdp), status)
    assert len(mock.env.common.publications) == 0


def test_a_session_that_is_over_takes_no_offer(mock, answered):
    path, made = live(mock)
    mock.data("POST", f"/sessions/{made}/end", by="host")
    assert "is `ended`, must be `scheduled` or `live`" in refused(publish(mock, path), 409)


def test_a_session_that_has_expired_takes_no_offer(mock, answered):
    made = mock.session(scheduled_start_time="2026-03-02T12:00:00Z")
    path = f"/whip/{_key_of(mock, made)}"
    assert publish(mock, path).status_code == 201
    mock.clock.advance(days=3)
    assert "is `expired`" in refused(publish(mock, path), 409)


def _key_of(mock, session_id):
    with mock.env.store.read() as tx:
        return tx.get(Session, session_id).stream_key


def test_a_second_publisher_has_to_wait_for_the_first_to_leave(mock, answered):
    path, _ = live(mock)
    first = publish(mock, path)
    assert "has a publisher already" in refused(publish(mock, path), 409)
    mock.send("DELETE", first.headers["location"])
    assert publish(mock, path).status_code == 201


def test_of_several_at_once_one_publishes(mock, answered):
    path, _ = live(mock)

    async def both():
        transport = httpx.ASGITransport(mock.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://mock:4010") as client:
            asked = [client.post(path, content=OFFER, headers=SDP) for _ in range(5)]
            return [each.status_code for each in await asyncio.gather(*asked)]

    assert sorted(mock.loop.run_until_complete(both())) == [201, 409, 409, 409, 409]


def test_a_session_that_is_left_is_gone(mock, answered):
    path, _ = live(mock)
    where = publish(mock, path).headers["location"]
    answer = mock.send("DELETE", where)
    assert (answer.status_code, answer.content) == (200, b"")
    assert len(answered) == 1
    for method in ("DELETE", "GET", "PATCH"):
        assert "no WHIP session has the id" in refused(mock.send(method, where), 404)


def test_a_session_is_found_with_its_own_key_only(mock, answered):
    first, second = live(mock)[0], live(mock)[0]
    where = publish(mock, first).headers["location"]
    stranger = where.replace(first, second)
    refused(mock.send("DELETE", stranger), 404)
    refused(mock.send("DELETE", where.replace(first, "/whip/nobody")), 401)
    refused(mock.send("DELETE", where, headers={"Authorization": "Bearer nobody"}), 403)
    assert mock.send("DELETE", where).status_code == 200


def patched(mock, where, fragment=FRAGMENT_OF_OFFER, **headers):
    return mock.send("PATCH", where, content=fragment.encode(), headers=FRAGMENT | headers)


def test_candidates_may_come_later(mock, answered):
    posted = publish(mock, live(mock)[0])
    where = posted.headers["location"]
    for tag in (posted.headers["etag"], "*", f'"other", {posted.headers["etag"]}'):
        answer = patched(mock, where, **{"If-Match": tag})
        assert (answer.status_code, answer.content) == (204, b"")
        assert "etag" not in answer.headers
    (there,) = mock.env.common.publications._there.values()
    fragment, mid = there.peer.added
    assert (len(fragment.candidates), mid) == (1, "0")


@pytest.mark.parametrize(
    ("fragment", "headers", "status", "said"),
    [
        (FRAGMENT_OF_OFFER, {}, 428, "`If-Match` is missing"),
        (FRAGMENT_OF_OFFER, {"If-Match": '"stale"'}, 412, "`If-Match` is not the `ETag`"),
        (FRAGMENT_OF_OFFER, {"If-Match": "*", "Content-Type": "application/sdp"}, 415, "must be"),
        ("hello", {"If-Match": "*"}, 400, "must be like"),
        ("", {"If-Match": "*"}, 400, "is empty"),
        (
            bent("EsAw", "Other", FRAGMENT_OF_OFFER),
            {"If-Match": "*"},
            422,
            "asks for an ICE restart",
        ),
    ],
)
def test_a_fragment_that_cannot_be_taken_is_refused(  # noqa: PLR0917
    mock, answered, fragment, headers, status, said
):
    where = publish(mock, live(mock)[0]).headers["location"]
    assert said in refused(patched(mock, where, fragment, **headers), status)


def test_candidates_are_bounded_however_many_fragments_bring_them(mock, answered):
    posted = publish(mock, live(mock)[0])
    line = next(each for each in FRAGMENT_OF_OFFER.splitlines() if "candidate:" in each)
    forty = FRAGMENT_OF_OFFER + f"{line}\n" * 39
    sent = [patched(mock, posted.headers["location"], forty, **{"If-Match": "*"}) for _ in range(3)]
    assert [each.status_code for each in sent] == [204, 204, 422]
    assert "there are 120 candidates" in refused(sent[2], 422)


def test_options_need_no_key_and_tell_what_is_taken(mock, answered):
    for path, headers in (
        ("/whip/nobody", {"accept-post": "application/sdp", "allow": "GET, HEAD, OPTIONS, POST"}),
        ("/whip", {"accept-post": "application/sdp"}),
        (
            "/whip/nobody/WH_x",
            {
                "accept-patch": "application/trickle-ice-sdpfrag",
                "allow": "DELETE, GET, HEAD, OPTIONS, PATCH",
            },
        ),
    ):
        answer = mock.send("OPTIONS", path)
        assert (answer.status_code, answer.content) == (200, b"")
        assert headers.items() <= answer.headers.items()


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_there_is_nothing_to_read(mock, answered, method):
    path, _ = live(mock)
    for where in (path, publish(mock, path).headers["location"]):
        answer = mock.send(method, where)
        assert (answer.status_code, answer.content) == (204, b"")
    assert mock.send(method, "/whip/nobody").status_code == 401


@pytest.mark.parametrize(
    ("method", "end", "allow"),
    [
        ("PUT", "", "GET, HEAD, OPTIONS, POST"),
        ("PATCH", "", "GET, HEAD, OPTIONS, POST"),
        ("DELETE", "", "GET, HEAD, OPTIONS, POST"),
        ("POST", "/WH_x", "DELETE, GET, HEAD, OPTIONS, PATCH"),
        ("PUT", "/WH_x", "DELETE, GET, HEAD, OPTIONS, PATCH"),
    ],
)
def test_a_method_that_is_none_is_refused_with_those_there_are(mock, method, end, allow):
    answer = mock.send(method, live(mock)[0] + end)
    refused(answer, 405)
    assert answer.headers["allow"] == allow


def test_a_page_may_publish_and_read_what_it_needs(mock, answered):
    path, _ = live(mock)
    asks = {
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization,content-type,if-match",
    }
    before = mock.send("OPTIONS", path, headers=PAGE | asks)
    assert before.status_code == 200
    assert before.headers["accept-post"] == "application/sdp"
    assert before.headers["access-control-allow-origin"] == "http://studio.test"
    assert "PATCH" in before.headers["access-control-allow-methods"]
    assert "authorization" in before.headers["access-control-allow-headers"].lower()
    posted = publish(mock, path, headers=PAGE)
    exposed = posted.headers["access-control-expose-headers"].split(", ")
    assert {"ETag", "Link", "Location", "WWW-Authenticate", "Retry-After"} <= set(exposed)
    plain = mock.send("OPTIONS", path, headers=PAGE)
    assert plain.headers.get_list("accept-post") == ["application/sdp"]


def test_a_world_has_publishers_of_its_own(mock, answered):
    headers = {"X-Mock-World": "whip-tests"}
    try:
        room = mock.data(
            "POST", "/rooms", by="host", json={"title": "Launch room"}, headers=headers
        )
        preset = mock.data(
            "POST",
            "/presets",
            by="host",
            headers=headers,
            json={"name": "W", "type": "whip", "primary_color": "#123abc"},
        )
        session = mock.data(
            "POST",
            f"/rooms/{room['room']['id']}/sessions",
            by="host",
            headers=headers,
            json={"title": "Launch", "preset_id": preset["id"]},
        )["session"]["id"]
        opened = mock.data("POST", f"/sessions/{session}/go_live", by="host", headers=headers)
        path = opened["whip_url"].removeprefix("http://mock:4010")
        assert path.startswith("/_mock/worlds/whip-tests/whip/")
        posted = publish(mock, path)
        assert posted.status_code == 201
        where = posted.headers["location"]
        assert where.startswith(f"{path}/WH_")
        key = path.rpartition("/")[2]
        refused(publish(mock, f"/whip/{key}"), 401)
        assert publish(mock, f"/whip/{key}", headers=headers).status_code == 409
        assert mock.send("DELETE", where).status_code == 200
    finally:
        mock.send("DELETE", "/_mock/worlds/whip-tests")


def test_a_publisher_is_told_of_the_operators_servers(mock_with, answered):
    link = '<stun:stun.test:3478>; rel="ice-server"'
    with mock_with(scenario="empty", ice_servers=(link,)) as mock:
        path, _ = live(mock)
        assert publish(mock, path).headers["link"] == link
        assert mock.send("OPTIONS", path).headers["link"] == link
        mock.loop.run_until_complete(mock.env.common.publications.close())


def test_without_the_extra_everything_is_checked_but_the_answer(mock, monkeypatch):
    monkeypatch.setitem(sys.modules, "aiortc", None)
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    path, _ = live(mock)
    refused(publish(mock, path, bent("a=sendonly", "a=recvonly")), 422)
    assert "install `greenroom[media]`" in refused(publish(mock, path), 501)
    assert len(mock.env.common.publications) == 0


def test_an_address_of_media_follows_the_public_address(mock_with, answered):
    with mock_with(scenario="empty", public_url="https://mock.test/live") as mock:
        made = mock.session()
        opened = mock.data("POST", f"/sessions/{made}/start", by="host")
        key = opened["whip_url"].removeprefix("https://mock.test/live/whip/")
        where = publish(mock, f"/whip/{key}").headers["location"]
        assert where.startswith(f"/live/whip/{key}/WH_")
        mock.loop.run_until_complete(mock.env.common.publications.close())


def test_the_log_shows_no_key_and_the_journal_what_was_done(mock, answered):
    path, _ = live(mock)
    where = publish(mock, path).headers["location"]
    mock.send("DELETE", where)
    assert path not in mock.log.getvalue()
    assert "POST /whip/…  201" in mock.log.getvalue()
    shown = mock.send("GET", "/_mock/exchanges").json()
    assert [(each["method"], each["status"]) for each in shown["data"]["exchanges"][:2]] == [
        ("DELETE", 200),
        ("POST", 201),
    ]


def test_media_comes_in_where_requests_do():
    assert media_addresses(Settings().host) == ("127.0.0.1",)
    assert media_addresses("::1") == ("::1",)
    assert media_addresses("0.0.0.0") is None
    assert media_addresses("::") is None
    assert media_addresses("no such host") == ("127.0.0.1",)
    assert "127.0.0.1" in media_addresses("localhost")


def test_only_sound_is_an_offer_too(mock, answered):
    sdp = OFFER.partition("m=")[0].replace("a=group:BUNDLE 0 1\n", "") + AUDIO
    assert publish(mock, live(mock)[0], sdp).status_code == 201
