"""The table of limits in docs/safety.md says what the code does."""

from __future__ import annotations

import re
from pathlib import Path

from mock_server import journal, kept
from mock_server.control import faults
from mock_server.domain.events import BACKLOG
from mock_server.events import ledger
from mock_server.http import body, whip
from mock_server.http.limits import Limits
from mock_server.injection.rules import MAX_DELAY_MS
from mock_server.media import offer
from mock_server.media.publications import IDLE_SECONDS
from mock_server.settings import Settings

KIB = 1024
MIB = 1024 * KIB
LIMITS = Limits()
IN_CODE = {
    "connections of a process": f"{LIMITS.connections:,}",
    "a place without a request, when all are taken": f"{LIMITS.spare_seconds:g} s",
    "request target": f"{LIMITS.target / KIB:g} KiB",
    "headers, in all": f"{LIMITS.headers / KIB:g} KiB",
    "time for a head": f"{LIMITS.head_seconds:g} s",
    "requests sent ahead of their answers": f"{LIMITS.pipelined}",
    "body": f"{body.MAX_BODY / MIB:g} MiB",
    "body that is heard out before its 413": f"{body.MAX_DISCARDED / MIB:g} MiB",
    "time for a body": f"{body.BODY_TIMEOUT:g} s",
    "unused connection": f"{LIMITS.idle_seconds:g} s",
    "answer that is not read": f"{LIMITS.unread_seconds:g} s",
    "worlds and snapshots": f"{Settings().max_worlds}",
    "offer over WHIP": f"{whip.MAX_SDP / KIB:g} KiB",
    "lines of an offer": f"{offer.MOST_LINES:,}",
    "candidates of a publisher": f"{offer.MOST_CANDIDATES}",
    "publishers of a process": f"{Settings().publishers}",
    "publisher that sends nothing": f"{IDLE_SECONDS:g} s",
    "kept playlists of a world": f"{kept.MOST_UNTIL / MIB:g} MiB",
    "journal of a world": f"{Settings().journal:,} exchanges",
    "body in the journal": f"{journal.CUT / KIB:g} KiB",
    "journals of all worlds": f"{journal.MOST_BYTES / MIB:g} MiB",
    "faults of a world": f"{faults.MOST}",
    "delay by a fault": f"{MAX_DELAY_MS / 1000:g} s",
    "events of a world": f"{BACKLOG:,}",
    "deliveries remembered to an address": f"{ledger.REMEMBERED:,}",
    "world that is not used": f"{Settings().world_idle_seconds / 3600:g} h",
}


def test_the_table_of_limits_is_the_codes():
    text = (Path(__file__).parents[1] / "docs" / "safety.md").read_text()
    section = text.partition("## Limits")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| (?!limit|---)([^|]+) \| ([^|]+) \|", section, re.MULTILINE)
    assert dict(rows) == IN_CODE
