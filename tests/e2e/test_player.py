"""What a person sees at /_mock/player: Chromium and hls.js play what the mock streams.

Playing takes the time it takes. So two broadcasts are watched at once, each in a page of its own:
one is left alone, the other's encoder drops and comes back before its session ends.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta

import pytest

from mock_server.client import Mock, World
from mock_server.media.hls import SECONDS
from mock_server.media.loop import rendition

LOOP = len(rendition("360p", SECONDS).fragments)
# Milliseconds a page may take; what is played in them is what is asserted.
PATIENCE = 60_000
TOKEN = "let-me-control-it"
PLAYED = "document.querySelector('video').currentTime"
# The page's policy lets nothing be evaluated in it, Playwright's own waiting included.
PLAYED_UNTIL = """([until, patience]) => new Promise((done, fail) => {
    const video = document.querySelector('video');
    setTimeout(() => fail(new Error(`only ${video.currentTime} s of ${until} s`)), patience);
    const look = () => video.currentTime >= until ? done() : setTimeout(look, 100);
    look();
})"""


@dataclass(frozen=True)
class Watched:
    """A page that shows a session of a world, and all that its console said."""

    page: object
    world: World
    session: str
    said: list[str]

    def has_state(self, words: str) -> None:
        self.page.locator("#state", has_text=words).wait_for(timeout=PATIENCE)

    def plays(self, seconds: float, *, after: str = PLAYED) -> None:
        """Wait until so much has been played, from now on or after a place in the stream."""
        until = self.page.evaluate(after) + seconds
        self.page.evaluate(PLAYED_UNTIL, [until, PATIENCE])

    def does(self, words: str) -> None:
        self.page.get_by_role("button", name=words, exact=True).click()

    def problems(self) -> list[str]:
        said = "all => all.map(each => each.textContent + ' ' + each.title)"
        return self.page.locator("#problems li").evaluate_all(said)

    def segments(self) -> list[tuple[int, int]]:
        """When the run began, in ms, and the place in it, of the segments that were loaded."""
        names = self.page.evaluate("performance.getEntriesByType('resource').map(e => e.name)")
        found = [re.search(r"/(\d+)-(\d+)\.m4s$", name) for name in names]
        return [(int(each[1]), int(each[2])) for each in found if each]


def session_of(world: World) -> str:
    host = world.api.as_("host")
    room = host.post("/rooms", json={"title": "Launch room"}).json()["data"]["room"]["id"]
    wanted = {"title": "Day one", "preset_id": world.personas.preset_id}
    made = host.post(f"/rooms/{room}/sessions", json=wanted).json()
    return str(made["data"]["session"]["id"])


def go_live(world: World, session: str) -> None:
    world.api.as_("host").post(f"/sessions/{session}/go_live").raise_for_status()


def opened(browser, mock: Mock, world: World, query: str = "") -> Watched:
    page = browser.new_context().new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.goto(f"{mock.url}/_mock/worlds/{world.name}/_mock/player{query}")
    return Watched(page, world, "", said)


def watching(browser, mock: Mock, name: str, *, on_air_for: timedelta) -> Watched:
    """Open the page on a broadcast that has been on air for some time."""
    world = mock.world(name)
    session = session_of(world)
    go_live(world, session)
    world.clock.advance(on_air_for)
    watched = opened(browser, mock, world, f"?session={session}")
    return Watched(watched.page, world, session, watched.said)


@pytest.fixture(scope="module")
def undisturbed(browser, mock_in_memory) -> Watched:
    """A broadcast whose loop begins for the fourth time within what is played next."""
    seam = timedelta(seconds=(3 * LOOP - 1) * SECONDS)
    return watching(browser, mock_in_memory, "undisturbed", on_air_for=seam)


@pytest.fixture(scope="module")
def disturbed(browser, mock_in_memory, undisturbed) -> Watched:
    return watching(browser, mock_in_memory, "disturbed", on_air_for=timedelta(minutes=1))


def test_the_player_stalls_while_the_encoder_is_gone_and_plays_on_when_it_is_back(disturbed):
    disturbed.has_state("Playing")
    disturbed.plays(2)
    disturbed.does("Drop the encoder")
    disturbed.page.locator("#health", has_text="Inactive").wait_for(timeout=PATIENCE)
    disturbed.has_state("Stalled")
    stood = disturbed.page.evaluate(PLAYED)
    disturbed.does("Connect the encoder")
    disturbed.has_state("Playing")
    disturbed.plays(3)
    runs = [run for run, _ in disturbed.segments()]
    assert runs == sorted(runs)
    assert len(set(runs)) == 2, "what was played before, and after the discontinuity"
    assert disturbed.page.evaluate(PLAYED) > stood
    # That the buffer ran empty is what an encoder that is gone looks like, and all there was.
    assert [each for each in disturbed.problems() if "Nothing is left to play" not in each] == []


def test_the_player_stops_at_the_end_of_the_session(disturbed):
    disturbed.does("End the session")
    disturbed.has_state("Ended")
    video = "document.querySelector('video')"
    assert disturbed.page.evaluate(f"{video}.ended")
    assert disturbed.page.evaluate(f"{PLAYED} === {video}.duration")
    assert disturbed.page.get_by_role("button", name="Drop the encoder", exact=True).is_disabled()
    assert disturbed.page.locator("#about").text_content().count("ended") == 1
    assert disturbed.said == []


def test_twenty_seconds_and_a_seam_are_played_without_an_error(undisturbed):
    undisturbed.has_state("Playing")
    page = undisturbed.page
    undisturbed.plays(20, after="document.querySelector('video').played.start(0)")
    assert undisturbed.problems() == []
    assert page.locator("#count").text_content() == "0"
    places = [place for _, place in undisturbed.segments()]
    assert places == list(range(places[0], places[0] + len(places))), "none twice, none left out"
    assert places[0] < 3 * LOOP < places[-1], "the loop began anew within"
    assert page.evaluate("document.querySelector('video').played.length") == 1
    assert undisturbed.said == []


def test_facts_are_shown_in_words(undisturbed):
    undisturbed.has_state("Playing")
    facts = undisturbed.page.locator(".facts").first.inner_text()
    assert re.search(r"Behind live\s+\d+\.\d s", facts)
    assert re.search(r"Quality\s+(180|360)p, \d+ kbit/s", facts)
    assert "Publishing" in undisturbed.page.locator("#health").text_content()


def test_a_page_that_is_open_before_the_broadcast_plays_it_when_it_begins(browser, mock_in_memory):
    world = mock_in_memory.world("early")
    session = session_of(world)
    early = opened(browser, mock_in_memory, world, f"?session={session}")
    early.page.get_by_role("heading", name="Day one").wait_for()
    assert early.page.locator("#none").is_visible(), "nothing is on air"
    early.does("Go live")
    early.page.locator("#sessions a", has_text="Day one").wait_for(timeout=PATIENCE)
    early.has_state("Not on air")
    early.has_state("Playing")
    early.page.close()


def test_every_control_shows_its_call_and_works_by_keyboard(browser, mock_in_memory):
    world = mock_in_memory.world("keyboard")
    session = session_of(world)
    opened_page = opened(browser, mock_in_memory, world, f"?session={session}")
    page = opened_page.page
    page.get_by_role("heading", name="Day one").wait_for()
    base = f"{mock_in_memory.url}/_mock/worlds/keyboard"
    encoder = f"curl -s {base}/_mock/sessions/{session}/encoder"
    api = f"curl -s -X POST {base}/v1/webinar/sessions/{session}"
    key = "-H 'X-API-Key: greenroom-host-key'"
    assert page.locator("#controls code").all_text_contents() == [
        encoder + """ --json '{"action":"drop"}'""",
        encoder + """ --json '{"action":"connect"}'""",
        f"{api}/go_live {key}",
        f"{api}/end {key}",
    ]
    page.get_by_role("button", name="Go live", exact=True).focus()
    page.keyboard.press("Enter")
    page.get_by_text("Go live: done.").wait_for(timeout=PATIENCE)
    assert world.api.get(f"/sessions/{session}").json()["data"]["status"] == "live"
    page.close()


@pytest.mark.parametrize(
    ("src", "said"),
    [("http://[", "is no address"), ("http://elsewhere.test/live.m3u8", "could not be loaded")],
)
def test_an_address_that_does_not_play_is_told(browser, mock_in_memory, src, said):
    world = mock_in_memory.world("address")
    page = opened(browser, mock_in_memory, world).page
    page.get_by_label("Play another address").fill(src)
    page.get_by_role("button", name="Play", exact=True).click()
    page.locator("main", has_text=said).wait_for(timeout=PATIENCE)
    page.close()


def test_where_the_control_plane_asks_for_a_token_the_page_does(browser, served):
    with served("--control-token", TOKEN, token=TOKEN) as mock:
        session = session_of(mock.world())
        page = browser.new_context().new_page()
        page.goto(f"{mock.url}/_mock/player?session={session}")
        page.locator("#token").fill(TOKEN)
        page.get_by_role("button", name="Use it").click()
        page.locator("#token").wait_for(state="hidden", timeout=PATIENCE)
        page.locator("#controls code", has_text="$GREENROOM_CONTROL_TOKEN").first.wait_for()
        assert TOKEN not in page.content()
        page.close()


def test_a_browser_without_media_source_plays_by_itself(browser, mock_in_memory):
    world = mock_in_memory.world("native")
    session = session_of(world)
    go_live(world, session)
    world.clock.advance(timedelta(minutes=1))
    context = browser.new_context()
    context.add_init_script("delete window.MediaSource; delete window.ManagedMediaSource;")
    page = context.new_page()
    page.goto(f"{mock_in_memory.url}/_mock/worlds/native/_mock/player?session={session}")
    if not page.evaluate("document.createElement('video').canPlayType('application/x-mpegurl')"):
        pytest.skip("this Chromium plays no HLS by itself")
    native = Watched(page, world, session, [])
    native.has_state("Playing")
    native.plays(1)
    assert native.problems() == []
    context.close()


def test_a_mock_that_stops_is_told_and_found_again(browser, served):
    with served() as mock:
        port = mock.url.rpartition(":")[2]
        page = browser.new_context().new_page()
        page.goto(f"{mock.url}/_mock/player")
        page.get_by_text("Nobody broadcasts").wait_for(timeout=PATIENCE)
    page.get_by_role("button", name="Play", exact=True).click()
    page.locator("#done", has_text="Nothing answers at this address").wait_for(timeout=PATIENCE)
    with served("--port", port) as mock:
        go_live(mock.world(), session_of(mock.world()))
        page.locator("#sessions a", has_text="Day one").wait_for(timeout=PATIENCE)
        assert page.locator("#done").text_content() == ""
    page.close()
