"""What is refused when a store file is opened, and that refusing changes nothing."""

from __future__ import annotations

import os
import shutil
import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path

import pytest

from mock_server.domain.entities import Session
from mock_server.storage import sqlite_file
from mock_server.storage.protocol import StorageError
from mock_server.storage.sqlite import SqliteStore


@pytest.fixture
def made(path, make):
    """Give the path of a store file with one session in it."""
    store = SqliteStore(path)
    with store.write() as tx:
        tx.put(make("s"))
    store.close()
    return path


@pytest.fixture
def public_folder():
    """Give a folder that an ordinary user can reach; files of the superuser have no limits."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def ordinary_user():
    superuser = os.geteuid() == 0
    if superuser:
        os.seteuid(65534)
    yield
    if superuser:
        os.seteuid(0)


def execute(path, *statements: str):
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for statement in statements:
            connection.execute(statement)


def refusal(path):
    with pytest.raises(StorageError) as error:
        SqliteStore(path)
    return str(error.value)


def test_a_file_is_made_where_there_is_none(path):
    SqliteStore(path).close()
    assert path.stat().st_size > 0


def test_an_empty_file_becomes_a_store(path):
    path.touch()
    SqliteStore(path).close()
    assert path.stat().st_size > 0


def test_a_store_file_opens_again(made, make):
    store = SqliteStore(made)
    with store.read() as tx:
        assert tx.get(Session, "s") == make("s")
    store.close()
    assert [each.name for each in made.parent.iterdir()] == [made.name]


def test_a_missing_folder_is_named(tmp_path):
    said = refusal(tmp_path / "no" / "store.db")
    assert f"The folder `{tmp_path / 'no'}` of the store file `store.db` does not exist" in said
    assert "make it" in said
    assert list(tmp_path.iterdir()) == []


def test_a_folder_is_no_file(tmp_path):
    assert f"`{tmp_path}` is a folder and must be a file" in refusal(tmp_path)


def test_a_file_in_the_place_of_the_folder_is_refused(tmp_path):
    (tmp_path / "file").touch()
    assert "does not exist" in refusal(tmp_path / "file" / "store.db")


def test_a_device_is_no_file():
    assert "is not a regular file" in refusal(Path("/dev/null"))


@pytest.mark.parametrize("name", ["x" * 300, "a\0b"], ids=["long", "NUL"])
def test_an_impossible_name_is_refused(tmp_path, name):
    assert "name another file" in refusal(tmp_path / name)


def test_a_folder_that_may_not_be_written_is_refused(public_folder, ordinary_user):
    said = refusal(public_folder / "store.db")
    assert "can't be written" in said
    assert "change their permissions" in said


def test_a_file_that_may_not_be_written_is_refused(public_folder, made, request):
    path = public_folder / "store.db"
    shutil.copy(made, path)
    path.chmod(0o444)
    public_folder.chmod(0o777)
    request.getfixturevalue("ordinary_user")
    assert "can't be written" in refusal(path)


def test_a_store_in_a_folder_that_may_not_be_written_is_refused(public_folder, made, request):
    path = public_folder / "store.db"
    shutil.copy(made, path)
    path.chmod(0o666)
    request.getfixturevalue("ordinary_user")
    assert "can't be written" in refusal(path)


@pytest.mark.parametrize("content", [b"hello", b"\0\0", b"x" * 10_000, b"SQLite format 3\0" * 300])
def test_what_is_no_database_is_refused_and_left_alone(path, content):
    path.write_bytes(content)
    said = refusal(path)
    assert f"`{path}` is" in said
    assert "name another file" in said
    assert path.read_bytes() == content


def test_a_database_of_another_program_is_refused_and_left_alone(path):
    execute(path, "CREATE TABLE bookmarks (url)")
    content = path.read_bytes()
    assert "is a database of another program" in refusal(path)
    assert path.read_bytes() == content


def test_a_marked_database_of_another_program_is_refused(path):
    execute(path, "PRAGMA application_id = 7")
    assert "is a database of another program" in refusal(path)


def test_an_unmarked_database_with_a_version_is_refused(path):
    execute(path, f"PRAGMA user_version = {sqlite_file.SCHEMA_VERSION}")
    assert "is a database of another program" in refusal(path)


@pytest.mark.parametrize(("step", "age"), [(1, "a newer"), (-1, "an older")])
def test_a_file_of_another_schema_is_refused_with_both_versions(made, step, age):
    theirs = sqlite_file.SCHEMA_VERSION + step
    execute(made, f"PRAGMA user_version = {theirs}")
    said = refusal(made)
    assert f"was made by {age} version of greenroom" in said
    assert f"its schema is {theirs}, this version's is {sqlite_file.SCHEMA_VERSION}" in said


def test_a_file_with_other_indexes_is_refused_and_names_them(made):
    theirs = sqlite_file.FINGERPRINT.replace("Session.sessions+count", "Session.by_colour")
    execute(made, f"UPDATE meta SET value = '{theirs}'")
    said = refusal(made)
    assert "only in the file: Session.by_colour;" in said
    assert "only in this version: Session.sessions+count)" in said


def test_a_file_without_a_note_of_its_indexes_is_refused(made):
    execute(made, "DELETE FROM meta")
    assert "with other indexes" in refusal(made)


def test_a_file_that_lost_its_tables_is_refused(made):
    execute(made, "DROP TABLE meta")
    assert "no such table: meta" in refusal(made)


def test_a_damaged_page_is_a_clear_error_and_not_a_wrong_answer(made):
    content = bytearray(made.read_bytes())
    content[4096:] = b"\xa5" * (len(content) - 4096)
    made.write_bytes(content)
    assert "is damaged" in refusal(made)


def test_a_refused_file_is_closed(made, monkeypatch):
    opened = []
    connect = sqlite3.connect

    def remember(*arguments: object, **options):
        opened.append(connect(*arguments, **options))
        return opened[-1]

    monkeypatch.setattr(sqlite3, "connect", remember)
    execute(made, "DELETE FROM meta")
    refusal(made)
    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        opened[-1].execute("SELECT 1")


def test_the_switch_to_the_log_does_not_wait_for_ever(made):
    execute(made, "PRAGMA journal_mode = DELETE")
    with closing(sqlite3.connect(made, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM meta").fetchall()
        with pytest.raises(StorageError, match=r"by another process for 0\.02 s"):
            SqliteStore(made, patience=0.02)


def test_programs_can_make_one_file_at_once(path, start):
    files, together = 25, 4
    code = """if True:
        import sys
        from pathlib import Path
        from mock_server.storage.sqlite import SqliteStore
        print("ready", flush=True)
        for name in sys.stdin:
            store = SqliteStore(Path(name.strip()))
            with store.write() as tx:
                number = tx.next_number()
            store.close()
            print(number, flush=True)
    """
    programs = [start(code) for _ in range(together)]
    for program in programs:
        assert program.stdout.readline() == "ready\n"
    for file in range(files):
        for program in programs:
            program.stdin.write(f"{path}{file}\n")
            program.stdin.flush()
        answers = sorted(program.stdout.readline() for program in programs)
        assert answers == [f"{number}\n" for number in range(1, together + 1)]
