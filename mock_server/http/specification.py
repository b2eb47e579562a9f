"""A contract as connexion's document model, and what a contract must be to become one."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema_rs
from connexion.exceptions import InvalidSpecification
from connexion.resolver import Resolver
from connexion.spec import OpenAPISpecification, Specification

from mock_server.contract.document import Rule, at
from mock_server.contract.load import ContractError
from mock_server.http.operation import Handler

_READABLE = 200


class Bundle(OpenAPISpecification):  # type: ignore[misc]
    """Hold a bundled contract.

    connexion checks a document in Python, which takes as long as all else between the imports and
    the first answer. Our bundles have passed that check in the tests and the linter's own before;
    a start asks a compiled validator whether they keep the same schema, and connexion only if not.
    """

    @classmethod
    def _validate_spec(cls, spec: dict[str, Any]) -> None:
        if not _openapi_schema().is_valid(spec):
            super()._validate_spec(spec)


@cache
def _openapi_schema() -> jsonschema_rs.Draft4Validator:
    return jsonschema_rs.Draft4Validator(OpenAPISpecification.openapi_schema)


def resolver_of(handlers: Mapping[str, Handler]) -> Resolver:
    """Return what finds an operation's function by its operationId."""

    def find(operation_id: str) -> Handler:
        if operation_id not in handlers:
            raise ValueError(
                f"operation `{operation_id}` of the contract has no handler, "
                f"must be a function of that name in `mock_server/operations`"
            )
        return handlers[operation_id]

    return Resolver(find)


def require_valid(document: dict[str, Any], path: Path) -> None:
    """Check a contract that is not ours: as connexion does, and for what the mock leans on.

    Raises ContractError with the file and the first place that is wrong.
    """
    from mock_server.contract.rules import form, lifecycles, operations, serving  # noqa: PLC0415

    def keep(*rules: Rule) -> None:
        for rule in rules:
            for finding in rule(document):
                raise ContractError(f"contract `{path}`, at `{finding.pointer}`: {finding.message}")

    keep(form.version_is_3_0, form.references_resolve)
    try:
        Specification.from_dict(document)
    except InvalidSpecification as error:
        raise not_valid(error, path) from None
    except RecursionError:
        raise ContractError(
            f"contract `{path}` has a reference that leads back to itself, must end somewhere"
        ) from None
    keep(
        operations.one_success,
        serving.bodies_are_json,
        serving.query_is_readable,
        serving.roles_are_names,
        serving.sessions_have_moves,
        lifecycles.refusals_for_state_have_rows,
    )


def not_valid(error: InvalidSpecification, path: Path) -> ContractError:
    """Return connexion's finding as a sentence with a place; it would show the whole object."""
    reason = str(error.message).partition("\n")[0]
    if len(reason) > _READABLE:
        reason = "a field is missing, unknown or of the wrong type"
    place = at("#", *error.absolute_path)
    return ContractError(f"contract `{path}`, at `{place}`: is not valid OpenAPI 3.0: {reason}")
