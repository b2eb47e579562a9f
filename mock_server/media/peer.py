"""One publisher's connection: aiortc's answer to its offer, and what arrives, counted undecoded.

aiortc would decode everything, in a thread for each medium. Here its receivers do all that the
publisher sees (reports, estimates, asking again for what was lost), and the packets are counted.
That takes two of their methods that have an underscore, so a test publishes with every release.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime
from time import monotonic
from typing import TYPE_CHECKING, Any

from mock_server.domain.errors import Unprocessable
from mock_server.media.counting import Meter
from mock_server.media.offer import Fragment, Offer, answerable
from mock_server.media.picture import Size, h264_size, vp8_size
from mock_server.media.publishers import NO_AUDIO, NO_VIDEO, Measured

if TYPE_CHECKING:
    from aiortc import RTCPeerConnection, RTCRtpReceiver

# Seconds without a packet after which nothing is being published.
STALLED = 3.0
_LOOPBACK = ("127.0.0.1", "::1")
_OPUS_STEREO = 0x04
_ENDED = frozenset({"failed", "closed"})


class NoMedia(Exception):
    """Say that this mock was installed without what receives media."""


class Medium:
    """Count one medium of a publisher, and know what it looks or sounds like."""

    def __init__(self) -> None:
        self.meter = Meter()
        self.size: Size = (0, 0)
        self.channels = 0
        self.sample_rate = 0
        # By payload type, as they were agreed on: name in lower case, samples a second, channels.
        self.codecs: dict[int, tuple[str, int, int]] = {}

    def add(self, packet: Any) -> None:
        """Count a packet of aiortc's."""
        now = monotonic()
        size = len(packet.payload)
        codec, rate, channels = self.codecs.get(packet.payload_type, ("", 0, 0))
        if not codec or codec.endswith("/rtx"):
            self.meter.add_overhead(now, size)
            return
        begins = self.meter.add(now, size, packet.timestamp)
        # What aiortc makes of the payload: a frame's part, without what RTP puts before it.
        data: bytes = getattr(packet, "_data", b"")
        if codec == "video/vp8":
            self.size = (begins and vp8_size(data)) or self.size
        elif codec == "video/h264":
            self.size = h264_size(data) or self.size
        elif data:
            stereo = data[0] & _OPUS_STEREO if codec == "audio/opus" else channels > 1
            self.channels, self.sample_rate = (2 if stereo else 1), rate


