from __future__ import annotations

import re
from xml.etree import ElementTree as ET

from benchmarks.plot import plot

SVG = "{http://www.w3.org/2000/svg}"


def drawn(results):
    return ET.fromstring(plot(results))


def test_every_server_has_a_bar_in_each_group_it_took_part_in(results):
    bars = drawn(results).findall(f"{SVG}rect")
    assert len(bars) == 5 + 4


def test_bars_are_as_long_as_their_medians(results):
    widths = [float(each.get("width")) for each in drawn(results).findall(f"{SVG}rect")]
    ours, kept, floor, wiremock, json_server = widths[:5]
    assert round(ours / floor, 3) == 0.5
    assert [round(each / floor, 3) for each in (kept, wiremock, json_server)] == [
        0.25,
        0.227,
        0.095,
    ]


def test_names_and_numbers_are_words_so_that_colour_is_not_needed(results):
    said = [each.text for each in drawn(results).findall(f"{SVG}text")]
    assert {"greenroom", "22,000", "WireMock", "10,000  (0.45x greenroom)", "not offered"} <= set(
        said
    )
    assert "44,000  (2.00x greenroom)" in said


def test_nothing_is_drawn_outside(results):
    image = drawn(results)
    width, height = float(image.get("width")), float(image.get("height"))
    for bar in image.findall(f"{SVG}rect"):
        assert float(bar.get("x")) + float(bar.get("width")) <= width
        assert float(bar.get("y")) + float(bar.get("height")) <= height


def test_it_has_colours_of_its_own_for_dark_pages(results):
    light, _, dark = plot(results).partition("prefers-color-scheme: dark")
    for name in ("text", ".ours", ".floor", ".peer", ".span"):
        assert re.search(rf"{re.escape(name)} {{", light)
        assert re.search(rf"{re.escape(name)} {{", dark)


def test_a_title_tells_what_it_shows_to_those_who_do_not_see_it(results):
    image = drawn(results)
    assert image.get("role") == "img"
    assert "Requests a second" in image.findtext(f"{SVG}title", "")
