from __future__ import annotations

import ast

import requests
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import context

from conformance.polite import blind_sessions, parsed_once


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
