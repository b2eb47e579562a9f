from __future__ import annotations

import errno
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from mock_server import __version__, cli
from mock_server.contract.load import bundle_path, load_contract

ROOT = Path(__file__).resolve().parent.parent


def test_the_version_is_told(capsys):
    with pytest.raises(SystemExit) as end:
        cli.main(["--version"])
    assert (end.value.code, capsys.readouterr().out) == (0, f"greenroom {__version__}\n")


def test_help_names_every_command(capsys):
    with pytest.raises(SystemExit) as end:
        cli.main(["--help"])
    said = capsys.readouterr().out
    assert end.value.code == 0
    for command in ("serve", "check", "routes", "contract"):
        assert command in said


def test_routes_lists_every_operation_with_who_may(capsys):
    assert cli.main(["routes"]) == 0
    lines = capsys.readouterr().out.splitlines()
    operations = [
        operation["operationId"]
        for methods in load_contract(bundle_path("openapi"))["paths"].values()
        for operation in methods.values()
    ]
    assert [line.split()[0] for line in lines] == operations
    assert "go_live                  POST    /sessions/{id}/go_live               host" in lines


def test_lint_finds_nothing_in_the_contract_as_it_is(capsys):
    assert cli.main(["contract", "lint"]) == 0
    assert capsys.readouterr() == ("", "contract: no findings\n")


def test_lint_and_bundle_speak_of_a_checkout_where_there_is_none(capsys, monkeypatch, tmp_path):
    monkeypatch.setattr(cli, "_ROOT", tmp_path)
    for action in ("lint", "bundle"):
        assert cli.main(["contract", action]) == 1
        said = capsys.readouterr()
        assert "openapi" in said.out + said.err


def test_bundle_writes_what_lint_asks_for(capsys, monkeypatch, tmp_path):
    shutil.copytree(ROOT / "openapi", tmp_path / "openapi")
    monkeypatch.setattr(cli, "_ROOT", tmp_path)
    (tmp_path / "openapi" / "dist" / "openapi.json").write_text("{}")
    assert cli.main(["contract", "lint"]) == 1
    assert "openapi.json" in capsys.readouterr().out
    assert cli.main(["contract", "bundle"]) == 0
    assert "openapi/dist/openapi.json" in capsys.readouterr().out
    assert cli.main(["contract", "lint"]) == 0


def test_an_unknown_option_is_refused_with_the_usage(capsys):
    with pytest.raises(SystemExit) as end:
        cli.main(["--nonsense"])
    assert end.value.code == 2
    assert "--nonsense" in capsys.readouterr().err


def test_faults_are_listed_without_starting_anything(capsys):
    assert cli.main(["serve", "--fault", "list"]) == 0
    assert "ended-session-goes-live-again" in capsys.readouterr().out


def test_ctrl_c_while_it_starts_is_no_mistake_to_be_told(capsys, monkeypatch):
    def interrupted(settings, **options):
        raise KeyboardInterrupt

    monkeypatch.setattr("mock_server.start.start", interrupted)
    assert cli.main(["serve"]) == 130
    assert capsys.readouterr() == ("", "")


def test_what_the_system_refuses_is_told_in_one_sentence(capsys, monkeypatch):
    def refused(settings, **options):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("mock_server.start.start", refused)
    assert cli.main(["serve"]) == 1
    said = "greenroom: the system does not let it go on: [Errno 28] No space left on device\n"
    assert capsys.readouterr() == ("", said)


@pytest.mark.parametrize("options", [["--help"], ["--version"], ["routes"], ["contract", "bundle"]])
def test_commands_that_serve_nothing_import_nothing_of_the_server(options, tmp_path):
    shutil.copytree(ROOT / "openapi", tmp_path / "openapi")
    program = (
        "import sys\nfrom pathlib import Path\nfrom mock_server import cli\n"
        f"cli._ROOT = Path({str(tmp_path)!r})\ncli.main({options})"
    )
    ran = subprocess.run(
        [sys.executable, "-X", "importtime", "-c", program],
        capture_output=True,
        text=True,
        check=True,
    )
    imported = {line.rpartition("|")[2].strip() for line in ran.stderr.splitlines()}
    assert "mock_server.cli" in imported
    assert not imported & {"asyncio", "connexion", "faker", "jsonschema", "starlette", "uvicorn"}


def test_check_gets_everything_after_its_name():
    ran = subprocess.run(
        [sys.executable, "-m", "mock_server", "check", "--rules"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "session.lifecycle.refused" in ran.stdout
