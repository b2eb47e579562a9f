"""The documents' blocks of output are what really comes out."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from receiver import Receiver

from mock_server import __version__

ROOT = Path(__file__).resolve().parent.parent
WRITTEN_URL = "http://127.0.0.1:4010"
MARK = "--- next command ---"
needs_curl = pytest.mark.skipif(
    shutil.which("curl") is None, reason="the documents' commands need curl, which is not installed"
)
# What differs from run to run, and what stands for it in the comparison.
VARYING = (
    (r"eyJ[\w.…-]*", "TOKEN"),
    (r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "ID"),
    (r'"timestamp":\d{10}', '"timestamp":NOW'),
    (r'"at":"[^"]+"', '"at":NOW'),
    (r"id: [0-9a-f]{8}-", "id: FEED-"),
    (r"run gr-[0-9a-f]+", "run RUN"),
    (r"[\d,]+ requests in \d+ s", "REQUESTS"),
)


def blocks(document: str) -> list[tuple[str, str]]:
    """Return the commands of a document's console blocks with the output below each."""
    text = (ROOT / document).read_text()
    found = []
    for block in re.findall(r"```console\n(.*?)```", text, re.DOTALL):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, output = part.partition("\n")
            found.append((command, output.rstrip("\n")))
    return found


def comparable(text: str) -> str:
    for pattern, stands_for in VARYING:
        text = re.sub(pattern, stands_for, text)
    return "\n".join(line.rstrip() for line in text.strip().splitlines())


@pytest.fixture
def serve():
    started = []

    def start(*options: str) -> tuple[str, str]:
        process = subprocess.Popen(
            [sys.executable, "-m", "mock_server", "serve", "--port", "0", *options],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        started.append(process)
        said = []
        while not said or not said[-1].startswith("Ready"):
            said.append(process.stdout.readline())
            assert said[-1], "the mock ended before it was ready"
        banner = "".join(said)
        return re.search(r"http://[\d.:]+", banner)[0], banner

    yield start
    for process in started:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=30)


def outputs(commands: list[str], url: str, folder: Path = ROOT) -> list[str]:
    """Run commands in one shell, in a folder, and return what each of them printed."""
    script = f"\necho '{MARK}'\n".join(command.replace(WRITTEN_URL, url) for command in commands)
    programs = Path(sys.executable).parent
    environment = {**os.environ, "NO_COLOR": "1", "PATH": f"{programs}:{os.environ['PATH']}"}
    ran = subprocess.run(
        ["bash", "-c", script],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        cwd=folder,
        env=environment,
    )
    said = ran.stdout.replace(url, WRITTEN_URL).replace(url.removeprefix("http://"), "")
    return [part.strip("\n") for part in said.split(f"{MARK}\n")]


def once_told(command: str) -> str:
    """Return a command that listens for so many seconds as one that ends with what is awaited: a
    busy machine may need longer, and most need less.
    """
    found = re.fullmatch(r"curl -sN --max-time \d+ (.*)", command)
    if found is None:
        return command
    return f'sed \'/"operation":"go_live"/q\' <(curl -sN --max-time 60 {found[1]} 2>/dev/null)'


def test_the_readme_shows_the_banner(serve):
    _, written = blocks("README.md")[0]
    url, banner = serve()
    assert comparable(written) == comparable(banner.replace(url, WRITTEN_URL))


@needs_curl
def test_the_readmes_requests_are_answered_as_it_says(serve):
    url, _ = serve()
    curls = [(command, said) for command, said in blocks("README.md") if "curl" in command]
    assert len(curls) == 3
    for (_, written), said in zip(curls, outputs([c for c, _ in curls], url), strict=True):
        assert comparable(said) == comparable(written)


def test_the_readmes_check_finds_the_fault(serve):
    url, _ = serve("--fault", "scheduled-session-ends")
    ((command, written),) = [each for each in blocks("README.md") if "check" in each[0]]
    command = command.replace("greenroom", f"{sys.executable} -m mock_server")
    (said,) = outputs([command], url)
    assert comparable(said) == comparable(written)


@needs_curl
@pytest.mark.parametrize(
    "document", ["docs/first-session.md", "docs/faults.md", "docs/whip.md", "docs/media.md"]
)
def test_the_documents_commands_do_what_they_say(serve, document):
    url, _ = serve()
    written = blocks(document)
    said = outputs([command for command, _ in written], url)
    for (command, expected), got in zip(written, said, strict=True):
        assert comparable(got) == comparable(expected), command


def test_a_known_deviation_is_accepted_and_reported_as_the_document_says(serve, tmp_path):
    url, _ = serve("--fault", "scheduled-session-ends")
    document = (ROOT / "docs/checking.md").read_text()
    (known,) = re.findall(r"```toml\n(\[\[known.*?)```", document, re.DOTALL)
    day, never = "2027-01-31", "2999-01-31"
    (tmp_path / "known.toml").write_text(known.replace(day, never))
    ((command, written), dead) = blocks("docs/checking.md")
    greenroom = f"PYTHONPATH={ROOT} {sys.executable} -m mock_server"
    (said,) = outputs([command.replace("greenroom", greenroom)], url, tmp_path)
    assert comparable(said) == comparable(written.replace(day, never))
    (said,) = outputs([dead[0].replace("greenroom", greenroom) + " 2>&1"], url, tmp_path)
    assert comparable(said) == comparable(dead[1])
    files = sorted(file.name for file in (tmp_path / "report").iterdir())
    assert files == ["junit.xml", "report.html", "result.json"]


@needs_curl
def test_events_come_as_the_document_says(serve):
    with Receiver() as receiver:
        url, _ = serve("--scenario", "empty", "--webhook", f"{receiver.url}/livekit")
        written = blocks("docs/events.md")
        said = outputs([once_told(command) for command, _ in written], url)
    for (command, expected), got in zip(written, said, strict=True):
        assert comparable(got) == comparable(expected), command
    names = ["egress_ended", "egress_ended", "ingress_ended", "ingress_ended", "room_finished"]
    assert receiver.names[3:] == names


@needs_curl
def test_scenarios_go_as_the_document_says(serve, tmp_path):
    url, _ = serve("--scenario", "sold-out")
    (story,) = re.findall(r"```yaml\n(.*?)```", (ROOT / "docs/scenarios.md").read_text(), re.DOTALL)
    (tmp_path / "sign-up.yaml").write_text(story)
    written = blocks("docs/scenarios.md")
    greenroom = f"PYTHONPATH={ROOT} {sys.executable} -m mock_server"
    commands = [re.sub(r"greenroom (?=scenario|request)", f"{greenroom} ", c) for c, _ in written]
    said = outputs(commands, url, tmp_path)
    for (command, expected), got in zip(written, said, strict=True):
        assert comparable(got) == comparable(expected), command


@needs_curl
def test_the_encoder_does_what_the_document_says(serve):
    url, _ = serve("--scenario", "flaky-encoder")
    written = blocks("docs/encoder.md")
    said = outputs([command for command, _ in written], url)
    for (command, expected), got in zip(written, said, strict=True):
        assert comparable(got) == comparable(expected), command


def test_the_changelog_knows_this_version():
    assert f"## {__version__} (" in (ROOT / "CHANGELOG.md").read_text()


def test_links_between_documents_lead_somewhere():
    for document in (*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")):
        for target in re.findall(r"\]\(([^)#]+)\)", document.read_text()):
            if not target.startswith("http"):
                assert (document.parent / target).exists(), f"{document.name}: {target}"


def test_no_document_is_longer_than_it_may_be():
    assert len((ROOT / "ARCHITECTURE.md").read_text().splitlines()) <= 60
