"""Our contract pass answers as connexion does: 10,000 requests, and every difference explained."""

from __future__ import annotations

import pytest
from comparison import COUNT, SEED, compared
from differences import DIFFERENCES
from write_table import DOCUMENT

from mock_server.contract.load import bundle_path, load_contract

CONTRACT = load_contract(bundle_path("openapi"))
CONTROL = load_contract(bundle_path("control"))
# A mock answers so only when it is told to, or when its database is away.
NOT_ASKED_FOR = ("429", "503")


@pytest.fixture(scope="module")
def run():
    return compared(CONTRACT, CONTROL, seed=SEED, count=COUNT)


def test_every_difference_is_explained(run):
    assert not run.unexplained, "\n\n".join(run.unexplained)
    assert run.same + run.explained.total() == COUNT


def test_every_explanation_is_needed(run):
    assert {each.name for each in DIFFERENCES} == set(run.explained)


def test_the_worlds_changed_and_stayed_the_same(run):
    ours, theirs = run.remains
    assert ours == theirs
    assert run.changes > COUNT / 10
    assert any(value is None for value in ours.values())


def test_every_refusal_of_ours_keeps_the_contract(run):
    assert not run.bad_manners, "\n\n".join(run.bad_manners[:5])


def test_the_requests_reach_every_answer_the_contract_has(run):
    missed = [
        f"{written['operationId']} {status}"
        for methods in CONTRACT["paths"].values()
        for written in methods.values()
        for status in written["responses"]
        if status not in NOT_ASKED_FOR and not run.reached[written["operationId"], int(status)]
    ]
    assert not missed


def test_the_document_has_the_differences_and_their_numbers(run):
    assert run.table() in DOCUMENT.read_text()


@pytest.mark.parametrize(
    "fault",
    [
        "success-with-request-id",
        "total-is-page-length",
        "viewers-create-rooms",
        "expired-token-accepted",
        "conflict-is-422",
        "room-title-of-256",
        "refused-move-changes-updated-at",
        "ids-in-lower-case-only",
    ],
)
def test_a_fault_of_ours_is_explained_by_nothing(fault):
    run = compared(CONTRACT, CONTROL, seed=SEED, count=COUNT, enough=1, fault=fault)
    assert run.unexplained
