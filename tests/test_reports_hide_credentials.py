"""No file of a report holds a credential: given, handed out, or made from one."""

from __future__ import annotations

import io
import json
import re
from contextlib import suppress

import httpx
import pytest

from conformance import check, mock

SECRET = (
    "access_token",
    "refresh_token",
    "device_token",
    "livekit_token",
    "stream_key",
    "api_key",
    "api_secret",
    "password",
    "code",
)
# Rules that fail over a credential: what they show is one.
FAULTS_AND_RULES = {
    "created-key-differs": ("session.ingress.same_key",),
    "setup-key-differs": ("invariant.session.ingress", "session.ingress"),
    "token-of-nobody": ("media.token",),
    "unsigned-token-accepted": ("credentials.forged",),
    "forged-token-accepted": ("credentials.forged",),
    "refresh-token-reusable": ("auth.refresh",),
    "two-exchanges-of-a-code-win": ("concurrency.code",),
    "wrong-password-accepted": ("auth.login.wrong",),
}


def values(node: object, name: str = "") -> set[str]:
    """Return what stands in secret fields, anywhere in a document."""
    if isinstance(node, dict):
        return set().union(*(values(value, key) for key, value in node.items()), set())
    if isinstance(node, list):
        return set().union(*(values(value, name) for value in node), set())
    return {node} if name in SECRET and isinstance(node, str) and len(node) >= 6 else set()


@pytest.fixture
def handed_out(monkeypatch):
    """Everything secret that any answer of the run held."""
    found: set[str] = set()
    send = httpx.Client.send

    def spying(self, request, **more):
        answer = send(self, request, **more)
        with suppress(ValueError):
            found.update(values(json.loads(answer.read())))
        return answer

    monkeypatch.setattr(httpx.Client, "send", spying)
    return found


@pytest.mark.parametrize("fault", FAULTS_AND_RULES)
def test_no_file_holds_a_credential_of_the_run(handed_out, tmp_path, fault) -> None:
    out, err = io.StringIO(), io.StringIO()
    rules = [f"--greenroom-rule={rule}" for rule in FAULTS_AND_RULES[fault]]
    folder = f"--greenroom-report-dir={tmp_path}"
    with mock.running((*mock.COMMAND, "--fault", fault)) as url:
        assert check.run([f"--base-url={url}", *rules, folder], out, err) == 1, out.getvalue()
    told = {"terminal": out.getvalue(), **{f.name: f.read_text() for f in tmp_path.iterdir()}}
    assert len(told) == 4
    signatures = {value.rpartition(".")[2] for value in handed_out if value.count(".") == 2}
    assert len(handed_out) > 3
    for name, text in told.items():
        shown = [secret for secret in handed_out | signatures if secret and secret in text]
        assert shown == [], name
    if fault not in ("forged-token-accepted", "unsigned-token-accepted"):
        assert not re.search(r"eyJ[\w-]+\.[\w-]+\.[\w-]+", "".join(told.values()))
