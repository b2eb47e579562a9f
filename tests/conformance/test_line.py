from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from conformance.errors import Stopped
from conformance.line import Line


class Room:
    """A room for so many, and the order in which they came in."""

    def __init__(self, size: int) -> None:
        self.inside = 0
        self.came: list[int] = []
        self.line: Line[int] = Line(lambda want: self.inside + want <= size, self.note)

    def note(self, want: int, count: int) -> None:
        self.inside += want * count
        self.came += [want] if count > 0 else []

    def waiting(self) -> int:
        return len(self.line._queue)


def visitor(room: Room, want: int, heard: list[str], *, before: int) -> threading.Thread:
    """Send somebody who must wait, and return when there are `before` + 1 in the line."""

    def visit() -> None:
        try:
            with room.line.place(want):
                heard.append(f"in {want}")
        except Stopped:
            heard.append(f"sent away {want}")

    thread = threading.Thread(target=visit, daemon=True)
    thread.start()
    until(lambda: room.waiting() > before)
    return thread


def until(holds: Callable[[], bool]) -> None:
    for _ in range(2000):
        if holds():
            return
        threading.Event().wait(0.005)
    raise AssertionError("it never came about")


def test_nobody_overtakes_not_even_who_would_fit() -> None:
    room, heard = Room(4), []
    with room.line.place(3):
        threads = [visitor(room, want, heard, before=place) for place, want in enumerate((4, 1, 2))]
    for thread in threads:
        thread.join(10)
    assert room.came == [3, 4, 1, 2]
    assert (room.inside, room.waiting()) == (0, 0)


def test_a_closed_line_sends_all_away_and_lets_in_again_when_it_is_opened() -> None:
    room, heard = Room(1), []
    with room.line.place(1):
        threads = [visitor(room, 1, heard, before=place) for place in range(2)]
        room.line.close()
        for thread in threads:
            thread.join(10)
    assert heard == ["sent away 1"] * 2
    with pytest.raises(Stopped), room.line.place(1):
        pass
    room.line.open()
    with room.line.place(1):
        assert room.inside == 1
    assert room.inside == 0


def test_an_exception_inside_gives_the_place_back() -> None:
    room = Room(1)
    with pytest.raises(ValueError, match="odd"), room.line.place(1):
        raise ValueError("odd")
    assert room.inside == 0


@pytest.mark.parametrize("entered", [False, True])
def test_an_interrupt_while_waiting_leaves_no_place_taken_and_nobody_stuck(
    monkeypatch: pytest.MonkeyPatch, entered: bool
) -> None:
    room, heard = Room(1), []
    with room.line.place(1):

        def interrupted() -> None:
            visitor(room, 1, heard, before=1)
            if entered:
                first = room.line._queue.popleft()
                first.entered = True
                room.note(1, 1)
            raise KeyboardInterrupt

        monkeypatch.setattr(
            "conformance.line._Waiting.__init__", _with_door(interrupted), raising=True
        )
        with pytest.raises(KeyboardInterrupt), room.line.place(1):
            pass
    until(lambda: heard == ["in 1"] and room.inside == 0)


def _with_door(acquire: Callable[[], None]) -> Callable[..., None]:
    """Make who waits first be interrupted at the door, and later ones wait as ever."""
    used: list[bool] = []

    class Door:
        def __init__(self) -> None:
            self.lock = threading.Lock()
            self.lock.acquire()
            self.first = not used
            used.append(True)

        def acquire(self) -> None:
            if self.first:
                acquire()
            self.lock.acquire()

        def release(self) -> None:
            self.lock.release()

    def init(self: object, want: int) -> None:
        for name, value in (("want", want), ("door", Door()), ("entered", False)):
            setattr(self, name, value)

    return init
