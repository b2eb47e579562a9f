"""A real publisher, aiortc, against a mock that serves: connected, measured, gone for good."""

from __future__ import annotations

import asyncio
import gc
import re
import subprocess
import sys
import threading
from contextlib import asynccontextmanager, closing
from pathlib import Path

import httpx
import pytest

from mock_server.http.limits import Limits
from mock_server.media.peer import STALLED
from mock_server.media.publications import IDLE_SECONDS
from mock_server.serve import bind, server_of

sys.path.insert(0, str(Path(__file__).parents[1]))
sys.path.insert(0, str(Path(__file__).parents[1] / "serving"))

from serving import serve
from whip import FRAGMENT, SDP

aiortc = pytest.importorskip("aiortc")
pytest.importorskip("aiortc.contrib.media")

HOST = {"X-API-Key": "greenroom-host-key"}
PATIENCE = 30
PATTERN = "testsrc2=size=320x180:rate=30[out0];sine=sample_rate=48000[out1]"


@asynccontextmanager
async def served(mock):
    """The mock on a real socket, in the loop of the test."""
    with closing(bind("127.0.0.1", 0)) as bound:
        server = server_of(mock.app, Limits(), lambda *_: None)
        serving = asyncio.create_task(server.serve(sockets=[bound]))
        while not server.started:  # noqa: ASYNC110 - uvicorn has no event for it
            await asyncio.sleep(0.01)
        base = f"http://127.0.0.1:{bound.getsockname()[1]}"
        try:
            async with httpx.AsyncClient(base_url=base, headers=HOST, timeout=PATIENCE) as client:
                yield client
        finally:
            await mock.env.common.publications.close()
            server.should_exit = True
            await serving


async def until(holds):
    async with asyncio.timeout(PATIENCE):
        while not (found := await holds()):  # noqa: ASYNC110 - what is waited for is elsewhere
            await asyncio.sleep(0.05)
    return found


async def live(client):
    sessions = (await client.get("/v1/webinar/sessions/live")).json()["data"]["sessions"]
    for each in sessions:
        opened = await client.post(f"/v1/webinar/sessions/{each['id']}/start")
        if opened.is_success:
            return each["id"], httpx.URL(opened.json()["data"]["whip_url"]).path
    raise AssertionError(sessions)


def publisher():
    return aiortc.RTCPeerConnection(aiortc.RTCConfiguration(iceServers=[]))


def film(connection, codec):
    """Send a moving picture and a tone."""
    player = aiortc.contrib.media.MediaPlayer(PATTERN, format="lavfi")
    connection.addTransceiver(player.audio, direction="sendonly")
    sender = connection.addTransceiver(player.video, direction="sendonly")
    known = aiortc.RTCRtpSender.getCapabilities("video").codecs
    sender.setCodecPreferences([each for each in known if each.mimeType == codec])


async def publish(client, path, connection, *, trickle=False):
    """Publish what a connection sends, else silence."""
    if not connection.getTransceivers():
        connection.addTransceiver(aiortc.mediastreams.AudioStreamTrack(), direction="sendonly")
    await connection.setLocalDescription(await connection.createOffer())
    offer = connection.localDescription.sdp
    if trickle:
        kept = [each for each in offer.splitlines() if "candidate" not in each]
        offer = "\r\n".join((*kept, ""))
    posted = await client.post(path, content=offer, headers=SDP)
    assert posted.status_code == 201, posted.text
    answer = aiortc.RTCSessionDescription(sdp=posted.text, type="answer")
    await connection.setRemoteDescription(answer)
    return posted


async def connected(connection):
    async def is_so():
        return connection.connectionState == "connected"

    await until(is_so)


async def leave(connection):
    """Close a connection, and what aioice leaves behind of one closed while it connects."""
    agents = [
        each.receiver.transport.transport._connection for each in connection.getTransceivers()
    ]
    await connection.close()
    await asyncio.sleep(0.05)
    for agent in agents:
        if agent._query_consent_task is not None:
            agent._query_consent_task.cancel()


def _flows(health):
    return health["video"]["framerate"] > 5 and health["audio"]["average_bitrate"] > 5_000


