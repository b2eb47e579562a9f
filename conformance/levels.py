"""The contract weakened to what the provider itself has published."""

from __future__ import annotations

import copy
from typing import Any

from conformance.contract import METHODS, Contract, read

Json = Any

SUFFIX = "AsPublished"
ANY_REFUSAL = {
    "description": "A refusal: its status is not published, its shape is",
    "content": {
        "application/json": {
            "schema": {
                "type": "object",
                "properties": {
                    "success": {"type": "boolean", "enum": [False]},
                    "error": {"type": "string"},
                    "message": {"type": "string"},
                    "timestamp": {"type": "integer", "format": "int64"},
                },
            }
        }
    },
}


def published(contract: Contract) -> Contract:
    """Return the contract with only published operations, statuses and response fields.

    Requests keep their schemas; in responses nothing is required and nothing is closed, and
    every 4xx is allowed, because the provider publishes none of that.
    """
    document = copy.deepcopy(contract.document)
    schemas = document["components"]["schemas"]
    for name in list(schemas):
        schemas[name + SUFFIX] = _weaker(copy.deepcopy(schemas[name]))
    for path, item in list(document["paths"].items()):
        for method in METHODS:
            if method in item and item[method].get("x-provenance") != "published":
                del item[method]
            elif method in item:
                item[method]["responses"] = _responses(contract, item[method])
        if not any(method in item for method in METHODS):
            del document["paths"][path]
    return read(document)


def _responses(contract: Contract, operation: Json) -> Json:
    kept: dict[str, Json] = {}
    for status, response in operation["responses"].items():
        if status.startswith("2"):
            whole = copy.deepcopy(contract.resolve(response))
            whole["content"] = _weaker(whole.get("content", {}))
            whole.pop("links", None)
            kept[status] = whole
    return {**kept, "4XX": ANY_REFUSAL}


def _weaker(node: Json) -> Json:
    if isinstance(node, list):
        return [_weaker(part) for part in node]
    if not isinstance(node, dict):
        return node
    if "$ref" in node and node["$ref"].startswith("#/components/schemas/"):
        return {"$ref": node["$ref"] + SUFFIX}
    weaker = {key: _weaker(value) for key, value in node.items() if key != "example"}
    if isinstance(weaker.get("required"), list):
        del weaker["required"]
    if weaker.get("additionalProperties") is False:
        del weaker["additionalProperties"]
    properties = weaker.get("properties")
    if isinstance(properties, dict):
        weaker["properties"] = {
            name: schema
            for name, schema in properties.items()
            if not (isinstance(schema, dict) and schema.get("x-provenance") == "decided")
        }
    return weaker
