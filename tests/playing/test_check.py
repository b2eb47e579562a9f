from __future__ import annotations

import pytest

from mock_server.playing.check import check_scenario
from mock_server.scenarios import load_scenario, story_names

# Line 5 is the first step.
ROOM = """\
  - operation: create_room
    with: {body: {title: Attic}}
    save: {room: room.id}
"""
FAULT = """\
  - operation: add_fault
    with: {body: {operation: go_live, effect: {status: 409}}}
"""


@pytest.mark.parametrize("name", story_names())
def test_what_is_built_in_has_no_mistakes(name, catalogue):
    assert check_scenario(load_scenario(name), catalogue) == []


MISTAKES = [
    ("  - operation: go_liv\n", 6, "no operation has the name `go_liv`, nearest is `go_live`"),
    ("  - operation: dance\n", 6, "no operation has the name `dance`, `greenroom routes` lists"),
    ("  - operation: reset_world\n", 6, "no operation has the name `reset_world`"),
    ("  - operation: list_rooms\n    as: nobdy\n", 7, "`as` is `nobdy`, must be one of `host`, "),
    ("  - operation: get_room\n", 6, "`get_room` has no `id`, must have one in `with`"),
    ("  - operation: list_rooms\n    with: {id: x}\n", 7, "`list_rooms` takes no `id`"),
    ("  - operation: list_rooms\n    with: {query: {pag: 1}}\n", 7, "no parameter `pag` in its"),
    ("  - operation: list_rooms\n    with: {body: {a: 1}}\n", 7, "`list_rooms` takes no body"),
    ("  - operation: list_rooms\n    expect: {status: 418}\n", 7, "never answers 418, must be one"),
    (
        "  - operation: create_room\n    with:\n      body:\n        title: Hi\n",
        9,
        "`create_room`: `title` has 2 characters, must have at least 3",
    ),
    ("  - operation: create_room\n    with: {body: {}}\n", 7, "`title` is missing"),
    ("  - operation: create_room\n", 6, "`create_room`: `title` is missing"),
    (
        "  - operation: list_rooms\n    expect:\n      data:\n        rooms: [{titel: x}]\n",
        9,
        "`data.rooms.0.titel` is no field of the answer",
    ),
    ("  - operation: list_rooms\n    expect: {data: {sum: 1}}\n", 7, "`data.sum` is no field"),
    ("  - operation: list_rooms\n    save: {a: rooms.first}\n", 7, "answers no `rooms.first` in"),
    ("  - operation: list_rooms\n    save: {a: total.a}\n", 7, "answers no `total.a` in its `da"),
    (
        "  - operation: list_rooms\n    expect: {status: 400, data: {total: 1}}\n",
        7,
        "a refusal has no `data`, must have no `data` with 400",
    ),
    (
        "  - operation: list_rooms\n    expect: {status: 400}\n    save: {a: total}\n",
        8,
        "must have no `save` with 400",
    ),
    ("  - clock: 2026-03-12T17:59:59Z\n", 6, "before `2026-03-12T18:00:00Z` which it shows by"),
    ("  - clock: +1h\n  - clock: 2026-03-12T18:30:00Z\n", 7, "before `2026-03-12T19:00:00Z`"),
    (
        f"{FAULT}  - operation: list_rooms\n",
        8,
        "comes after `add_fault` and would meet the fault",
    ),
]


@pytest.mark.parametrize(("steps", "line", "message"), MISTAKES)
def test_what_the_contract_does_not_know_is_told_with_its_line(
    steps, line, message, write, catalogue
):
    (mistake,) = check_scenario(write(steps), catalogue)
    assert message in str(mistake)
    assert mistake.line == line


RIGHT = [
    ROOM + "  - operation: get_room\n    with: {id: $room}\n",
    ROOM + "  - operation: list_room_sessions\n    with: {id: $room, query: {limit: 3}}\n",
    # What is saved goes into a body by its form, and a time by the clock.
    "  - operation: list_presets\n    save: {preset: presets.0.id}\n"
    + ROOM
    + "  - operation: create_session\n    with:\n      id: $room\n"
    "      body: {title: Talk, preset_id: $preset, scheduled_start_time: +2h}\n",
    # A story may well send what is refused.
    "  - operation: create_room\n    with: {body: {title: 5}}\n    expect: {status: 422}\n",
    "  - operation: set_audience\n    with: {id: x, body: {size: 5}}\n",
    "  - operation: logout\n    as: nobody\n    with: {body: {refresh_token: x}}\n",
    "  - operation: host_video_state\n    with: {id: x}\n",
    FAULT,
]


@pytest.mark.parametrize("steps", RIGHT)
def test_what_the_contract_knows_is_right(steps, write, catalogue):
    assert [str(each) for each in check_scenario(write(steps), catalogue)] == []


def test_a_clock_is_not_compared_with_a_present_that_is_not_known(write, catalogue):
    story = write("  - clock: 2001-01-01T00:00:00Z\n  - clock: +1h\n", now="")
    assert check_scenario(story, catalogue) == []
    assert len(check_scenario(write("  - clock: 2001-01-01T00:00:00Z\n"), catalogue)) == 1


def test_all_mistakes_are_told_in_order(write, catalogue):
    steps = "  - operation: list_rooms\n    as: x\n    with: {id: x}\n    expect: {status: 418}\n"
    lines = [each.line for each in check_scenario(write(steps), catalogue)]
    assert lines == [7, 8, 9]
