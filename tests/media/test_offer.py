from __future__ import annotations

import contextlib
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).parents[1]))

from whip import AUDIO, FRAGMENT_OF_OFFER, OFFER, SESSION, VIDEO, bent

from mock_server.domain.errors import Unprocessable
from mock_server.media.offer import Malformed, answerable, read_fragment, read_offer

CANDIDATE = "a=candidate:1 1 udp 2113937151 127.0.0.1 50000 typ host\n"


def test_an_offer_tells_its_media_and_who_it_is_for_ice():
    offer = read_offer(OFFER.encode())
    assert [(each.kind, each.mid, each.direction) for each in offer.sections] == [
        ("audio", "0", "sendonly"),
        ("video", "1", "sendonly"),
    ]
    assert offer.sections[1].codecs == {"VP8", "RTX"}
    assert offer.ice_name == "EsAw"


@pytest.mark.parametrize(
    "sdp",
    [
        OFFER.replace("\n", "\r\n"),
        SESSION + VIDEO,
        bent("a=group:BUNDLE 0 1\n", "", SESSION) + AUDIO,
        bent("a=sendonly", "a=sendrecv"),
        bent(" 96 97\n", " 96 97" + " 98" * 62 + "\n"),
        bent("a=sendonly\n", ""),
        bent("a=setup:actpass", "a=setup:active"),
        bent("96 VP8/", "96 h264/"),
        bent("s=-", "s="),
        SESSION + AUDIO.replace("SAVPF 111", "SAVPF 0").replace("a=rtpmap:111 opus/48000/2\n", ""),
        SESSION + "a=ice-options:trickle\n" + AUDIO + VIDEO + CANDIDATE,
        # The session's attributes hold for its media.
        SESSION + "a=setup:actpass\n" + (AUDIO + VIDEO).replace("a=setup:actpass\n", ""),
    ],
)
def test_what_browsers_and_encoders_offer_is_read(sdp):
    assert read_offer(sdp.encode()).sections


@pytest.mark.parametrize(
    ("sdp", "said"),
    [
        ("", "the description is empty, must be SDP"),
        ("\n\n", "the description is empty, must be SDP"),
        ("hello", "line 1 is `hello`, must be like `a=…`"),
        ("o=-\nv=0", "the offer begins with `o=-`, must begin with `v=0`"),
        ("v=1\n", "the offer begins with `v=1`, must begin with `v=0`"),
        ("v=0\n", "the offer has no line `o=…` before its media"),
        (bent("t=0 0\n", ""), "the offer has no line `t=…` before its media"),
        (bent("a=mid:0\n", "a=mid:0\n\n"), "line 9 is ``, must be like `a=…`"),
        (bent("m=video 9 ", "m=video x "), "`m=video x UDP/TLS/RTP/SAVPF 96 97` is no media desc"),
        (bent("m=video 9 ", "m=video 99999 "), "is no media description"),
        (bent("SAVPF 96 97", "SAVPF"), "is no media description"),
        (bent("a=ice-ufrag:EsAw\n", ""), "`audio` has no `a=ice-ufrag` that can be used"),
        (bent("a=ice-ufrag:EsAw", "a=ice-ufrag:E s"), "`audio` has no `a=ice-ufrag`"),
        (bent("a=ice-pwd:P2uYro0UCOQ4zxjKXaWCBui1", "a=ice-pwd:short"), "no `a=ice-pwd`"),
        (bent("a=fingerprint:sha-256 AB", "a=fingerprint:AB"), "no `a=fingerprint`"),
        (bent("a=mid:1\n", ""), "the sections have no `a=mid` each of their own"),
        (bent("a=mid:1", "a=mid:0"), "the sections have no `a=mid` each of their own"),
        (OFFER + "a=x:y\n" * 1000, "lines, must have 500 at most"),
        (OFFER + "a=rtpmap:96 VP8/90000\n", "is for a format that has one"),
        (OFFER + "a=rtpmap:98 VP8/90000\n", "is for a format that has one or is not in its"),
        (OFFER + "a=candidate:1\n", "`a=candidate:1` is no candidate"),
        (OFFER + CANDIDATE.replace("50000", "70000"), "is no candidate"),
    ],
)
def test_what_is_no_description_is_malformed_and_told_why(sdp, said):
    with pytest.raises(Malformed, match="must") as refused:
        read_offer(sdp.encode())
    assert said in str(refused.value)


def test_what_is_no_text_is_malformed():
    with pytest.raises(Malformed, match="is not UTF-8"):
        read_offer(b"v=0\r\ns=\xff")