def measured(client, session_id):
    async def ask():
        answer = await client.get(f"/v1/webinar/sessions/{session_id}/stream_health")
        health = answer.json()["data"]
        arrived = health["status"] == "ENDPOINT_PUBLISHING" and health["audio"]["channels"]
        # Until there is a key frame, and some time to take a rate over.
        return health if arrived and health["video"]["width"] and _flows(health) else None

    return until(ask)


@pytest.mark.parametrize("codec", ["video/VP8", "video/H264"])
def test_what_is_published_is_measured(demo, codec):
    async def scene():
        async with served(demo) as client:
            session_id, path = await live(client)
            connection = publisher()
            film(connection, codec)
            posted = await publish(client, path, connection)
            await connected(connection)
            health = await measured(client, session_id)
            left = await client.delete(posted.headers["location"])
            assert left.status_code == 200
            await connection.close()
            return posted, health

    posted, health = asyncio.run(scene())
    video, audio = health["video"], health["audio"]
    assert (video["width"], video["height"]) == (320, 180)
    assert video["framerate"] < 60
    assert video["average_bitrate"] > 10_000
    assert (audio["channels"], audio["sample_rate"]) == (2, 48_000)
    assert health["started_at"] <= health["updated_at"]
    assert "a=setup:passive" in posted.text
    assert posted.text.count("a=recvonly") == 2
    assert " 127.0.0.1 " in posted.text
    candidates = [line for line in posted.text.splitlines() if line.startswith("a=candidate")]
    assert {line.split()[4] for line in candidates} == {"127.0.0.1"}
    assert len(demo.env.common.publishers) == 0


def test_the_encoder_comes_and_goes_with_a_publisher(demo):
    async def scene():
        async with served(demo) as client:
            session_id, path = await live(client)
            encoder = f"/_mock/sessions/{session_id}/encoder"
            await client.post(f"/v1/webinar/sessions/{session_id}/go_live")
            await client.post(encoder, json={"action": "drop"})

            async def seen():
                return (await client.get(encoder)).json()["data"]

            async def buffers():
                return (await seen())["doing"] == "buffering"

            found = [await seen()]
            for word in ("leave", "vanish"):
                demo.clock.advance(seconds=10)
                connection = publisher()
                film(connection, "video/VP8")
                posted = await publish(client, path, connection)
                await until(buffers)
                demo.clock.advance(seconds=10)
                await measured(client, session_id)
                found.append(await seen())
                if word == "leave":
                    await client.delete(posted.headers["location"])
                await connection.close()

                async def is_gone():
                    return "publisher" not in await seen()

                await until(is_gone)
                found.append(await seen())
            return found

    found = asyncio.run(scene())
    doing = [each["doing"] for each in found]
    assert doing == ["dropped", "publishing", "dropped", "publishing", "dropped"]
    shown = found[1]["publisher"]
    assert (shown["video"]["width"], shown["status"]) == (320, "ENDPOINT_PUBLISHING")
    assert [each["action"] for each in found[-1]["changes"]] == [
        "drop", "connect", "drop", "connect", "drop",
    ]  # fmt: skip


def test_candidates_may_come_after_the_offer(demo):
    async def scene():
        async with served(demo) as client:
            _, path = await live(client)
            connection = publisher()
            posted = await publish(client, path, connection, trickle=True)
            kept = [
                line
                for line in connection.localDescription.sdp.splitlines()
                if line.startswith(("a=ice-ufrag", "a=ice-pwd", "a=candidate"))
            ]
            sent = await client.patch(
                posted.headers["location"],
                content="\r\n".join((*kept, "a=end-of-candidates", "")),
                headers=FRAGMENT | {"If-Match": posted.headers["etag"]},
            )
            assert sent.status_code == 204
            await connected(connection)
            await connection.close()

    asyncio.run(scene())


def test_who_leaves_without_a_word_is_missed(demo):
    async def scene():
        async with served(demo) as client:
            _, path = await live(client)
            connection = publisher()
            await publish(client, path, connection)
            await connected(connection)
            await connection.close()

            async def gone():
                return len(demo.env.common.publications) == 0

            await until(gone)

    asyncio.run(scene())


