"""Opening a database: made once, checked always, and never taken from another program."""

from __future__ import annotations

from threading import Thread

import pytest

from mock_server.storage.open import open_store
from mock_server.storage.protocol import StorageError


def name(url):
    return url.rpartition("/")[2]


def test_five_that_open_an_empty_database_at_once_all_succeed(url, database):
    opened = []
    threads = [Thread(target=lambda: opened.append(open_store(url))) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert len(opened) == 5
    for store in opened:
        store.close()
    assert database.sql("SELECT count(*) FROM greenroom.meta", name=name(url)) == [(3,)]


def test_a_schema_made_beforehand_is_filled(url, database):
    database.sql("CREATE SCHEMA greenroom", name=name(url))
    open_store(url).close()


@pytest.mark.parametrize(
    "tables",
    [
        "CREATE TABLE greenroom.things (id int)",
        "CREATE TABLE greenroom.meta (id int)",
        "CREATE TABLE greenroom.meta (name text, value text)",
        "CREATE TABLE greenroom.meta AS SELECT 'program' AS name, 'another' AS value",
    ],
)
def test_another_programs_tables_are_refused_and_left_as_they_were(url, database, tables):
    database.sql("CREATE SCHEMA greenroom", tables, name=name(url))
    there = "SELECT relname FROM pg_class WHERE relnamespace = 'greenroom'::regnamespace"
    before = database.sql(there, name=name(url))
    with pytest.raises(StorageError, match="is another program's: name another database"):
        open_store(url)
    assert database.sql(there, name=name(url)) == before


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ("value = '0' WHERE name = 'schema'", "made by another version of greenroom"),
        ("value = value || ' more' WHERE name = 'indexes'", "with other indexes"),
    ],
)
def test_another_versions_tables_are_refused(url, database, change, says):
    open_store(url).close()
    database.sql(f"UPDATE greenroom.meta SET {change}", name=name(url))
    with pytest.raises(StorageError, match=says):
        open_store(url)


def test_a_user_who_may_not_make_tables_is_told(url, database):
    database.sql("DROP ROLE IF EXISTS guest", "CREATE ROLE guest LOGIN")
    with pytest.raises(StorageError, match="grant the user CREATE on the database"):
        open_store(url.replace("greenroom@", "guest@"))


def test_a_server_that_takes_no_changes_is_refused(url):
    with pytest.raises(StorageError, match="not a standby"):
        open_store(f"{url}?options=-c%20default_transaction_read_only%3Don")


def test_a_schema_of_ours_is_opened_again(url):
    for _ in range(2):
        open_store(url).close()
