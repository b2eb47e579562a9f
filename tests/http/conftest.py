from __future__ import annotations

import asyncio

import pytest

from mock_server.media import peer


@pytest.fixture
def answered(monkeypatch):
    """Peers that answer without a connection: what is sent and said over HTTP is the same."""
    closed = []

    async def answer(self, offer, addresses):
        return "v=0\r\n"

    async def close(self):
        closed.append(self)

    async def add_candidates(self, fragment, mid):
        self.added = fragment, mid

    for function in (answer, close, add_candidates):
        monkeypatch.setattr(peer.Peer, function.__name__, function)
    return closed


@pytest.fixture
def ended(built):
    """No publication outlives its test."""
    yield
    built.loop.run_until_complete(_end_all(built.env.common))


async def _end_all(common):
    there = common.publications
    for each in tuple(there._there.values()):
        await there.end(each)
    async with asyncio.timeout(10):
        while len(common.publishers):  # noqa: ASYNC110 - one may be ending by itself
            await asyncio.sleep(0.005)
