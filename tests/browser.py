"""Debian's Chromium, driven by Playwright: headless, with a fresh profile, on this machine only.

Playwright's driver keeps its event loop in the thread that asked for it, where no other loop runs
until it has ended: the fixture lives as long as one module of tests.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser

_OPTIONS = (
    "--headless=new",
    # Tests may run as root, in a container that gives a browser no sandbox.
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--autoplay-policy=no-user-gesture-required",
    # Media over WebRTC: addresses as they are, and a test pattern for a camera.
    "--disable-features=WebRtcHideLocalIpsWithMdns",
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
)


@contextmanager
def chromium() -> Iterator[Browser]:
    """A browser with a fresh profile; skips the test where the machine has none."""
    driver = pytest.importorskip("playwright.sync_api")
    found = shutil.which("chromium")
    if found is None:
        pytest.skip("no Chromium on this machine (`apt-get install chromium`)")
    with driver.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=list(_OPTIONS))
        try:
            yield browser
        finally:
            browser.close()
