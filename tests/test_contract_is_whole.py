"""What is written twice, and must say the same."""

from __future__ import annotations

from itertools import pairwise

from mock_server import control, operations
from mock_server.contract.load import bundle_path, load_contract
from mock_server.domain import errors
from mock_server.domain.presets import DEFAULTS, OPTIONAL
from mock_server.http.errors import STATUSES
from mock_server.http.operation import resolve

CONTRACT = load_contract(bundle_path("openapi"))
CONTROL = load_contract(bundle_path("control"))


def operation_ids(document):
    return {
        operation["operationId"]
        for methods in document["paths"].values()
        for operation in methods.values()
    }


def test_every_operation_has_a_handler_and_every_handler_an_operation():
    assert set(operations.HANDLERS) == operation_ids(CONTRACT)
    assert set(control.HANDLERS) == operation_ids(CONTROL)


def test_every_check_of_values_belongs_to_an_operation_with_a_body():
    for name in operations.VALUE_CHECKS:
        assert name in operation_ids(CONTRACT)


def test_every_refusal_of_the_domain_has_a_status():
    refusals = set(errors.DomainError.__subclasses__())
    assert set(STATUSES) == refusals
    assert all(not refusal.__subclasses__() for refusal in refusals)


def test_a_preset_knows_every_setting_of_the_contract_and_no_other():
    schema = CONTRACT["components"]["schemas"]["CreatePresetRequest"]
    named = {"name", "type"} | set(DEFAULTS) | set(OPTIONAL)
    assert set(schema["properties"]) == named


def test_every_refusal_is_documented_in_the_error_envelope():
    for methods in CONTRACT["paths"].values():
        for operation in methods.values():
            statuses = {int(status) for status in operation["responses"]}
            assert {429, 503} <= statuses
            for status in statuses - {200, 201}:
                response = resolve(CONTRACT, operation["responses"][str(status)])
                schema = response["content"]["application/json"]["schema"]
                assert schema == {"$ref": "#/components/schemas/ErrorResponse"}


def test_a_lifecycle_row_never_repeats_another():
    moves = CONTRACT["x-lifecycles"]["session"]["moves"]
    keys = sorted((str(move.get("operation")), str(move.get("caller"))) for move in moves)
    assert all(one != other for one, other in pairwise(keys))
