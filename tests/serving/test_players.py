"""What others wrote reads the broadcasts: ffmpeg and ffprobe."""

from __future__ import annotations

import json
import shutil
import subprocess
from itertools import pairwise

import httpx
import pytest
from serving import PATIENCE, Served, serve

pytestmark = pytest.mark.skipif(
    shutil.which("ffmpeg") is None or shutil.which("ffprobe") is None,
    reason="there is no ffmpeg here: apt-get install ffmpeg",
)
# In units of each track: a frame of picture at 90 kHz, a frame of sound at 48 kHz.
LASTS = {"video": 3600, "audio": 1024}


class Show:
    """A server on which broadcasts are held; playlists have 72 s: one and a half loops."""

    def __init__(self, served: Served, host: httpx.Client) -> None:
        self.host = host
        self.control = served.url.replace("/v1/webinar", "/_mock")
        preset = host.get("/presets").json()["data"]["presets"][0]["id"]
        room = self.post("/rooms", title="Launch room")["room"]["id"]
        wanted = {"title": "Launch", "preset_id": preset}
        self.session = self.post(f"/rooms/{room}/sessions", **wanted)["session"]["id"]
        self.post(f"{self.control}/clock", freeze=True)
        self.post(f"/sessions/{self.session}/go_live")

    def post(self, path, **body):
        answer = self.host.post(path, json=body)
        assert answer.is_success, answer.text
        return answer.json()["data"]

    def advance(self, by):
        self.post(f"{self.control}/clock", advance=by)

    def drop(self, seconds):
        encoder = f"{self.control}/sessions/{self.session}/encoder"
        self.post(encoder, action="drop", seconds=seconds)

    def end(self):
        self.post(f"/sessions/{self.session}/end")
        return self.host.get(f"/sessions/{self.session}").json()["data"]["hls_url"]


@pytest.fixture(scope="module")
def served():
    with serve("--scenario", "empty", "--dvr-window", "72") as served:
        yield served


@pytest.fixture(scope="module")
def ended(served):
    """The address of a broadcast of ten minutes that has ended."""
    with served.client() as host:
        show = Show(served, host)
        show.advance("10m")
        yield show.end()


@pytest.fixture(scope="module")
def interrupted(served):
    """The address of one whose encoder was away for ten seconds, two of which it buffered."""
    with served.client() as host:
        show = Show(served, host)
        show.advance("30s")
        show.drop(8)
        show.advance("40s")
        yield show.end()


def said_by(program: str, *options: str) -> bytes:
    """What a program wrote; it must find nothing wrong."""
    done = subprocess.run(
        [program, "-v", "error", *options], capture_output=True, timeout=4 * PATIENCE, check=False
    )
    assert (done.returncode, done.stderr.decode()) == (0, "")
    return done.stdout


def packets(url):
    """By kind of track of the first rendition: when its packets are due, in units of the track."""
    said = said_by(
        "ffprobe",
        *("-select_streams", "p:0", "-show_entries", "packet=codec_type,dts,pts"),
        *("-of", "json", url),
    )
    found = {"video": [], "audio": []}
    for packet in json.loads(said)["packets"]:
        assert packet["dts"] == packet["pts"]
        found[packet["codec_type"]].append(packet["dts"])
    return found


def test_ffprobe_reads_a_minute_without_a_gap_over_the_loop_s_seam(ended):
    for kind, times in packets(ended).items():
        assert (times[-1] - times[0]) / LASTS[kind] > 60 * (25 if kind == "video" else 46.875)
        gaps = {after - before for before, after in pairwise(times)}
        # Read as HLS, all times are in 90 kHz; as a track has them, in its own units.
        assert len(gaps) == 1, (kind, gaps)


def test_times_jump_over_a_drop_of_the_encoder_and_never_go_back(interrupted):
    for kind, times in packets(interrupted).items():
        gaps = {after - before for before, after in pairwise(times)}
        # Fifteen segments end at 28.8 s, the next one begins at 40 s.
        assert min(gaps) > 0
        assert len(gaps) == 2
        whole = times[-1] - times[0] + min(gaps)
        assert max(gaps) / whole == pytest.approx(11.2 / (40 + 15 * 1.92), rel=0.01), kind


def test_ffmpeg_decodes_all_that_is_left_of_a_broadcast_with_a_drop(interrupted):
    maps = ("-map", "0:p:0:v", "-map", "0:p:0:a")
    said = said_by("ffmpeg", "-copyts", "-i", interrupted, *maps, "-f", "framecrc", "-")
    lines = [line for line in said.decode().splitlines() if line.startswith("0,")]
    assert len({line.split(",")[-1] for line in lines}) == 15 * 48
    assert len(lines) >= 30 * 48


@pytest.mark.parametrize("program", ["0", "1"])
def test_ffmpeg_decodes_every_frame_of_both_renditions(ended, program):
    maps = ("-map", f"0:p:{program}:v", "-map", f"0:p:{program}:a")
    said = said_by("ffmpeg", "-i", ended, *maps, "-f", "framecrc", "-")
    lines = [line for line in said.decode().splitlines() if not line.startswith("#")]
    frames = [line for line in lines if line.startswith("0,")]
    assert len(frames) == 38 * 48


def test_picture_and_sound_are_what_the_playlist_says(ended):
    said = said_by("ffprobe", "-show_streams", "-of", "json", ended)
    streams = json.loads(said)["streams"]
    shown = [
        (each["codec_name"], each["profile"], each.get("height", each.get("sample_rate")))
        for each in streams
    ]
    sound = ("aac", "LC", "48000")
    assert shown == [("h264", "Main", 360), sound, ("h264", "Main", 180), sound]


def test_a_note_is_heard_when_the_square_flashes(ended):
    """Picture and sound are together: a note each second, and silence (but a hum) after it."""
    said = said_by("ffmpeg", "-i", ended, "-map", "0:p:0:a", "-f", "s16le", "-ac", "1", "-")
    samples = memoryview(said).cast("h")
    # The first segment of the window is the 274th, and begins so long after a whole second.
    begin = int((10 * 60 // 1.92 - 38) * 1.92 * 48_000) % 48_000
    for second in range(1, 60):
        at = second * 48_000 - begin
        note, later = samples[at + 1000 : at + 4000], samples[at + 20_000 : at + 40_000]
        assert max(note) > 8000
        assert max(later) < 3000
