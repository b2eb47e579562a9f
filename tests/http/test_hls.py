from __future__ import annotations

import pytest

NOBODY = "00000000-0000-4000-8000-000000000000"


def on_air(mock, **how):
    session = mock.session()
    mock.data("POST", f"/sessions/{session}/go_live", by="host")
    mock.clock.advance(**(how or {"minutes": 1}))
    return session


def refusal(mock, path, status=404, method="GET", **how):
    answer = mock.send(method, path, **how)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["cache-control"] == "no-store"
    body = answer.json()
    assert body["success"] is False
    return body["error"]


def playlist(mock, session, rendition="360p"):
    answer = mock.send("GET", f"/hls/{session}/{rendition}/index.m3u8")
    assert answer.status_code == 200, answer.text
    return answer.text


def segments(text):
    return [line for line in text.splitlines() if not line.startswith("#")]


def test_a_broadcast_plays_from_its_address(mock):
    session = on_air(mock)
    address = mock.data("GET", f"/sessions/{session}", by="host")["hls_url"]
    first = mock.send("GET", address.removeprefix("http://mock:4010"))
    assert first.status_code == 200
    assert first.headers["content-type"] == "application/vnd.apple.mpegurl"
    assert first.headers["cache-control"] == "no-store"
    assert segments(first.text) == ["360p/index.m3u8", "180p/index.m3u8"]
    for rendition in ("360p", "180p"):
        text = playlist(mock, session, rendition)
        assert segments(text) == [f"0-{place}.m4s" for place in range(24, 31)]
        below = f"/hls/{session}/{rendition}"
        init = mock.send("GET", f"{below}/init.mp4")
        assert init.headers["content-type"] == "video/mp4"
        assert init.content[4:8] == b"ftyp"
        media = mock.send("GET", f"{below}/0-30.m4s")
        assert media.status_code == 200
        assert media.content[4:8] == b"styp"
        assert media.headers["cache-control"] == "public, max-age=86400, immutable"
        assert media.headers["content-length"] == str(len(media.content))


def test_a_playlist_goes_on_with_the_clock(mock):
    session = on_air(mock)
    before = playlist(mock, session)
    mock.clock.advance(microseconds=479_999)
    assert playlist(mock, session) == before
    mock.clock.advance(seconds=1)
    after = playlist(mock, session)
    assert segments(after)[:-1] == segments(before)[1:]
    mock.clock.advance(days=30)
    assert len(playlist(mock, session)) < len(after) + 100


def test_the_control_plane_moves_a_broadcast(mock):
    session = mock.session()
    mock.data("POST", f"/sessions/{session}/go_live", by="host")
    mock.data("POST", "/_mock/clock", json={"freeze": True, "advance": "1h"})
    text = playlist(mock, session)
    assert segments(text)[-1] == "0-1874.m4s"
    mock.clock.advance(minutes=1)
    assert playlist(mock, session) == text
    mock.data("POST", "/_mock/clock", json={"advance": "2s"})
    assert segments(playlist(mock, session))[-1] == "0-1875.m4s"


def test_there_is_nothing_before_the_broadcast(mock):
    session = mock.session()
    address = f"/hls/{session}/index.m3u8"
    assert "session is `scheduled` and was never broadcast" in refusal(mock, address)
    mock.data("POST", f"/sessions/{session}/start", by="host")
    assert "session is `live` and was never broadcast" in refusal(mock, address)
    mock.data("POST", f"/sessions/{session}/go_live", by="host")
    mock.clock.advance(seconds=1.9)
    for path in ("index.m3u8", "360p/index.m3u8", "360p/init.mp4", "360p/0-0.m4s"):
        answer = mock.send("GET", f"/hls/{session}/{path}")
        assert answer.status_code == 404
        assert "no segment of the broadcast is complete" in answer.json()["error"]
        assert answer.headers["retry-after"] == "2"
    mock.clock.advance(seconds=0.02)
    assert segments(playlist(mock, session)) == ["0-0.m4s"]


def test_an_ended_broadcast_keeps_its_last_window(mock):
    session = on_air(mock)
    before = playlist(mock, session)
    mock.data("POST", f"/sessions/{session}/end", by="host")
    ended = playlist(mock, session)
    assert ended == before + "#EXT-X-ENDLIST\n"
    mock.clock.advance(days=400)
    assert playlist(mock, session) == ended
    last = segments(ended)[-1]
    assert mock.send("GET", f"/hls/{session}/180p/{last}").status_code == 200
    assert "is not there" in refusal(mock, f"/hls/{session}/180p/0-31.m4s")


