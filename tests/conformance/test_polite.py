from __future__ import annotations

import ast

import requests
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import context

from conformance.polite import blind_sessions, one_parse_at_a_time


def test_the_engines_sessions_heed_nothing_of_the_environment() -> None:
    project = SchemathesisConfig.from_dict({}).projects.default
    with blind_sessions():
        assert not context.make_session(project).trust_env
    assert context.make_session(project).trust_env
    assert requests.Session().trust_env


def test_parsing_is_as_it_was_afterwards() -> None:
    before = ast.parse
    with one_parse_at_a_time():
        assert ast.dump(ast.parse("x = 1")) == ast.dump(before("x = 1"))
    assert ast.parse is before
