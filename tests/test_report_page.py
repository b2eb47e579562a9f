"""The page of a report, in a browser: it fits, it filters, it needs no mouse and no network."""

from __future__ import annotations

from contextlib import contextmanager

import pytest
from results import result

from conformance.page import page
from conformance.verdicts import Verdict

ALL = len(tuple(Verdict)) + 1  # and a rule about all answers


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    found = tmp_path_factory.mktemp("page") / "report.html"
    found.write_text(page(result()), "utf-8", errors="replace")
    return found.as_uri()


@contextmanager
def opened(browser, url, **more):
    with browser.new_context(**more) as context:
        tab = context.new_page()
        asked, said = [], []
        tab.on("request", lambda request: asked.append(request.url))
        tab.on("console", lambda message: said.append(message.text))
        tab.on("pageerror", lambda error: said.append(str(error)))
        tab.goto(url)
        yield tab
        assert asked == [url]
        assert said == []


def shown(tab) -> list[str]:
    rules = tab.locator(".rule").all()
    return [rule.get_attribute("data-verdict") for rule in rules if rule.is_visible()]


@pytest.mark.parametrize("width", [1280, 400])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits_its_window_with_everything_unfolded(browser, file, width, scheme):
    size = {"width": width, "height": 900}
    with opened(browser, file, viewport=size, color_scheme=scheme) as tab:
        tab.click("#fold")
        tab.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true })")
        assert tab.evaluate("document.documentElement.scrollWidth") <= width
        ground = tab.evaluate("getComputedStyle(document.body).backgroundColor")
        assert (ground == "rgb(255, 255, 255)") == (scheme == "light")


def test_verdicts_and_words_filter_together(browser, file):
    with opened(browser, file) as tab:
        assert len(shown(tab)) == ALL
        tab.uncheck(".chip.pass input")
        assert "pass" not in shown(tab)
        assert f"{ALL - 2} of {ALL} shown" in tab.inner_text("#shown")
        tab.fill("#text", "MUST is_known")
        assert shown(tab) == ["known"]
        assert tab.locator(".group h2").filter(visible=True).count() == 1
        tab.fill("#text", "no such words")
        assert shown(tab) == []


def test_the_keyboard_is_enough(browser, file):
    with opened(browser, file) as tab:
        tab.keyboard.press("Tab")
        assert tab.evaluate("document.activeElement.textContent") == "Skip to the rules"
        tab.keyboard.press("/")
        tab.keyboard.type("is_flaky")
        assert shown(tab) == ["flaky"]
        tab.keyboard.press("Tab")
        tab.keyboard.press("Tab")
        assert tab.evaluate("document.activeElement.parentElement.id") == "room.is_flaky"
        before = tab.evaluate("document.activeElement.parentElement.open")
        tab.keyboard.press("Enter")
        assert tab.evaluate("document.activeElement.parentElement.open") is not before


def test_a_link_to_a_rule_opens_it(browser, file):
    with browser.new_context() as context:
        tab = context.new_page()
        tab.goto(f"{file}#room.is_known")
        assert tab.evaluate("document.getElementById('room.is_known').open") is True


def test_without_its_script_everything_is_there(browser, file):
    with opened(browser, file, java_script_enabled=False) as tab:
        assert len(shown(tab)) == ALL
        assert not tab.locator(".bar").is_visible()
        tab.locator("details.exchange summary").first.click()
        assert "Response" in tab.locator("details.exchange").first.inner_text()
