from __future__ import annotations

import json
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from contextlib import closing, suppress
from pathlib import Path

import httpx
import pytest
from serving import PATIENCE, command, serve

from mock_server.contract.load import bundle_path, load_contract
from mock_server.deferred import NOT_NEEDED


def test_ready_is_said_once_requests_are_answered():
    with serve() as served:
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+/v1/webinar", served.url)
        assert httpx.get(f"{served.url}/sessions/live").status_code == 200


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_it_cleanly(number):
    process = command("serve", "--port", "0")
    said = []
    while not said or not said[-1].startswith("Ready"):
        said.append(process.stdout.readline())
    process.send_signal(number)
    out, err = process.communicate(timeout=30)
    assert (process.returncode, out, err) == (0, "Stopped\n", "")


def test_the_banner_gives_addresses_credentials_and_a_request_to_try():
    process = command("serve", "--port", "0", "--seed", "7")
    said = []
    while not said or not said[-1].startswith("Ready"):
        said.append(process.stdout.readline())
    banner = "".join(said)
    url = re.search(r"http://127\.0\.0\.1:\d+/v1/webinar", banner)[0]
    for line in (f"API      {url}", f"Docs     {url}/ui", "Store    memory", "demo, seed 7"):
        assert line in banner
    token = re.search(r"host +Authorization: (Bearer \S+)", banner)[1]
    assert httpx.get(f"{url}/auth/me", headers={"Authorization": token}).status_code == 200
    header, tried = re.search(r"Try: curl -H '([^']+)' (\S+)", banner).groups()
    answer = httpx.get(tried, headers=dict([header.split(": ")]))
    assert answer.json()["data"]["total"] > 0
    assert httpx.get(f"{url}/ui/").status_code == 200
    process.send_signal(signal.SIGINT)
    _, log = process.communicate(timeout=30)
    assert "GET /v1/webinar/auth/me  200  get_me\n" in log


def test_a_port_in_use_is_told_with_what_to_do(refused):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        assert refused("serve", "--port", str(port)) == (
            f"port {port} on 127.0.0.1 is in use, must be free: stop the program that has it "
            "or choose another with `--port` (0 finds a free one)"
        )


def test_an_address_of_another_machine_is_told(refused):
    assert "192.0.2.1" in refused("serve", "--host", "192.0.2.1", "--port", "0")


@pytest.mark.parametrize("host", ["", "a" * 64])
def test_what_is_no_address_is_told(refused, host):
    said = refused("serve", "--host", host, "--port", "0")
    assert said.startswith(f"`--host {host}` is no address of this machine: ")


def test_a_contract_with_an_operation_nobody_handles_is_refused_naming_it(refused, tmp_path):
    contract = load_contract(bundle_path("openapi"))
    contract["paths"]["/rooms"]["get"]["operationId"] = "list_halls"
    path = tmp_path / "contract.json"
    path.write_text(json.dumps(contract))
    assert refused("serve", "--port", "0", "--contract", str(path)) == (
        "operation `list_halls` of the contract has no handler, "
        "must be a function of that name in `mock_server/operations`"
    )


NO_CONTRACTS = (
    "",
    "{",
    "[]",
    "{}",
    "[" * 100_000,
    '{"openapi": "3.0.3"}',
    '{"openapi": "3.0.3", "info": {"version": "1"}, "paths": {"/x": {}}}',
)


@pytest.mark.parametrize("text", NO_CONTRACTS)
def test_a_contract_that_is_none_is_refused(refused, tmp_path, text):
    path = tmp_path / "contract.json"
    path.write_text(text)
    assert "contract" in refused("serve", "--port", "0", "--contract", str(path))


def test_a_contract_with_a_pattern_that_is_none_is_refused_in_one_sentence(refused, tmp_path):
    contract = load_contract(bundle_path("openapi"))
    contract["components"]["schemas"]["RoomResponse"]["properties"]["title"]["pattern"] = "("
    path = tmp_path / "contract.json"
    path.write_text(json.dumps(contract))
    said = refused("serve", "--port", "0", "--contract", str(path))
    assert 'contract can\'t be compiled (ValidationError: "(" is not a "regex")' in said