def test_a_broadcast_that_ended_at_once_has_no_playlist(mock):
    session = on_air(mock, seconds=1)
    mock.data("POST", f"/sessions/{session}/end", by="host")
    said = refusal(mock, f"/hls/{session}/index.m3u8")
    assert said == "the broadcast ended before its first segment was complete"


def test_a_drop_of_the_encoder_stops_players_until_it_is_back(mock):
    session = on_air(mock)
    before = playlist(mock, session)
    encoder = f"/_mock/sessions/{session}/encoder"
    mock.data("POST", encoder, json={"action": "drop", "seconds": 30})
    for _ in range(3):
        mock.clock.advance(seconds=10)
        assert playlist(mock, session) == before
    # It buffers for two seconds, and the first segment must be whole.
    mock.clock.advance(seconds=3.9)
    assert playlist(mock, session) == before
    mock.clock.advance(seconds=2)
    after = playlist(mock, session)
    assert segments(after)[-3:] == ["0-30.m4s", "92000-0.m4s", "92000-1.m4s"]
    assert after.count("#EXT-X-DISCONTINUITY\n") == 1
    fresh = mock.send("GET", f"/hls/{session}/360p/92000-0.m4s")
    assert fresh.status_code == 200
    assert fresh.headers["etag"].endswith('-92000-0"')
    assert "0-31 is not there" in refusal(mock, f"/hls/{session}/360p/0-31.m4s")


def test_what_an_encoder_is_to_do_is_not_seen_before(mock):
    session = on_air(mock)
    before = playlist(mock, session)
    encoder = f"/_mock/sessions/{session}/encoder"
    mock.data("POST", encoder, json={"action": "flap", "every": 20, "times": 50, "after": 5})
    assert playlist(mock, session) == before
    mock.clock.advance(days=1)
    after = playlist(mock, session)
    # Fifty times a drop of ten seconds; two seconds more until what comes next.
    assert segments(after)[-1].startswith("1057000-")
    mock.data("POST", f"/sessions/{session}/end", by="host")
    assert playlist(mock, session) == after + "#EXT-X-ENDLIST\n"


def test_a_show_that_begins_without_its_encoder_has_no_playlist_until_it_comes(mock):
    session = mock.session()
    encoder = f"/_mock/sessions/{session}/encoder"
    mock.data("POST", encoder, json={"action": "drop", "seconds": 60})
    mock.data("POST", f"/sessions/{session}/go_live", by="host")
    mock.clock.advance(seconds=60)
    assert "no segment of the broadcast" in refusal(mock, f"/hls/{session}/index.m3u8")
    mock.clock.advance(seconds=4)
    assert segments(playlist(mock, session)) == ["62000-0.m4s"]


@pytest.mark.parametrize("name", ["0-31", "1-0", "99999999999999-0", "0-999999999999"])
def test_segments_of_the_future_are_not_there(mock, name):
    session = on_air(mock)
    said = refusal(mock, f"/hls/{session}/360p/{name}.m4s")
    assert said == f"segment {name} is not there, the newest is 0-30.m4s"


def test_removed_segments_stay_for_a_while(mock):
    session = on_air(mock)
    oldest = 31 - 2 * 8
    there = mock.send("GET", f"/hls/{session}/360p/0-{oldest}.m4s")
    assert there.status_code == 200
    said = refusal(mock, f"/hls/{session}/360p/0-{oldest - 1}.m4s")
    assert "no longer there" in said


@pytest.mark.parametrize("session", [NOBODY, "nobody", "%00", "é", "x" * 90])
def test_a_session_that_is_none_has_no_broadcast(mock, session):
    assert "no session of world `default`" in refusal(mock, f"/hls/{session}/index.m3u8")


@pytest.mark.parametrize(
    "path",
    ["", "/", "/360p", "/init.mp4", "/0-1.m4s", "/90p/index.m3u8", "/360p/1.m4s", "/360p/x.ts"],
)
def test_other_paths_say_what_there_is(mock, path):
    session = on_air(mock)
    assert "`hls_url` of a session leads to it" in refusal(mock, f"/hls/{session}{path}")
    assert "`hls_url` of a session leads to it" in refusal(mock, "/hls/")


