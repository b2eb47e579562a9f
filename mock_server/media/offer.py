"""What a publisher offers over WHIP: SDP, read as far as RFC 9725 has an opinion on it.

aiortc reads it again to answer it; this is for a mock without it too, and for a refusal that says
what is wrong instead of where an exception was.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from mock_server.domain.errors import Unprocessable

# What aiortc receives. A section without one of these would be refused within the answer, and no
# answer may be a partial one (RFC 9725, 4.5).
CODECS: Mapping[str, frozenset[str]] = MappingProxyType(
    {"audio": frozenset({"OPUS", "PCMU", "PCMA", "G722"}), "video": frozenset({"VP8", "H264"})}
)
# Some twice what a browser offers. A reader of SDP takes a line's time for every other line.
MOST_LINES = 500
# As many numbers as browsers have for all they offer (RFC 5761, 4). A reader of SDP takes each line
# of feedback for every one of them.
MOST_FORMATS = 64
MOST_CANDIDATES = 100
_STATIC = {"0": "PCMU", "8": "PCMA", "9": "G722"}
_NEWLINE = re.compile(r"\r\n|\n|\r")
_LINE = re.compile(r"[a-z]=.+")
_MEDIA = re.compile(r"([a-z]+) (\d{1,5})(?:/\d{1,5})? ([A-Za-z0-9/.-]+)((?: \S+)+)", re.ASCII)
_DIRECTIONS = ("sendrecv", "sendonly", "recvonly", "inactive")
_ICE_NAME = re.compile(r"[A-Za-z0-9+/]{4,256}", re.ASCII)
_ICE_PASSWORD = re.compile(r"[A-Za-z0-9+/]{22,256}", re.ASCII)
_FINGERPRINT = re.compile(r"[A-Za-z0-9-]+ [0-9A-Fa-f]{2}(?::[0-9A-Fa-f]{2})+", re.ASCII)
_SETUP = re.compile(r"a=setup:(actpass|active)")
_CANDIDATE = re.compile(
    r"[A-Za-z0-9+/]{1,32} (?P<component>\d{1,3}) (?P<transport>[A-Za-z]{1,9}) \d{1,10} "
    r"(?P<address>\S{1,253}) (?P<port>\d{1,5}) typ (?:host|srflx|prflx|relay)(?: \S+)*",
    re.ASCII,
)
_LAST_PORT = 65_535
_SHOWN = 60


class Malformed(Exception):
    """Say why a description is none: what is, what must be."""


@dataclass(frozen=True, slots=True)
class Section:
    """Hold one media description: its kind, its mid, and its attributes, the session's included."""

    kind: str
    mid: str
    direction: str
    protocol: str
    codecs: frozenset[str]
    attributes: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Offer:
    """Hold an offer that can be answered; `sdp` has the lines it came with."""

    sdp: str
    sections: tuple[Section, ...]
    ice_name: str


@dataclass(frozen=True, slots=True)
class Fragment:
    """Hold what a `application/trickle-ice-sdpfrag` tells (RFC 8840): whose, and which candidates.

    `candidates` are values of the attribute, without those that only a look at the network or TCP
    could use; `ended` says that no more will come.
    """

    ice_name: str
    candidates: tuple[str, ...]
    ended: bool


def read_offer(raw: bytes) -> Offer:
    """Read an offer; raises Malformed for what is no SDP (RFC 8866), Unprocessable for what WHIP
    has no place for (RFC 9725, 4.2 to 4.5).
    """
    lines = _lines(raw)
    if lines[0] != "v=0":
        raise Malformed(f"the offer begins with `{lines[0][:_SHOWN]}`, must begin with `v=0`")
    session, groups = _grouped(lines)
    for needed in ("o=", "s=", "t="):
        if not any(line.startswith(needed) for line in session):
            raise Malformed(f"the offer has no line `{needed}…` before its media, must have one")
    general = _attributes(session)
    sections = tuple(_section(group, general) for group in groups)
    _require_publishable(sections)
    require_few(sum(line.startswith("a=candidate:") for line in lines))
    for section in sections:
        _require_section(section)
    _require_bundle(session, sections)
    return Offer("\r\n".join((*lines, "")), sections, sections[0].attributes["ice-ufrag"])


