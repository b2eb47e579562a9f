"""Our contract pass answers as connexion does: 10,000 requests, and every difference explained."""

from __future__ import annotations

import os

import pytest
from comparison import COUNT, SEED, compared
from differences import DIFFERENCES
from write_table import DOCUMENT

from mock_server.contract.load import bundle_path, load_contract
from mock_server.faults import FAULTS
from mock_server.storage.memory import MemoryStore

CONTRACT = load_contract(bundle_path("openapi"))
CONTROL = load_contract(bundle_path("control"))
# A mock answers so only when it is told to, or when its database is away.
NOT_ASKED_FOR = ("429", "503")
FEW_FAULTS = (
    "success-with-request-id",
    "total-is-page-length",
    "unsigned-token-accepted",
    "allow-incomplete",
    "conflict-is-422",
    "room-title-of-2",
)

# With these ours does what connexion does: of several values it takes the last.
AS_CONNEXION = {"repeated-limit-accepted"}


def tried_faults():
    """Every fault where GREENROOM_FAULTS is `all`, as in `make faults`; else a few.

    Not those of requests at the same time, for these come one after another; not those of media,
    which are asked for beside the API.
    """
    if os.environ.get("GREENROOM_FAULTS") != "all":
        return FEW_FAULTS
    unseen = {fault.name for fault in FAULTS if fault.family == "concurrency" or fault.of_media}
    return [fault.name for fault in FAULTS if fault.name not in unseen | AS_CONNEXION]


@pytest.fixture(scope="module")
def run():
    return compared(CONTRACT, CONTROL, seed=SEED, count=COUNT)


def test_every_difference_is_explained(run):
    assert not run.unexplained, "\n\n".join(run.unexplained)
    assert run.same + run.explained.total() == COUNT


def test_every_explanation_is_needed(run):
    assert {each.name for each in DIFFERENCES} == set(run.explained)


def test_our_answers_have_what_the_contract_asks_of_every_one(run):
    assert not run.bad_manners, "\n\n".join(run.bad_manners)


def test_the_worlds_changed_and_stayed_the_same(run):
    ours, theirs = run.remains
    assert ours == theirs
    assert run.changes > COUNT / 10
    assert any(value is None for value in ours.values())


def test_the_requests_reach_every_answer_the_contract_has(run):
    missed = [
        f"{written['operationId']} {status}"
        for methods in CONTRACT["paths"].values()
        for written in methods.values()
        for status in written["responses"]
        if status not in NOT_ASKED_FOR and not run.reached[written["operationId"], int(status)]
    ]
    assert not missed


def test_the_document_has_every_difference_and_its_reason(run):
    def told(text):
        # How many there are follows from the demo's people: a new one shifts them all.
        return {line.partition("| `")[2] for line in text.splitlines() if "| `" in line}

    assert told(run.table()) == told(DOCUMENT.read_text()), "tests/stock/write_table.py writes it"


@pytest.mark.parametrize("store", ["memory", "sqlite"])
def test_another_way_to_the_store_changes_no_answer(store, tmp_path):
    how = {
        "memory": {"in_threads": True},
        "sqlite": {"store": f"sqlite:///{tmp_path / 'world.db'}"},
    }
    run = compared(CONTRACT, CONTROL, seed=SEED + 1, count=COUNT // 10, **how[store])
    assert not run.unexplained, "\n\n".join(run.unexplained)
    assert run.remains[0] == run.remains[1]


@pytest.mark.parametrize("fault", tried_faults())
def test_a_fault_of_ours_is_explained_by_nothing(fault):
    # What some faults need comes by chance: other requests may have it.
    runs = (
        compared(CONTRACT, CONTROL, seed=SEED + turn, count=COUNT, enough=1, fault=fault)
        for turn in range(3)
    )
    assert any(run.unexplained or run.bad_manners for run in runs)


def test_an_answer_kept_too_long_is_explained_by_nothing(monkeypatch):
    monkeypatch.setattr(MemoryStore, "version", 7)
    run = compared(CONTRACT, CONTROL, seed=SEED, count=COUNT, enough=1)
    assert run.unexplained
