from __future__ import annotations


def test_the_browser_plays_h264_and_aac(browser):
    with browser.new_context() as context:
        page = context.new_page()
        plays = "MediaSource.isTypeSupported('video/mp4; codecs=\"avc1.42c01f,mp4a.40.2\"')"
        assert page.evaluate(plays)


def test_each_context_is_a_browser_of_its_own(browser, tmp_path):
    page_file = tmp_path / "page.html"
    page_file.write_text("<title>Page</title>")
    seen = []
    for _ in range(2):
        with browser.new_context() as context:
            page = context.new_page()
            page.goto(page_file.as_uri())
            seen.append(page.evaluate("localStorage.length"))
            page.evaluate("localStorage.setItem('been', 'here')")
    assert seen == [0, 0]
