from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from database import Database

import mock_server
from mock_server.domain.entities import Session
from mock_server.storage.memory import MemoryStore
from mock_server.storage.open import open_store
from mock_server.storage.protocol import Store
from mock_server.storage.sqlite import SqliteStore

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def make() -> Callable[..., Session]:
    """Make a session that differs from another by what a test names; `minute` is its age."""

    def make_session(session_id: str, *, minute: float = 0, **changes: Any) -> Session:
        at = NOON + timedelta(minutes=minute)
        fields: dict[str, Any] = {
            "id": session_id,
            "room_id": "room",
            "preset_id": "preset",
            "title": "A session",
            "mode": "webcam",
            "stream_key": f"key of {session_id}",
            "ingress_id": "IN_1",
            "created_at": at,
            "updated_at": at,
        }
        return Session(**(fields | changes))

    return make_session


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "store.db"


@pytest.fixture(scope="session")
def address(database: Database) -> str:
    """The address of a database that only the tests of stores use."""
    return database.empty()


@pytest.fixture
def url(database: Database, address: str) -> str:
    """The address of a database with nothing of ours in it."""
    database.sql("DROP SCHEMA IF EXISTS greenroom CASCADE", name=address.rpartition("/")[2])
    return address


@pytest.fixture(params=["memory", "sqlite", "postgres"])
def store(request: pytest.FixtureRequest, path: Path) -> Iterator[Store]:
    store: Store = MemoryStore()
    if request.param == "sqlite":
        store = SqliteStore(path)
    elif request.param == "postgres":
        store = open_store(request.getfixturevalue("url"))
    yield store
    store.close()


@pytest.fixture
def start() -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Start Python programs that use a store, and end those that are still there afterwards."""
    programs = []

    def start_program(code: str, *arguments: object) -> subprocess.Popen[str]:
        root = Path(mock_server.__file__).parent.parent
        program = subprocess.Popen(
            [sys.executable, "-c", code, *map(str, arguments)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | {"PYTHONPATH": str(root)},
        )
        programs.append(program)
        return program

    yield start_program
    for program in programs:
        program.kill()
        program.communicate()
