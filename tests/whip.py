"""What a browser offers over WHIP, as text that tests bend."""

from __future__ import annotations

import asyncio

SDP = {"Content-Type": "application/sdp"}
FRAGMENT = {"Content-Type": "application/trickle-ice-sdpfrag"}
_FINGERPRINT = ":".join(["AB"] * 32)

SESSION = """v=0
o=- 4611731400430051336 2 IN IP4 127.0.0.1
s=-
t=0 0
a=group:BUNDLE 0 1
"""
_TRANSPORT = f"""a=ice-ufrag:EsAw
a=ice-pwd:P2uYro0UCOQ4zxjKXaWCBui1
a=fingerprint:sha-256 {_FINGERPRINT}
a=setup:actpass
a=sendonly
a=rtcp-mux
"""
AUDIO = f"""m=audio 9 UDP/TLS/RTP/SAVPF 111
c=IN IP4 0.0.0.0
a=mid:0
{_TRANSPORT}a=rtpmap:111 opus/48000/2
a=fmtp:111 minptime=10;useinbandfec=1
"""
VIDEO = f"""m=video 9 UDP/TLS/RTP/SAVPF 96 97
c=IN IP4 0.0.0.0
a=mid:1
{_TRANSPORT}a=rtpmap:96 VP8/90000
a=rtcp-fb:96 nack pli
a=rtpmap:97 rtx/90000
a=fmtp:97 apt=96
"""
OFFER = SESSION + AUDIO + VIDEO
FRAGMENT_OF_OFFER = """a=ice-ufrag:EsAw
a=ice-pwd:P2uYro0UCOQ4zxjKXaWCBui1
m=audio 9 UDP/TLS/RTP/SAVPF 111
a=mid:0
a=candidate:1 1 udp 2113937151 127.0.0.1 50000 typ host
a=end-of-candidates
"""


def bent(old: str, new: str, sdp: str = OFFER) -> str:
    """The offer with something else in it."""
    assert old in sdp
    return sdp.replace(old, new)


def live(mock, **session):
    """The path to publish to, and the id of a session."""
    return _opened(mock, mock.session(**session), "start")


def on_air(mock):
    """The path to publish to, and the id of a session that is broadcast."""
    return _opened(mock, mock.session(), "go_live")


def _opened(mock, session, move):
    opened = mock.data("POST", f"/sessions/{session}/{move}", by="host")
    return opened["whip_url"].removeprefix("http://mock:4010"), session


def until(mock, holds, seconds=10.0):
    """Let the loop run until something holds; returns True, raises TimeoutError."""

    async def wait():
        async with asyncio.timeout(seconds):
            while not holds():  # noqa: ASYNC110 - what is waited for is elsewhere
                await asyncio.sleep(0.005)
        return True

    return mock.loop.run_until_complete(wait())


def newest(mock):
    """The number of the last event."""
    return mock.env.store.events(0, 1).newest


def publish(mock, path, sdp=OFFER, **how):
    headers = SDP | how.pop("headers", {})
    return mock.send("POST", path, content=sdp.encode(), headers=headers, **how)


def refused(answer, status):
    body = answer.json()
    assert answer.status_code == status, body
    assert set(body) == {"success", "error", "timestamp"}
    assert body["success"] is False
    assert answer.headers["content-type"] == "application/json"
    return body["error"]
