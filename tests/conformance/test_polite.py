from __future__ import annotations

import ast
from collections.abc import Iterator

import pytest
import requests
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import context

from conformance.errors import Stopped
from conformance.manners import MOST_BYTES, Gate, Manners
from conformance.polite import blind_sessions, gated, parsed_once


def test_the_engines_sessions_heed_nothing_of_the_environment() -> None:
    project = SchemathesisConfig.from_dict({}).projects.default
    with blind_sessions():
        assert not context.make_session(project).trust_env
    assert context.make_session(project).trust_env
    assert requests.Session().trust_env


def test_parsing_is_as_it_was_afterwards() -> None:
    before = ast.parse
    with parsed_once():
        assert ast.dump(ast.parse("x = 1")) == ast.dump(before("x = 1"))
    assert ast.parse is before


def test_the_same_source_is_parsed_once_unless_the_tree_may_be_changed() -> None:
    with parsed_once():
        assert ast.parse("x = 2") is ast.parse("x = 2")
        assert ast.parse("x = 2", "a.py") is not ast.parse("x = 2", "a.py")


@pytest.fixture
def session() -> Iterator[requests.Session]:
    """A session whose requests pass a gate."""
    with requests.Session() as found:
        gated(found, Gate(Manners()))
        yield found


def test_what_a_session_sends_passes_the_gate_and_is_read_there(stub, session) -> None:
    stub.answers["GET /rooms"] = (200, {"rooms": []})
    gate = session.get_adapter(stub.url).gate
    answer = session.get(f"{stub.url}/rooms", stream=True)
    assert (answer.json(), gate.requests) == ({"rooms": []}, 1)
    gate.stop()
    with pytest.raises(Stopped):
        session.get(f"{stub.url}/rooms")


@pytest.mark.parametrize("size", [MOST_BYTES, MOST_BYTES + 1])
def test_an_answer_is_read_up_to_a_size(stub, session, size: int) -> None:
    stub.answers["GET /large"] = (200, b"x" * size)
    if size <= MOST_BYTES:
        assert len(session.get(f"{stub.url}/large").content) == size
    else:
        with pytest.raises(requests.RequestException, match="more than 5,000,000 bytes"):
            session.get(f"{stub.url}/large")


def test_a_session_is_gated_once(session) -> None:
    before = dict(session.adapters)
    gated(session, Gate(Manners()))
    assert session.adapters == before