def test_only_reading_is_an_operation(mock):
    session = on_air(mock)
    address = f"/hls/{session}/index.m3u8"
    for method in ("POST", "PUT", "DELETE", "PATCH"):
        assert "must be one of GET, HEAD" in refusal(mock, address, 405, method)
        assert mock.send(method, address).headers["allow"] == "GET, HEAD"
    options = mock.send("OPTIONS", address)
    assert (options.status_code, options.headers["allow"]) == (204, "GET, HEAD")


def test_the_head_has_what_get_has(mock):
    session = on_air(mock)
    for path in ("index.m3u8", "360p/index.m3u8", "360p/init.mp4", "360p/0-30.m4s"):
        got, head = (mock.send(each, f"/hls/{session}/{path}") for each in ("GET", "HEAD"))
        assert head.content == b""
        assert head.headers == got.headers
    assert mock.send("HEAD", f"/hls/{NOBODY}/index.m3u8").content == b""


def test_a_part_of_a_segment_can_be_asked_for(mock):
    session = on_air(mock)
    address = f"/hls/{session}/360p/0-30.m4s"
    whole = mock.send("GET", address)
    part = mock.send("GET", address, headers={"Range": "bytes=700-799"})
    assert part.status_code == 206
    assert part.content == whole.content[700:800]
    assert part.headers["content-range"] == f"bytes 700-799/{len(whole.content)}"
    beyond = {"Range": "bytes=9999999-"}
    assert "begins after the end" in refusal(mock, address, 416, headers=beyond)
    known = mock.send("GET", address, headers={"If-None-Match": whole.headers["etag"]})
    assert (known.status_code, known.content) == (304, b"")


def test_players_on_other_origins_may_read(mock):
    session = on_air(mock)
    origin = {"Origin": "https://studio.test"}
    for path in ("index.m3u8", "360p/0-30.m4s"):
        answer = mock.send("GET", f"/hls/{session}/{path}", headers=origin)
        assert answer.headers["access-control-allow-origin"] == "https://studio.test"
        assert "Content-Range" in answer.headers["access-control-expose-headers"]


def test_each_world_has_its_own_broadcasts(mock):
    session = mock.session()
    mock.data("POST", f"/sessions/{session}/go_live", by="host")
    mock.data("POST", "/_mock/worlds", json={"name": "rehearsal", "from": "default"})
    try:
        mock.clock.advance(minutes=1)
        inner = f"/_mock/worlds/rehearsal/hls/{session}/360p/index.m3u8"
        frozen = {"freeze": True, "advance": "1h"}
        mock.data("POST", "/_mock/worlds/rehearsal/_mock/clock", json=frozen)
        assert segments(mock.send("GET", inner).text)[-1] == "0-1905.m4s"
        assert segments(playlist(mock, session))[-1] == "0-30.m4s"
        named = mock.send(
            "GET", f"/hls/{session}/360p/index.m3u8", headers={"X-Mock-World": "rehearsal"}
        )
        assert segments(named.text)[-1] == "0-1905.m4s"
        said = refusal(mock, f"/_mock/worlds/rehearsal/hls/{NOBODY}/index.m3u8")
        assert "no session of world `rehearsal`" in said
    finally:
        mock.data("DELETE", "/_mock/worlds/rehearsal")


def test_what_is_no_name_of_a_world_is_refused(mock):
    assert "is no name" in refusal(mock, f"/_mock/worlds/UP!/hls/{NOBODY}/index.m3u8", 422)


def test_requests_are_in_the_log_and_refusals_in_the_journal(mock):
    session = on_air(mock)
    mock.data("DELETE", "/_mock/exchanges")
    playlist(mock, session)
    address = f"/hls/{NOBODY}/index.m3u8"
    refusal(mock, address)
    lines = mock.log.getvalue().splitlines()
    assert f"GET /hls/{session}/360p/index.m3u8  200  " in lines
    assert any(line.startswith(f"GET {address}  404  no session") for line in lines)
    noted = mock.data("GET", "/_mock/exchanges")["exchanges"]
    assert [each["target"] for each in noted] == [address]


def test_a_longer_window_is_a_setting(mock_with):
    with mock_with(scenario="empty", dvr_window=60) as mock:
        session = on_air(mock, minutes=5)
        assert len(segments(playlist(mock, session))) == 32


def test_a_deleted_session_takes_its_broadcast_along(mock):
    session = on_air(mock)
    playlist(mock, session)
    mock.data("POST", f"/sessions/{session}/end", by="host")
    playlist(mock, session)
    mock.data("DELETE", f"/sessions/{session}", by="host")
    refusal(mock, f"/hls/{session}/360p/index.m3u8")
