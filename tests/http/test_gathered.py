from __future__ import annotations

import asyncio

import pytest

from mock_server.http.gathered import GatheredTransport


class Transport:
    def __init__(self) -> None:
        self.done = []
        self.closing = False

    def is_closing(self):
        return self.closing

    def writelines(self, parts):
        self.done.append(b"|".join(parts))

    def write_eof(self):
        self.done.append("eof")

    def close(self):
        self.closing = True
        self.done.append("close")

    def abort(self):
        self.closing = True
        self.done.append("abort")

    def get_write_buffer_size(self):
        return 5

    def get_extra_info(self, name):
        return name


def played(act):
    """Do something in one turn of a loop; return what the transport had then, and a turn later."""

    async def turn():
        transport = Transport()
        act(GatheredTransport(transport, asyncio.get_running_loop()))
        before = list(transport.done)
        await asyncio.sleep(0)
        return before, transport.done

    return asyncio.run(turn())


def test_what_a_turn_writes_is_sent_at_its_end_in_one_piece():
    def act(gathered):
        gathered.write(b"head")
        gathered.write(b"body")

    assert played(act) == ([], [b"head|body"])


@pytest.mark.parametrize(
    ("how", "end"), [("close", "close"), ("abort", "abort"), ("write_eof", "eof")]
)
def test_an_end_sends_what_is_held_first(how, end):
    def act(gathered):
        gathered.write(b"last")
        getattr(gathered, how)()

    assert played(act)[0] == [b"last", end]


def test_nothing_is_sent_on_a_connection_that_was_lost_meanwhile():
    def act(gathered):
        gathered.write(b"late")
        gathered.is_closing.__self__.closing = True

    assert played(act) == ([], [])


def test_a_long_stream_is_not_held_in_memory():
    def one_large(gathered):
        gathered.write(b"head")
        gathered.write(b"x" * 20_000)

    def many(gathered):
        for _ in range(1000):
            gathered.write(b"x" * 10_000)

    assert played(one_large)[0] == [b"head|" + b"x" * 20_000]
    assert sum(map(len, played(many)[0])) > 9_000_000


def test_what_is_held_counts_as_not_sent():
    sizes = []

    def act(gathered):
        gathered.write(b"1234")
        sizes.append(gathered.get_write_buffer_size())

    played(act)
    assert sizes == [9]


def test_everything_else_is_the_transports_own():
    def act(gathered):
        assert gathered.get_extra_info("peername") == "peername"

    played(act)
