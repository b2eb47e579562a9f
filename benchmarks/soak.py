"""Send 20,000 generated requests, valid and not, and count what must never happen.

Usage: python -m benchmarks.soak [REQUESTS]. Schemathesis generates from the bundle in both modes,
round after round with another seed; the mock itself counts answers that would break the contract.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile

from benchmarks.provenance import say
from benchmarks.requests import KEY, ask, data_of
from benchmarks.servers import BUNDLE, greenroom, running

CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
)
MOST_ROUNDS = 20


def main(wanted: int) -> int:
    """Run rounds until enough requests were answered; return 1 when anything was found."""
    found = 0
    with running(greenroom(), pinned=False) as server, tempfile.TemporaryDirectory() as folder:
        control = server.url.removesuffix("/v1/webinar") + "/_mock/health"
        for seed in range(1, MOST_ROUNDS + 1):
            found += generate(server.url, seed, folder)
            health = data_of(ask(control))
            breaches = health["contract_breaches"]
            say(f"seed {seed}: {health['requests']:,} requests so far, {breaches} breaches")
            if health["requests"] >= wanted:
                break
    say(
        f"{health['requests']:,} generated requests, {found} rounds with a 5xx or an answer outside"
    )
    say(f"the contract, {breaches} answers the mock itself kept back")
    return 1 if found or breaches or health["requests"] < wanted else 0


def generate(url: str, seed: int, folder: str) -> int:
    """Run one round; return 1 when Schemathesis found anything, and print what."""
    command = [sys.executable, "-m", "schemathesis.cli", "run", str(BUNDLE), "--url", url]
    command += ["--checks", ",".join(CHECKS), "--mode", "all", "--max-examples", "100"]
    command += ["--seed", str(seed), "--continue-on-failure", "--no-color"]
    command += [part for name, value in KEY.items() for part in ("-H", f"{name}: {value}")]
    environment = {**os.environ, "PYTHONWARNINGS": "ignore"}
    ran = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, check=False, env=environment
    )
    if ran.returncode != 0:
        say(ran.stdout + ran.stderr)
    return int(ran.returncode != 0)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 20_000))