def test_the_end_of_a_session_hangs_up(demo):
    async def scene():
        async with served(demo) as client:
            session_id, path = await live(client)
            connection = publisher()
            await publish(client, path, connection)
            await connected(connection)
            await client.post(f"/v1/webinar/sessions/{session_id}/end")

            async def hung_up():
                return connection.connectionState == "closed"

            await until(hung_up)
            assert len(demo.env.common.publications) == 0
            await connection.close()

    asyncio.run(scene())


def test_fifty_that_come_and_go_leave_nothing_behind(demo):
    async def scene():
        async with served(demo) as client:
            _, path = await live(client)
            first = None
            for number in range(50):
                connection = publisher()
                posted = await publish(client, path, connection)
                if number % 5 == 0:
                    await connected(connection)
                left = await client.delete(posted.headers["location"])
                assert left.status_code == 200
                await leave(connection)
                now = len(asyncio.all_tasks()), threading.active_count()
                first = first or now

            async def are_gone():
                gc.collect()
                tasks, threads = len(asyncio.all_tasks()), threading.active_count()
                return tasks <= first[0] and threads <= first[1] + 2

            await until(are_gone)
            assert len(demo.env.common.publications) == 0
            assert len(demo.env.common.publishers) == 0

    asyncio.run(scene())


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("opus/48000/2", "opus/x/2"),
        ("a=rtpmap:0 PCMU/8000", "a=rtpmap:0 PCMU"),
        ("a=mid:0", "a=mid:" + "m" * 2000),
        ("a=extmap:1 ", "a=extmap:one "),
        ("a=ssrc:", "a=ssrc:x"),
        ("a=fingerprint:sha-256 ", "a=fingerprint:md5 "),
    ],
)
def test_what_aiortc_stumbles_over_is_no_bug_of_the_mock(demo, old, new):
    async def scene():
        async with served(demo) as client:
            _, path = await live(client)
            connection = publisher()
            connection.addTransceiver("audio", direction="sendonly")
            await connection.setLocalDescription(await connection.createOffer())
            offer = connection.localDescription.sdp
            assert old in offer
            posted = await client.post(path, content=offer.replace(old, new), headers=SDP)
            await connection.close()
            return posted

    posted = asyncio.run(scene())
    assert posted.status_code in {201, 422}, posted.text
    assert len(demo.env.common.publications) == 0


def test_a_stall_is_noticed_before_a_publisher_is_given_up():
    assert STALLED < IDLE_SECONDS


def document(language):
    """The program that docs/whip.md has in a language."""
    text = (Path(__file__).parents[2] / "docs" / "whip.md").read_text()
    (written,) = re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)
    return written


def test_the_documents_program_publishes(tmp_path):
    program = tmp_path / "publish.py"
    program.write_text(document("python"))
    with serve() as served, served.client() as client:
        session = client.get("/sessions/live").json()["data"]["sessions"][0]["id"]
        opened = client.post(f"/sessions/{session}/start").json()["data"]
        command = [sys.executable, "-W", "error", str(program), opened["whip_url"], "2"]
        with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as publishing:
            seen = set()
            while publishing.poll() is None:
                health = client.get(f"/sessions/{session}/stream_health").json()["data"]
                seen.add((health["status"], health["video"]["width"]))
            assert publishing.returncode == 0, publishing.stderr.read()
        assert ("ENDPOINT_PUBLISHING", 640) in seen


def test_a_mock_that_stops_hangs_up_and_says_nothing_of_it(tmp_path):
    program = tmp_path / "publish.py"
    program.write_text(document("python"))
    with serve() as served, served.client() as client:
        session = client.get("/sessions/live").json()["data"]["sessions"][0]["id"]
        whip = client.post(f"/sessions/{session}/start").json()["data"]["whip_url"]
        with subprocess.Popen(
            [sys.executable, str(program), whip, "60"], stderr=subprocess.DEVNULL
        ) as publishing:
            status = ""
            while status != "ENDPOINT_PUBLISHING":
                health = client.get(f"/sessions/{session}/stream_health").json()["data"]
                status = health["status"] if health["video"]["width"] == 640 else ""
            assert served.stop() == (0, "", "")
            publishing.kill()
