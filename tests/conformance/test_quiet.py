from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from conformance.quiet import Quiet


def test_who_changes_and_who_must_see_stillness_never_meet() -> None:
    quiet, inside, wrong = Quiet(), {"moving": 0, "still": 0}, []
    lock = threading.Lock()

    def be(name: str, other: str) -> None:
        with getattr(quiet, name)():
            with lock:
                inside[name] += 1
                wrong.extend([name] if inside[other] else [])
            time.sleep(0.002)
            with lock:
                inside[name] -= 1

    with ThreadPoolExecutor(8) as pool:
        for turn in range(40):
            pool.submit(be, *(("moving", "still") if turn % 3 else ("still", "moving")))
    assert wrong == []
    assert inside == {"moving": 0, "still": 0}


def test_those_who_stay_set_their_scenes_together_then_watch_together() -> None:
    quiet, done = Quiet(), []
    met = {name: threading.Barrier(3, timeout=20) for name in ("set", "watched", "cleared")}

    def be() -> None:
        with quiet.staying() as stay:
            met["set"].wait()
            done.append("moving")
            with stay.watching():
                met["watched"].wait()
                done.append("still")
            met["cleared"].wait()
            done.append("moving")

    with ThreadPoolExecutor(3) as pool:
        for future in [pool.submit(be) for _ in range(3)]:
            future.result(20)
    assert done == ["moving"] * 3 + ["still"] * 3 + ["moving"] * 3


def test_a_watcher_waits_until_the_last_who_stays_has_set_its_scene() -> None:
    quiet, heard = Quiet(), []
    watched = threading.Event()

    def watch() -> None:
        with quiet.still():
            heard.append("still")
            watched.set()

    with quiet.staying():
        watcher = threading.Thread(target=watch)
        watcher.start()
        heard.append("moving")
        assert not watched.wait(0.05)
    watcher.join(20)
    assert heard == ["moving", "still"]


def test_what_breaks_while_it_watches_clears_up_as_one_who_moves() -> None:
    quiet = Quiet()
    with quiet.staying() as stay:
        with pytest.raises(ValueError, match="broken"), stay.watching():
            raise ValueError("broken")
        with quiet.moving():
            pass
    with quiet.still():
        pass