def read_fragment(raw: bytes) -> Fragment:
    """Read a fragment of trickle ICE; raises Malformed (RFC 8840, 9)."""
    lines = _lines(raw)
    attributes = _attributes(lines)
    name, password = attributes.get("ice-ufrag", ""), attributes.get("ice-pwd", "")
    if not _ICE_NAME.fullmatch(name) or not _ICE_PASSWORD.fullmatch(password):
        raise Malformed("the fragment has no `a=ice-ufrag` and `a=ice-pwd`, must have both")
    candidates = tuple(_candidates(lines))
    return Fragment(name, candidates, "end-of-candidates" in attributes)


def require_few(candidates: int) -> None:
    """Refuse more candidates of one publisher than there may be, since each is tried; raises
    Unprocessable.
    """
    if candidates > MOST_CANDIDATES:
        raise Unprocessable(f"there are {candidates} candidates, must be {MOST_CANDIDATES} at most")


def answerable(offer: Offer) -> str:
    """Return the offer as it is given to who answers it: with us as the passive side, and only
    candidates that can be reached without asking the network for names.
    """
    kept = [
        _SETUP.sub("a=setup:active", line)
        for line in _NEWLINE.split(offer.sdp)
        if not line.startswith("a=candidate:") or _is_usable(line.removeprefix("a=candidate:"))
    ]
    return "\r\n".join(kept)


def _lines(raw: bytes) -> list[str]:
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        raise Malformed("the description is not UTF-8, must be SDP") from None
    lines = _NEWLINE.split(text)
    while lines and not lines[-1]:
        lines.pop()
    if not lines:
        raise Malformed("the description is empty, must be SDP")
    if len(lines) > MOST_LINES:
        raise Malformed(
            f"the description has {len(lines):,} lines, must have {MOST_LINES:,} at most"
        )
    for number, line in enumerate(lines, start=1):
        if not _LINE.fullmatch(line):
            # `s=` alone is what some write for a session without a name.
            if line == "s=":
                continue
            shown = line[:_SHOWN]
            raise Malformed(f"line {number} is `{shown}`, must be like `a=…` (one letter, `=`)")
    return lines


def _grouped(lines: Sequence[str]) -> tuple[list[str], list[list[str]]]:
    session: list[str] = []
    groups: list[list[str]] = []
    for line in lines:
        if line.startswith("m="):
            groups.append([line])
        else:
            (groups[-1] if groups else session).append(line)
    return session, groups


def _attributes(lines: Sequence[str]) -> dict[str, str]:
    """Return the first value of each attribute, empty for a flag."""
    found: dict[str, str] = {}
    for line in lines:
        if line.startswith("a="):
            name, _, value = line[2:].partition(":")
            found.setdefault(name, value.strip())
    return found


def _section(lines: Sequence[str], general: Mapping[str, str]) -> Section:
    media = _MEDIA.fullmatch(lines[0][2:])
    if media is None or int(media[2]) > _LAST_PORT:
        raise Malformed(
            f"the line `{lines[0][:_SHOWN]}` is no media description, "
            "must be like `m=video 9 UDP/TLS/RTP/SAVPF 96`"
        )
    own = _attributes(lines)
    attributes = {**general, **own}
    direction = next((each for each in _DIRECTIONS if each in own), None)
    direction = direction or next((each for each in _DIRECTIONS if each in general), "sendrecv")
    for _ in _candidates(lines):
        pass
    formats = media[4].split()
    if len(formats) > MOST_FORMATS:
        raise Unprocessable(
            f"`{media[1][:_SHOWN]}` offers {len(formats):,} formats, must be {MOST_FORMATS} at most"
        )
    names = _codecs(lines, formats)
    return Section(media[1], own.get("mid", ""), direction, media[3], names, attributes)


