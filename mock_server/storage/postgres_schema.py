"""Opening a database: made when empty, checked when ours, refused when it is anything else."""

from __future__ import annotations

from typing import Any

import psycopg
from psycopg.sql import SQL

from mock_server.storage.indexes import FINGERPRINT
from mock_server.storage.postgres_connections import explain
from mock_server.storage.postgres_sql import NAMESPACE, SCHEMA
from mock_server.storage.protocol import StorageError

PROGRAM = "greenroom"
# Raise it when the tables change, or when an entity gets a field that old documents can't do
# without.
SCHEMA_VERSION = "4"
LEAST = 150000
ANOTHER = "name another database (the schema is made in it) or drop the schema `greenroom`"

Connection = psycopg.Connection[tuple[Any, ...]]
_OPENING = f"SELECT pg_advisory_xact_lock({NAMESPACE}, 0)"
_FACTS = """SELECT to_regnamespace('greenroom') IS NOT NULL,
    to_regclass('greenroom.meta') IS NOT NULL,
    EXISTS (SELECT FROM pg_class WHERE relnamespace = to_regnamespace('greenroom')),
    current_setting('transaction_read_only') = 'on'"""
_META = "SELECT name, value FROM greenroom.meta"


def prepare(connection: Connection, where: str) -> None:
    """Make the tables where there are none; safe when many start at once.

    Raise StorageError for another version's tables, another program's, or a server that can't be
    a store.
    """
    found = connection.info.server_version
    if found < LEAST:
        raise StorageError(
            f"{where} is PostgreSQL {found // 10000}, must be {LEAST // 10000} or newer: "
            "name another server"
        )
    try:
        with connection.transaction():
            # One after the other: whoever comes second finds the tables.
            connection.execute(_OPENING)
            _prepare(connection, where)
    except psycopg.Error as error:
        raise explain(error, where) from error


def _prepare(connection: Connection, where: str) -> None:
    exists, has_meta, has_any, read_only = connection.execute(_FACTS).fetchone() or (False,) * 4
    if read_only:
        raise StorageError(f"{where} takes no changes: name a server that does, not a standby")
    if has_meta:
        _check(connection, where)
    elif has_any:
        raise StorageError(f"The schema `greenroom` of {where} is another program's: {ANOTHER}")
    else:
        # The schema itself may have been made for a user who may not make any.
        for statement in SCHEMA[1 if exists else 0 :]:
            connection.execute(SQL(statement))
        connection.execute(
            "INSERT INTO greenroom.meta VALUES ('program', %s), ('schema', %s), ('indexes', %s)",
            (PROGRAM, SCHEMA_VERSION, FINGERPRINT),
        )


def _check(connection: Connection, where: str) -> None:
    try:
        with connection.transaction():
            meta = {str(name): str(value) for name, value in connection.execute(_META)}
    except (psycopg.ProgrammingError, ValueError):
        meta = {}
    if meta.get("program") != PROGRAM:
        raise StorageError(f"The schema `greenroom` of {where} is another program's: {ANOTHER}")
    if (found := meta.get("schema")) != SCHEMA_VERSION:
        raise StorageError(
            f"The schema `greenroom` of {where} was made by another version of greenroom "
            f"(its schema is {found}, this version's is {SCHEMA_VERSION}): use that version, "
            f"or {ANOTHER}"
        )
    if meta.get("indexes") != FINGERPRINT:
        raise StorageError(
            f"The schema `greenroom` of {where} was made by a version of greenroom with other "
            f"indexes: use that version, or {ANOTHER}"
        )