class Peer:
    """Receive what one publisher sends; `on_arrival` is called once when its media begins to come,
    `on_end` when the connection is lost.
    """

    def __init__(
        self,
        on_arrival: Callable[[], None],
        on_end: Callable[[], None],
        clock: Callable[[], datetime],
    ) -> None:
        self.media: dict[str, Medium] = {}
        self._on_arrival = on_arrival
        self._on_end = on_end
        self._clock = clock
        self._started_at: datetime | None = None
        self._connection: RTCPeerConnection | None = None
        self._began = monotonic()

    async def answer(self, offer: Offer, addresses: Sequence[str] | None) -> str:
        """Return the answer to an offer, with all candidates; None takes every address there is.

        Raises NoMedia, Unprocessable. A peer that raised must be closed, too.
        """
        description, connection = await asyncio.to_thread(_imported)
        self._connection = connection()
        self._connection.on("connectionstatechange", self._look)
        try:
            await self._connection.setRemoteDescription(
                description(sdp=answerable(offer), type="offer")
            )
            for transceiver in self._connection.getTransceivers():
                medium = self.media.setdefault(transceiver.kind, Medium())
                self._count(transceiver.receiver, medium)
                _bind(transceiver.receiver, addresses)
            await self._connection.setLocalDescription(await self._connection.createAnswer())
        except (OSError, asyncio.CancelledError):
            raise
        except Exception as error:  # noqa: BLE001 - it raises whatever its parser stumbles over
            reason = str(error).partition("\n")[0] or type(error).__name__
            raise Unprocessable(f"the offer can't be answered: {reason[:200]}") from None
        answer: str = self._connection.localDescription.sdp
        return answer

    async def add_candidates(self, fragment: Fragment, mid: str) -> None:
        """Take candidates that were found after the offer (RFC 8838)."""
        from aiortc.sdp import candidate_from_sdp  # noqa: PLC0415 - an extra

        assert self._connection is not None, "candidates come after the answer"
        for value in fragment.candidates:
            candidate = candidate_from_sdp(value)
            candidate.sdpMid = mid
            await self._connection.addIceCandidate(candidate)

    async def close(self) -> None:
        """End the connection; nothing is called for it."""
        if self._connection is not None:
            await self._connection.close()

    def idle_for(self) -> float:
        """Return for how many seconds nothing has arrived."""
        # A copy, for a medium may be added meanwhile: another thread may be asking.
        last = [each.meter.last for each in tuple(self.media.values())]
        return monotonic() - max([self._began, *last])

    def measured(self, now: datetime) -> Measured:
        """Return what is measured, as of `now`."""
        at = monotonic()
        arrives = self._started_at is not None and self.idle_for() < STALLED
        if not arrives:
            return Measured("ENDPOINT_BUFFERING", started_at=self._started_at, updated_at=now)
        return Measured(
            "ENDPOINT_PUBLISHING",
            video=_video(self.media["video"], at) if "video" in self.media else NO_VIDEO,
            audio=_audio(self.media["audio"], at) if "audio" in self.media else NO_AUDIO,
            started_at=self._started_at,
            updated_at=now,
        )

    def _count(self, receiver: RTCRtpReceiver, medium: Medium) -> None:
        # Its type has no room for what stands in a method's place.
        told: Any = receiver
        handle, receive = told._handle_rtp_packet, told.receive  # noqa: SLF001

        async def counted(packet: Any, arrival_time_ms: int) -> None:
            await handle(packet, arrival_time_ms=arrival_time_ms)
            if self._started_at is None:
                self._started_at = self._clock()
                self._on_arrival()
            medium.add(packet)

        async def undecoded(parameters: Any) -> None:
            medium.codecs = {
                each.payloadType: (each.mimeType.lower(), each.clockRate, each.channels or 1)
                for each in parameters.codecs
            }
            await receive(parameters)
            # Ends the thread that decodes, and nothing else.
            told._handle_disconnect()  # noqa: SLF001

        told._handle_rtp_packet, told.receive = counted, undecoded  # noqa: SLF001

    def _look(self) -> None:
        if self._connection is not None and self._connection.connectionState in _ENDED:
            self._on_end()


def _imported() -> tuple[Any, Callable[[], RTCPeerConnection]]:
    """Import aiortc, which takes a second, and return what makes a description and a connection."""
    require_media()
    from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription  # noqa: PLC0415

    # No servers: aiortc's own default would ask one of Google's for our address.
    return RTCSessionDescription, lambda: RTCPeerConnection(RTCConfiguration(iceServers=[]))


def require_media() -> None:
    """Raise NoMedia where the extra is not installed."""
    from importlib.util import find_spec  # noqa: PLC0415 - only who publishes asks

    if find_spec("aiortc") is None:
        raise NoMedia(
            "the offer is fine, but this mock was installed without what receives media: "
            "install `greenroom[media]` on its machine"
        )


def _bind(receiver: RTCRtpReceiver, addresses: Sequence[str] | None) -> None:
    """Let candidates be gathered at our addresses alone, loopback included."""
    ice: Any = receiver.transport.transport.iceGatherer
    agent = ice._connection  # noqa: SLF001 - aiortc has no setting for it
    gather, ask_for_consent = agent.get_component_candidates, agent.query_consent

    async def while_open() -> None:
        # Closed in the moment it connects, aioice would go on asking for ever.
        if not agent._closing:  # noqa: SLF001
            await ask_for_consent()

    async def at_ours(component: int, addresses_there: Sequence[str]) -> Any:
        ours = (*addresses_there, *_LOOPBACK) if addresses is None else addresses
        return await gather(component=component, addresses=list(dict.fromkeys(ours)))

    agent.query_consent = while_open
    agent.get_component_candidates = lambda *, component, addresses: at_ours(component, addresses)


def _video(medium: Medium, at: float) -> dict[str, Any]:
    bits, frames = medium.meter.rates(at)
    width, height = medium.size
    return {
        "width": width,
        "height": height,
        "framerate": round(frames, 2),
        "average_bitrate": int(bits),
    }


def _audio(medium: Medium, at: float) -> dict[str, Any]:
    bits, _ = medium.meter.rates(at)
    return {
        "average_bitrate": int(bits),
        "channels": medium.channels,
        "sample_rate": medium.sample_rate,
    }