def _codecs(lines: Sequence[str], formats: Sequence[str]) -> frozenset[str]:
    names = {each: _STATIC[each] for each in formats if each in _STATIC}
    mapped: set[str] = set()
    for line in lines:
        if line.startswith("a=rtpmap:"):
            number, _, encoding = line.removeprefix("a=rtpmap:").partition(" ")
            if number in mapped or number not in formats:
                raise Malformed(
                    f"`{line[:_SHOWN]}` is for a format that has one or is not in its `m=` line, "
                    "must be one for each"
                )
            mapped.add(number)
            names[number] = encoding.partition("/")[0].upper()
    return frozenset(names.values())


def _candidates(lines: Sequence[str]) -> Iterator[str]:
    for line in lines:
        if not line.startswith("a=candidate:"):
            continue
        value = line.removeprefix("a=candidate:")
        found = _CANDIDATE.fullmatch(value)
        if found is None or int(found["port"]) > _LAST_PORT:
            raise Malformed(f"`{line[:_SHOWN]}` is no candidate, must be as RFC 8839 (5.1) has it")
        if _is_usable(value):
            yield value


def _is_usable(candidate: str) -> bool:
    found = _CANDIDATE.fullmatch(candidate)
    if found is None or found["transport"].lower() != "udp" or found["component"] != "1":
        return False
    # A `.local` name would be asked for on the whole network (mDNS). Who hides behind one calls us.
    return bool(re.fullmatch(r"[0-9.]+|[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*", found["address"]))


def _require_publishable(sections: Sequence[Section]) -> None:
    kinds = [section.kind for section in sections]
    other = next((kind for kind in kinds if kind not in CODECS), None)
    if other is not None:
        raise Unprocessable(
            f"the offer has a section `{other[:_SHOWN]}`, must have `audio` and `video` only"
        )
    if not kinds:
        raise Unprocessable("the offer has no media, must have `audio`, `video` or one of each")
    many = next((kind for kind in CODECS if kinds.count(kind) > 1), None)
    if many is not None:
        raise Unprocessable(
            f"the offer has {kinds.count(many)} sections `{many}`, must have one at most"
        )


def _require_section(section: Section) -> None:
    kind, attributes = section.kind, section.attributes
    if section.direction in {"recvonly", "inactive"}:
        raise Unprocessable(
            f"`{kind}` is `{section.direction}`, must be `sendonly` (or `sendrecv`): "
            "WHIP is for who publishes"
        )
    if section.protocol != "UDP/TLS/RTP/SAVPF":
        shown = section.protocol[:_SHOWN]
        raise Unprocessable(f"`{kind}` is sent as `{shown}`, must be `UDP/TLS/RTP/SAVPF`")
    for name, shape in (
        ("ice-ufrag", _ICE_NAME),
        ("ice-pwd", _ICE_PASSWORD),
        ("fingerprint", _FINGERPRINT),
    ):
        if not shape.fullmatch(attributes.get(name, "")):
            raise Malformed(f"`{kind}` has no `a={name}` that can be used, must have one")
    if attributes.get("setup") not in {"actpass", "active"}:
        shown = attributes.get("setup", "missing")[:_SHOWN]
        raise Unprocessable(f"`a=setup` of `{kind}` is `{shown}`, must be `actpass` (or `active`)")
    if "rtcp-mux" not in attributes:
        raise Unprocessable(f"`{kind}` has no `a=rtcp-mux`, must have it")
    if not section.codecs & CODECS[kind]:
        wanted = ", ".join(sorted(CODECS[kind]))
        raise Unprocessable(f"`{kind}` offers no codec that is received here, must have {wanted}")


def _require_bundle(session: Sequence[str], sections: Sequence[Section]) -> None:
    mids = [section.mid for section in sections]
    if len(sections) == 1:
        return
    if "" in mids or len(set(mids)) < len(mids):
        raise Malformed("the sections have no `a=mid` each of their own, must have it")
    groups = [line.split()[1:] for line in session if line.startswith("a=group:BUNDLE ")]
    if not any(set(mids) <= set(group) for group in groups):
        raise Unprocessable("the sections are not in one `a=group:BUNDLE`, must be")
