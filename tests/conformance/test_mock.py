from __future__ import annotations

import sys

import pytest

from conformance import mock
from conformance.errors import NotTestable


def program(text: str) -> tuple[str, ...]:
    return (sys.executable, "-u", "-c", text)


def test_the_url_is_read_from_the_ready_line() -> None:
    waits = "import time; print('Ready http://127.0.0.1:1/v1/webinar'); time.sleep(60)"
    with mock.running(program(waits)) as url:
        assert url == "http://127.0.0.1:1/v1/webinar"


def test_the_process_is_gone_afterwards(tmp_path) -> None:
    mark = tmp_path / "pid"
    text = f"import os, time; open({str(mark)!r}, 'w').write(str(os.getpid()));"
    text += "print('Ready http://127.0.0.1:1'); time.sleep(60)"
    with mock.running(program(text)):
        pid = int(mark.read_text())
    with pytest.raises(ProcessLookupError):
        __import__("os").kill(pid, 0)


def test_a_mock_that_does_not_start_is_quoted() -> None:
    crash = "import sys; print('the port is taken', file=sys.stderr); sys.exit(3)"
    with (
        pytest.raises(NotTestable, match="did not start, it said: the port is taken; try it with"),
        mock.running(program(crash)),
    ):
        pytest.fail("it was never ready")


def test_a_mock_that_says_nothing_is_not_waited_for_forever(monkeypatch) -> None:
    monkeypatch.setattr(mock, "START_WITHIN", 0.2)
    with (
        pytest.raises(NotTestable, match="it said: nothing"),
        mock.running(program("import time; time.sleep(60)")),
    ):
        pytest.fail("it was never ready")