def test_a_mistake_in_a_seed_file_is_told_with_file_and_line(refused, tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text("version: 1\npeople:\n  ada:\n    role: hots\n")
    said = refused("serve", "--port", "0", "--scenario", str(path))
    assert "mine.yaml:4" in said
    assert "hots" in said


def test_an_unknown_scenario_names_those_there_are(refused):
    assert "`demo`, `empty`" in refused("serve", "--port", "0", "--scenario", "nothing")


def make_text(path):
    path.write_text("not a database at all " * 100)


def make_other(path):
    with closing(sqlite3.connect(path)) as other:
        other.execute("CREATE TABLE things (id)")


@pytest.mark.parametrize("make", [make_text, make_other, lambda path: path.mkdir()])
def test_a_store_that_is_something_else_is_refused_and_left_as_it_was(refused, tmp_path, make):
    path = tmp_path / "world.db"
    make(path)
    before = path.read_bytes() if path.is_file() else None
    assert "world.db" in refused("serve", "--port", "0", "--store", f"sqlite:///{path}")
    assert (path.read_bytes() if path.is_file() else None) == before


@pytest.mark.parametrize("store", ["redis://x", "sqlite://", "sqlite:////nowhere/at/all/world.db"])
def test_a_store_that_cannot_be_is_refused(refused, store):
    assert refused("serve", "--port", "0", "--store", store)


def test_a_kept_world_comes_back_with_its_own_seed(tmp_path):
    store = f"sqlite:///{tmp_path / 'world.db'}"
    with serve("--store", store, "--scenario", "empty", "--seed", "5") as served:
        with served.client() as client:
            made = client.post("/rooms", json={"title": "Kept"}).json()["data"]["room"]
        assert served.stop()[0] == 0
    with serve("--store", store, "--seed", "6") as served, served.client() as client:
        assert client.get(f"/rooms/{made['id']}").json()["data"] == made
        health = client.get(f"{served.url.replace('/v1/webinar', '')}/_mock/health").json()["data"]
        assert (health["seed"], health["scenario"]) == (5, "empty")


def test_a_world_of_a_users_file_asks_for_that_file_again(refused, tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text("version: 1\n")
    store = f"sqlite:///{tmp_path / 'world.db'}"
    with serve("--store", store, "--scenario", str(path)) as served:
        assert served.stop()[0] == 0
    said = refused("serve", "--port", "0", "--store", store)
    assert "`--scenario` must name its file" in said


def test_a_reader_of_the_banner_may_leave_early():
    process = command("serve", "--port", "0")
    while not process.stdout.readline().startswith("Ready"):
        pass
    process.stdout.close()
    process.send_signal(signal.SIGTERM)
    with process.stderr as log:
        assert log.read() == ""
    assert process.wait(30) == 0


def test_the_start_and_an_answer_import_nothing_they_do_not_need():
    process = command("serve", "--port", "0", "--quiet", python=("-X", "importtime"))
    url = process.stdout.readline().split()[1]
    client = httpx.Client(base_url=url, headers={"X-API-Key": "greenroom-host-key"})
    with client:
        assert client.post("/rooms", json={"title": "Quick"}).status_code == 201
        assert client.get("/openapi.json").status_code == 200
    process.send_signal(signal.SIGTERM)
    _, told = process.communicate(timeout=30)
    imported = {line.rpartition("|")[2].strip() for line in told.splitlines() if "|" in line}
    assert {"connexion", "mock_server.start"} <= imported
    assert not imported & NOT_NEEDED.keys()


def test_the_page_of_the_ui_comes_with_all_it_needs():
    with serve() as served:
        page = httpx.get(f"{served.url}/ui", follow_redirects=True)
        assert f'url: "{served.url[served.url.index("/v1") :]}/openapi.json"' in page.text
        parts = re.findall(r'(?:href|src)="\.?/?([\w.-]+\.(?:css|js|png))"', page.text)
        assert len(parts) > 2
        for part in parts:
            assert httpx.get(f"{served.url}/ui/{part}").status_code == 200, part
        control = served.url.replace("/v1/webinar", "/_mock")
        assert httpx.get(f"{control}/ui/").status_code == 200


def test_it_serves_where_nobody_reads_what_it_says():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    program = f"{sys.executable} -m mock_server serve --port {port} >&- 2>&-"
    process = subprocess.Popen(["/bin/sh", "-c", f"exec {program}"])
    url = f"http://127.0.0.1:{port}/v1/webinar/sessions/live"
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        with suppress(httpx.TransportError):
            assert httpx.get(url).status_code == 200
            break
    process.send_signal(signal.SIGTERM)
    assert process.wait(PATIENCE) == 0


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full on this system")
def test_a_log_that_cannot_be_written_spoils_no_answer():
    with Path("/dev/full").open("w") as full:
        process = command("serve", "--port", "0", log=full)
        url = ""
        while not (line := process.stdout.readline()).startswith("Ready"):
            url = line.split()[1] if line.startswith("  API ") else url
        assert [httpx.get(f"{url}/sessions/live").status_code for _ in range(3)] == [200] * 3
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=PATIENCE)
