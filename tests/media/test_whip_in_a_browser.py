"""A page in Debian's Chromium publishes its camera, a test pattern, by WHIP written by hand."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import httpx
import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "serving"))

from serving import PATIENCE, serve

pytest.importorskip("aiortc")
DOCUMENT = Path(__file__).parents[2] / "docs" / "whip.md"

PUBLISH = """
async ([whip, kind]) => {
  const media = await navigator.mediaDevices.getUserMedia({audio: true, video: true});
  const connection = window.connection = new RTCPeerConnection();
  for (const track of media.getTracks()) {
    const sender = connection.addTransceiver(track, {direction: "sendonly"});
    if (track.kind === "video") {
      const known = RTCRtpReceiver.getCapabilities("video").codecs;
      sender.setCodecPreferences(known.filter((each) => each.mimeType === kind));
    }
  }
  await connection.setLocalDescription(await connection.createOffer());
  const posted = await fetch(whip, {
    method: "POST",
    headers: {"Content-Type": "application/sdp"},
    body: connection.localDescription.sdp,
  });
  if (posted.status !== 201) throw new Error(await posted.text());
  await connection.setRemoteDescription({type: "answer", sdp: await posted.text()});
  const lines = [];
  const trickle = async (candidate) => {
    const ice = connection.localDescription.sdp.match(/^a=ice-(ufrag|pwd):.*$/gm).slice(0, 2);
    const body = [...ice, "m=audio 9 UDP/TLS/RTP/SAVPF 0", "a=mid:0", candidate, ""].join("\\r\\n");
    const sent = await fetch(new URL(posted.headers.get("Location"), whip), {
      method: "PATCH",
      headers: {
        "Content-Type": "application/trickle-ice-sdpfrag",
        "If-Match": posted.headers.get("ETag"),
      },
      body,
    });
    lines.push(sent.status);
  };
  if (connection.iceGatheringState !== "complete") {
    connection.onicecandidate = ({candidate}) =>
      trickle(candidate?.candidate ? "a=" + candidate.candidate : "a=end-of-candidates");
  }
  window.trickled = lines;
  window.location_of_session = posted.headers.get("Location");
}
"""


def page_of(browser, served):
    """A page of another origin than the mock's, which may use a camera as `localhost` may."""
    context = browser.new_context(permissions=["camera", "microphone"])
    page = context.new_page()
    page.goto(served.url.replace("127.0.0.1", "localhost") + "/openapi.json")
    return page


def measured(client, session_id, page):
    """The health of a session once both media have arrived."""
    for _ in range(PATIENCE * 10):
        health = client.get(f"/sessions/{session_id}/stream_health").json()["data"]
        flows = health["video"]["framerate"] > 1 and health["audio"]["average_bitrate"] > 1_000
        if health["video"]["width"] and flows:
            return health
        page.wait_for_timeout(100)
    raise AssertionError(health)


@pytest.mark.parametrize("kind", ["video/VP8", "video/H264"])
def test_a_page_publishes_and_its_picture_is_measured(browser, kind):
    with serve() as served, served.client() as client:
        session = client.get("/sessions/live").json()["data"]["sessions"][0]["id"]
        with served.client() as host:
            opened = host.post(f"/sessions/{session}/start").json()
        page = page_of(browser, served)
        page.evaluate(PUBLISH, [opened["data"]["whip_url"], kind])
        page.wait_for_function(
            "window.connection.connectionState === 'connected'", timeout=PATIENCE * 1000
        )
        health = measured(client, session, page)
        assert health["status"] == "ENDPOINT_PUBLISHING"
        assert health["video"]["width"] > health["video"]["height"] > 0
        assert health["audio"]["sample_rate"] == 48_000
        assert set(page.evaluate("window.trickled")) <= {204}
        where = page.evaluate("window.location_of_session")
        left = [httpx.delete(httpx.URL(served.url).join(where)).status_code for _ in range(2)]
        assert left == [200, 404]
        page.context.close()


def test_a_page_reads_why_it_is_refused(browser):
    with serve() as served:
        page = page_of(browser, served)
        answer = page.evaluate(
            """async (whip) => {
              const posted = await fetch(whip, {
                method: "POST", headers: {"Content-Type": "application/sdp"}, body: "v=0",
              });
              return [posted.status, (await posted.json()).error];
            }""",
            str(httpx.URL(served.url).join("/whip/nobody")),
        )
        assert answer == [401, "no session has this stream key, must be that of its `whip_url`"]
        page.context.close()


def test_the_documents_page_publishes(browser):
    (written,) = re.findall(r"```js\n(.*?)```", DOCUMENT.read_text(), re.DOTALL)
    with serve() as served, served.client() as client:
        session = client.get("/sessions/live").json()["data"]["sessions"][0]["id"]
        opened = client.post(f"/sessions/{session}/start").json()
        page = page_of(browser, served)
        page.add_script_tag(content=written)
        script = """async (whip) => {
          const media = await navigator.mediaDevices.getUserMedia({audio: true, video: true});
          window.published = await publish(whip, media);
        }"""
        page.evaluate(script, opened["data"]["whip_url"])
        assert measured(client, session, page)["status"] == "ENDPOINT_PUBLISHING"
        assert page.evaluate("published.leave().then((answer) => answer.status)") == 200
        page.context.close()