@pytest.mark.parametrize(
    ("sdp", "said"),
    [
        (SESSION, "the offer has no media"),
        (SESSION + "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\n", "a section `application`"),
        (OFFER + "m=text 9 RTP/AVP 98\n", "the offer has a section `text`"),
        (OFFER + VIDEO.replace("a=mid:1", "a=mid:2"), "2 sections `video`, must have one at most"),
        (bent("a=sendonly", "a=recvonly"), "`audio` is `recvonly`, must be `sendonly`"),
        (bent("a=sendonly", "a=inactive"), "`audio` is `inactive`"),
        (SESSION + "a=recvonly\n" + AUDIO.replace("a=sendonly\n", ""), "`audio` is `recvonly`"),
        (bent("UDP/TLS/RTP/SAVPF 96", "RTP/AVP 96"), "`video` is sent as `RTP/AVP`"),
        (bent("a=setup:actpass", "a=setup:passive"), "`a=setup` of `audio` is `passive`"),
        (bent("a=setup:actpass\n", ""), "`a=setup` of `audio` is `missing`"),
        (bent("a=rtcp-mux\n", ""), "`audio` has no `a=rtcp-mux`"),
        (bent("96 VP8/", "96 AV1/"), "`video` offers no codec that is received here"),
        (OFFER + CANDIDATE * 101, "there are 101 candidates, must be 100 at most"),
        (bent(" 96 97\n", " 96 97" + " 98" * 63 + "\n"), "`video` offers 65 formats, must be 64"),
        (bent("a=group:BUNDLE 0 1\n", ""), "not in one `a=group:BUNDLE`"),
        (bent("a=group:BUNDLE 0 1", "a=group:BUNDLE 0"), "not in one `a=group:BUNDLE`"),
    ],
)
def test_what_whip_has_no_place_for_is_unprocessable_and_told_why(sdp, said):
    with pytest.raises(Unprocessable) as refused:
        read_offer(sdp.encode())
    assert said in str(refused.value)
    assert "must" in str(refused.value)


def test_who_answers_is_the_passive_side_and_asks_no_network_for_names():
    lines = (
        CANDIDATE,
        CANDIDATE.replace("127.0.0.1", "3f2a-b1.local"),
        CANDIDATE.replace("udp", "tcp"),
        CANDIDATE.replace("127.0.0.1", "fd00::2"),
        CANDIDATE.replace("1 1 udp", "1 2 udp"),
    )
    given_on = answerable(read_offer((OFFER + "".join(lines)).encode()))
    assert given_on.count("a=setup:active\r\n") == 2
    assert "actpass" not in given_on
    kept = [line for line in given_on.splitlines() if line.startswith("a=candidate")]
    assert kept == [lines[0].strip(), lines[3].strip()]


def test_a_fragment_tells_whose_it_is_and_its_candidates():
    fragment = read_fragment(FRAGMENT_OF_OFFER.encode())
    assert fragment.ice_name == "EsAw"
    assert fragment.candidates == ("1 1 udp 2113937151 127.0.0.1 50000 typ host",)
    assert fragment.ended
    assert not read_fragment(bent("a=end-of-candidates\n", "", FRAGMENT_OF_OFFER).encode()).ended


@pytest.mark.parametrize(
    "fragment",
    [
        "",
        "{}",
        "m=audio 9 UDP/TLS/RTP/SAVPF 111\n",
        bent("a=ice-pwd:P2uYro0UCOQ4zxjKXaWCBui1\n", "", FRAGMENT_OF_OFFER),
        bent("50000", "port", FRAGMENT_OF_OFFER),
        bent("typ host", "", FRAGMENT_OF_OFFER),
    ],
)
def test_a_fragment_that_is_none_is_malformed(fragment):
    with pytest.raises(Malformed):
        read_fragment(fragment.encode())


@given(st.binary(max_size=400))
def test_any_bytes_are_an_offer_or_refused(raw):
    for read in (read_offer, read_fragment):
        with contextlib.suppress(Malformed, Unprocessable):
            read(raw)


@given(st.data())
def test_an_offer_with_a_line_changed_is_an_offer_or_refused(data):
    lines = OFFER.splitlines()
    at = data.draw(st.integers(0, len(lines) - 1))
    lines[at] = data.draw(
        st.one_of(
            st.text(max_size=40),
            st.sampled_from(lines),
            st.builds(lambda end, line=lines[at]: line[: -1 - end], st.integers(0, 20)),
        )
    )
    with contextlib.suppress(Malformed, Unprocessable):
        read_offer("\n".join(lines).encode())
