from __future__ import annotations

from benchmarks.media import Stream, _hls
from benchmarks.servers import Running

RUN = Running("http://127.0.0.1:4010/v1/webinar", pid=1, ready_seconds=0.0)


def test_a_stream_waits_between_its_requests():
    script = Stream("playlists", "http://mock/", connections=10, wait_ms=50).script()
    assert script == 'wrk.method = "GET"\nfunction delay() return 50 end\n'


def test_media_is_beside_the_api():
    assert _hls(RUN, "1", "360p/index.m3u8") == "http://127.0.0.1:4010/hls/1/360p/index.m3u8"
