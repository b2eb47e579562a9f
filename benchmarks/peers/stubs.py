"""The files that peers read: each is to answer what our own server answered."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from benchmarks.requests import (
    CREATE_ROOM,
    GET_SESSION,
    LIST_ROOMS,
    REQUESTS,
    START_SESSION,
    Recorded,
    Request,
    data_of,
)
from benchmarks.servers import BASE, BUNDLE

OPERATIONS = {
    GET_SESSION: "get_session",
    LIST_ROOMS: "list_rooms",
    START_SESSION: "start_session",
    CREATE_ROOM: "create_room",
}
_JSON = "application/json"


def write_wiremock_stubs(folder: Path, recorded: Recorded) -> Path:
    """Write a mapping for each request and return the folder of WireMock's files."""
    mappings = folder / "wiremock" / "mappings"
    mappings.mkdir(parents=True)
    for request in REQUESTS:
        stub = {
            "request": {"method": request.method, "urlPath": _path(request, recorded)},
            "response": {
                "status": status_of(request),
                "headers": {"Content-Type": _JSON},
                "body": recorded.answers[request].decode(),
            },
        }
        _write(mappings / f"{OPERATIONS[request]}.json", stub)
    return mappings.parent


def write_answers(folder: Path, recorded: Recorded) -> Path:
    """Write our answers by operation, for a server that is told its data."""
    answers = {OPERATIONS[each]: json.loads(recorded.answers[each]) for each in REQUESTS}
    return _write(folder / "answers.json", answers)


def write_contract(folder: Path, recorded: Recorded) -> Path:
    """Write the contract with our answers as its only examples of success."""
    contract = json.loads(BUNDLE.read_bytes())
    for request in REQUESTS:
        path, _, _ = request.path.partition("?")
        operation = contract["paths"][path][request.method.lower()]
        content = operation["responses"][str(status_of(request))]["content"][_JSON]
        del content["examples"]
        content["example"] = json.loads(recorded.answers[request])
    return _write(folder / "contract.json", contract)


def write_mockoon_environment(folder: Path, recorded: Recorded) -> Path:
    """Write a route for each request; bodies are no templates, which Mockoon answers fastest."""
    routes = [
        {
            "uuid": f"00000000-0000-4000-8000-{number:012}",
            "type": "http",
            "method": request.method.lower(),
            "endpoint": request.path.partition("?")[0].lstrip("/").replace("{id}", ":id"),
            "responses": [
                {
                    "uuid": f"00000000-0000-4000-9000-{number:012}",
                    "body": recorded.answers[request].decode(),
                    "statusCode": status_of(request),
                    "headers": [{"key": "Content-Type", "value": _JSON}],
                    "disableTemplating": True,
                    "default": True,
                }
            ],
        }
        for number, request in enumerate(REQUESTS)
    ]
    environment = {
        "uuid": "00000000-0000-4000-a000-000000000000",
        "name": "comparison",
        "endpointPrefix": BASE.lstrip("/"),
        "routes": routes,
        "rootChildren": [{"type": "route", "uuid": each["uuid"]} for each in routes],
    }
    return _write(folder / "mockoon.json", environment)


def write_json_server_data(folder: Path, recorded: Recorded) -> tuple[Path, Path]:
    """Write json-server's data and routes and return their paths.

    It has no envelope and indents its answers, so the entities lose fields until as many bytes
    are sent as we send.
    """
    session = _shortened(data_of(recorded.answers[GET_SESSION]), len(recorded.answers[GET_SESSION]))
    rooms = data_of(recorded.answers[LIST_ROOMS])["rooms"]
    each = len(recorded.answers[LIST_ROOMS]) // len(rooms)
    data = {"sessions": [session], "rooms": [_shortened(room, each - 30) for room in rooms]}
    routes = {f"{BASE}/rooms\\?limit=:limit": "/rooms?_limit=:limit", f"{BASE}/*": "/$1"}
    return _write(folder / "db.json", data), _write(folder / "routes.json", routes)


def status_of(request: Request) -> int:
    """Return the status of success."""
    return 201 if request is CREATE_ROOM else 200


def _shortened(entity: dict[str, Any], size: int) -> dict[str, Any]:
    """Drop the last fields of an entity until it is no longer than so many bytes, indented."""
    while len(json.dumps(entity, indent=2)) > size:
        _drop_last(entity)
    return entity


def _drop_last(entity: dict[str, Any]) -> None:
    name, value = next(reversed(entity.items()))
    if isinstance(value, dict) and value:
        _drop_last(value)
    else:
        del entity[name]


def _path(request: Request, recorded: Recorded) -> str:
    path, _, _ = request.path.partition("?")
    return BASE + path.replace("{id}", recorded.session_id)


def _write(path: Path, content: Any) -> Path:
    path.write_text(json.dumps(content))
    return path
