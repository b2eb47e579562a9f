from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))

from whip import OFFER, SDP

from mock_server.media import peer

fault = pytest.mark.fault


def playlist(mock):
    session = mock.live()
    mock.clock.advance(seconds=60)
    path = mock.shown(session)["hls_url"].removeprefix("http://mock:4010")
    variant = mock.send("GET", path).text.split()[-1]
    answer = mock.send("GET", f"{path.rpartition('/')[0]}/{variant}")
    assert answer.status_code == 200
    return answer.text


@fault("playlist-without-target")
def test_a_playlist_names_its_target(judge):
    judge(lambda mock: "TARGETDURATION" in playlist(mock), right=True, wrong=False)


@fault("segments-longer-than-said")
def test_a_playlists_target_is_kept(judge):
    judge(lambda mock: "TARGETDURATION:1\n" in playlist(mock), right=False, wrong=True)


@fault("segments-without-length")
def test_a_playlist_tells_how_long_segments_are(judge):
    judge(lambda mock: "#EXTINF:" in playlist(mock), right=True, wrong=False)


@fault("playlist-of-an-old-version")
def test_a_playlist_says_the_version_it_needs(judge):
    judge(lambda mock: "VERSION:6\n" in playlist(mock), right=True, wrong=False)


def first_ones(mock):
    """The statuses of what players read first of a playlist, and of its oldest segment."""
    session = mock.live()
    mock.clock.advance(seconds=4)
    path = mock.shown(session)["hls_url"].removeprefix("http://mock:4010")
    variant = mock.send("GET", path).text.split()[-1]
    folder = f"{path.rpartition('/')[0]}/{variant}".rpartition("/")[0]
    names = ("init.mp4", "0-0.m4s", "0-1.m4s")
    return [mock.send("GET", f"{folder}/{name}").status_code for name in names]


@fault("segments-without-beginning")
def test_what_comes_before_segments_is_there(judge):
    judge(first_ones, right=[200, 200, 200], wrong=[404, 200, 200])


@fault("oldest-segment-gone")
def test_the_oldest_segment_is_there(judge):
    judge(first_ones, right=[200, 200, 200], wrong=[200, 404, 200])


@fault("playlist-is-500")
def test_a_broadcast_can_be_watched(judge):
    def status(mock):
        session = mock.live()
        mock.clock.advance(seconds=60)
        path = mock.shown(session)["hls_url"].removeprefix("http://mock:4010")
        return mock.send("GET", path).status_code

    judge(status, right=200, wrong=500)


@fault("playlist-newest-first")
def test_new_segments_come_last(judge):
    def ends(mock):
        lines = [x for x in playlist(mock).splitlines() if x.endswith(".m4s")]
        return lines[0], lines[-1]

    # After a minute of segments of 1.92 s.
    judge(ends, right=("0-24.m4s", "0-30.m4s"), wrong=("0-30.m4s", "0-24.m4s"))


@fault("ingress-takes-anything")
def test_an_ended_sessions_ingress_refuses(judge):
    def refused(mock):
        session = mock.session()
        path = mock.move(session, "start")["whip_url"].removeprefix("http://mock:4010")
        mock.move(session, "end")
        return mock.send("POST", path, content=b"v=0").status_code >= 400

    judge(refused, right=True, wrong=False)


def after_the_end(mock):
    session = mock.live()
    mock.clock.advance(seconds=60)
    path = mock.shown(session)["hls_url"].removeprefix("http://mock:4010")
    mock.move(session, "end")
    variant = mock.send("GET", path).text.split()[-1]
    return mock.send("GET", f"{path.rpartition('/')[0]}/{variant}").text


@fault("playlist-never-ends")
def test_a_playlist_ends_with_its_session(judge):
    judge(lambda mock: "ENDLIST" in after_the_end(mock), right=True, wrong=False)


@fault("playlist-ends-on-air")
def test_a_playlist_goes_on_while_the_session_is_on_air(judge):
    judge(lambda mock: "ENDLIST" in playlist(mock), right=False, wrong=True)


@pytest.fixture
def answering(monkeypatch):
    """Answer offers that can be read without opening anything."""

    async def answer(self, offer, addresses):
        return "v=0\r\n"

    async def close(self):
        """Nothing was opened."""

    monkeypatch.setattr(peer.Peer, "answer", answer)
    monkeypatch.setattr(peer.Peer, "close", close)


def published(mock, offer):
    path = mock.move(mock.session(), "start")["whip_url"].removeprefix("http://mock:4010")
    posted = mock.send("POST", path, content=offer.encode(), headers=SDP)
    if posted.is_success:
        assert mock.send("DELETE", posted.headers["location"]).status_code == 200
    return posted.status_code


@pytest.mark.usefixtures("answering")
@fault("offer-answered-200")
def test_an_offer_is_answered_with_a_new_session(judge):
    judge(lambda mock: published(mock, OFFER), right=201, wrong=200)


@pytest.mark.usefixtures("answering")
@fault("offer-read-by-its-media-only")
def test_an_offer_may_say_something_of_all_its_media(judge):
    lines = OFFER.split("\n")
    of_all = next(line for line in lines if line.startswith("a=fingerprint"))
    head, _, media = "\n".join(line for line in lines if line != of_all).partition("\nm=")
    shared = f"{head}\n{of_all}\nm={media}"

    def statuses(mock):
        return [published(mock, offer) for offer in (OFFER, shared)]

    judge(statuses, right=[201, 201], wrong=[201, 400])
