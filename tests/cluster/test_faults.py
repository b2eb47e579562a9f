"""Faults set on one replica hold on all, and are counted once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from cluster import cluster

AT_ONCE = 8


@pytest.fixture(scope="module")
def whole(database, tmp_path_factory):
    with cluster(database, tmp_path_factory.mktemp("proxy"), "--scenario", "empty") as whole:
        yield whole


@pytest.fixture
def add(whole):
    control = whole.replicas[0].url.replace("/v1/webinar", "/_mock")

    def add(effect, operation="list_rooms", **more):
        body = {"operation": operation, "effect": effect, **more}
        httpx.post(f"{control}/faults", json=body).raise_for_status()

    yield add
    httpx.delete(f"{control}/faults").raise_for_status()


def test_the_nth_call_is_the_nth_of_all_replicas(whole, add):
    add({"status": 429}, when={"nth": [3, 6]})
    statuses = [
        httpx.get(f"{replica.url}/rooms").status_code
        for _ in range(2)
        for replica in whole.replicas
    ]
    assert statuses == [200, 200, 429, 200, 200, 429, 200, 200]


def test_a_count_is_used_up_once_by_calls_at_once(whole, add):
    add({"status": 503}, count=20)
    with whole.client() as client, ThreadPoolExecutor(AT_ONCE) as pool:
        answers = list(pool.map(lambda _: client.get("/rooms").status_code, range(60)))
    assert sorted(answers) == [200] * 40 + [503] * 20


def test_a_deliberate_mistake_is_made_by_all_replicas(whole, add):
    add({"contract_fault": "room-title-of-256"}, "*")
    key = {"X-API-Key": "greenroom-host-key"}
    for replica in whole.replicas:
        # The first one a replica hears of it with: its body is read before the world is.
        made = httpx.post(f"{replica.url}/rooms", headers=key, json={"title": "x" * 256})
        assert made.status_code == 201, made.text
