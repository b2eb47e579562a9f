"""A real PostgreSQL for tests, from the machine's binaries: on loopback, for nobody else."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

PATIENCE = 30
_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": 100,
}
# Nothing here outlives the machine; what outlives a killed process is all the same.
_HASTE = {"fsync": "off", "full_page_writes": "off", "autovacuum": "off"}


def binaries() -> Path | None:
    """Find the newest PostgreSQL of the machine: the path's, or Debian's versions."""
    places = [Path(found).parent] if (found := shutil.which("initdb")) else []
    debian = Path("/usr/lib/postgresql").glob("*/bin")
    places += sorted(debian, key=lambda each: int(each.parent.name), reverse=True)
    return next((each for each in places if (each / "initdb").exists()), None)


@dataclass
class Database:
    """A server of its own, with one superuser `greenroom` whom loopback lets in."""

    binaries: Path
    folder: Path
    port: int
    durable: bool = False
    made: int = 0

    @classmethod
    def begin(cls, *, durable: bool = False) -> Database:
        found = binaries()
        if found is None:
            pytest.skip("no PostgreSQL on this machine (`apt-get install postgresql`)")
        folder = Path(tempfile.mkdtemp(prefix="greenroom-postgres-"))
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            database = cls(found, folder, free.getsockname()[1], durable)
        if os.getuid() == 0:
            os.chown(folder, *_nobody())
        database.run("initdb", "-U", "greenroom", "-A", "trust", "-E", "UTF8", "--no-sync")
        database.start()
        return database

    def run(self, program: str, *options: str) -> None:
        # PostgreSQL refuses to run as root.
        who: dict[str, Any] = {}
        if os.getuid() == 0:
            user, group = _nobody()
            who = {"user": user, "group": group, "extra_groups": []}
        done = subprocess.run(
            [self.binaries / program, *options],
            check=False,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            timeout=PATIENCE,
            cwd=self.folder,
            env={"PGDATA": str(self.folder / "data"), "PATH": os.environ["PATH"], "LC_ALL": "C"},
            **who,
        )
        assert done.returncode == 0, done.stderr

    def start(self) -> None:
        chosen = _SETTINGS if self.durable else _SETTINGS | _HASTE
        settings = " ".join(f"-c {name}='{value}'" for name, value in chosen.items())
        self.run(
            "pg_ctl", "start", "-w", "-l", "log", "-o", f"-p {self.port} {settings}",
        )  # fmt: skip

    def stop(self, mode: str = "fast") -> None:
        self.run("pg_ctl", "stop", "-w", "-m", mode)

    def end(self) -> None:
        self.stop("immediate")
        shutil.rmtree(self.folder)

    def url(self, name: str = "postgres") -> str:
        return f"postgresql://greenroom@127.0.0.1:{self.port}/{name}"

    def sql(self, *statements: str, name: str = "postgres") -> list[tuple[Any, ...]]:
        psycopg = pytest.importorskip("psycopg")
        with psycopg.connect(self.url(name), autocommit=True) as connection:
            for statement in statements:
                answer = connection.execute(statement)
            return answer.fetchall() if answer.description else []

    def empty(self) -> str:
        """Make a database without anything in it and return its address."""
        self.made += 1
        name = f"test_{self.made}"
        self.sql(f"CREATE DATABASE {name} STRATEGY file_copy")
        return self.url(name)


def _nobody() -> tuple[int, int]:
    nobody = pwd.getpwnam("nobody")
    return nobody.pw_uid, nobody.pw_gid
