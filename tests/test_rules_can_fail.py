from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from mock_server.faults import FAULTS

# By fault, the rules that must be able to see it; one of them is enough.
KILLERS: Mapping[str, tuple[str, ...]] = {
    # shape
    "timestamp-in-milliseconds": ("time.clock",),
    "success-with-request-id": ("response.envelope",),
    "error-is-an-object": ("response.envelope", "access.unknown_id"),
    "refusal-without-timestamp": ("response.envelope", "access.unknown_id"),
    "created-room-unwrapped": ("response.schema",),
    "fetched-session-wrapped": ("response.schema",),
    "unknown-values-are-null": ("response.schema",),
    "room-without-host": ("response.schema",),
    "status-in-capitals": ("response.schema",),
    "dates-in-local-time": ("time.utc",),
    "created-answers-200": ("response.status",),
    "deletion-without-id": ("response.schema",),
    # http
    "unknown-path-in-plain-text": ("http.path",),
    "wrong-method-without-envelope": ("http.method",),
    "wrong-method-is-404": ("http.method",),
    "allow-incomplete": ("http.method",),
    "refusals-said-to-be-html": ("response.content_type", "access.unknown_id"),
    "trailing-slash-forgiven": ("http.slash",),
    # lists
    "total-is-page-length": ("list.complete",),
    "oldest-first": ("invariant.list.order",),
    "limit-ignored": ("invariant.list.page",),
    "pages-overlap": ("list.complete",),
    "pages-skip-a-row": ("list.complete",),
    "page-past-the-end-is-404": ("list.past_the_end",),
    "last-page-repeats": ("list.past_the_end",),
    "page-not-echoed": ("invariant.list.page", "list.complete"),
    "limit-of-101-accepted": ("list.malformed",),
    "page-of-zero-accepted": ("list.malformed",),
    "default-limit-of-20": ("list.defaults",),
    "my-rooms-are-everyones": ("access.private_lists",),
    "live-list-shows-all": ("list.live",),
    # access
    "viewers-create-rooms": ("access.role",),
    "viewers-list-presets": ("access.role",),
    "anybody-changes-rooms": ("access.owner",),
    "anybody-ends-sessions": ("access.owner",),
    "anybody-changes-settings": ("access.owner",),
    "anybody-lists-room-sessions": ("access.owner",),
    "ownership-hidden-by-404": ("access.owner",),
    "strangers-get-403": ("credentials.missing",),
    "challenge-missing": ("response.challenge", "credentials.api_key.unknown"),
    "expired-token-accepted": ("credentials.expired",),
    "unsigned-token-accepted": ("credentials.forged",),
    "forged-token-accepted": ("credentials.forged",),
    "garbage-token-accepted": ("credentials.forged",),
    "api-key-ignored": ("credentials.api_key.opens",),
    "bad-bearer-hides-good-key": ("credentials.both",),
    "api-key-beats-bearer": ("credentials.both",),
    "live-list-needs-credentials": ("credentials.ignored",),
    "public-refuses-bad-token": ("credentials.ignored",),
    # order
    "state-before-ownership": ("refusal.order",),
    "lookup-before-credentials": ("refusal.order",),
    "role-before-body": ("refusal.order",),
    # sign-in
    "wrong-password-accepted": ("auth.login.wrong",),
    "unknown-email-is-404": ("auth.login.wrong",),
    "malformed-email-is-401": ("body.bounds.outside",),
    "refresh-token-reusable": ("auth.refresh",),
    "refresh-ends-access-token": ("auth.refresh",),
    "logout-keeps-access-token": ("auth.logout",),
    "logout-keeps-refresh-token": ("auth.logout",),
    "code-works-twice": ("auth.code",),
    "unknown-code-is-404": ("auth.unknown_token",),
    "code-for-any-session": ("auth.code.unknown_session",),
    "code-signs-in-as-host": ("auth.code",),
    "device-token-works-once": ("auth.device_login",),
    "registered-viewer-is-host": ("auth.register",),
    "access-token-without-role": ("invariant.auth.claims",),
    "sign-in-without-user": ("auth.login",),
    # presets
    "other-hosts-preset-usable": ("preset.foreign",),
    "other-hosts-preset-readable": ("access.owner",),
    "presets-of-everyone-listed": ("access.private_lists",),
    "used-preset-deletable": ("preset.delete_while_used",),
    "preset-change-unseen": ("session.settings.preset",),
    "preset-limit-of-50-by-default": ("preset.default_limit",),
    "preset-change-resets-flags": ("preset.change",),
    # lifecycle
    "ended-session-starts-again": ("session.lifecycle.refused",),
    "ended-session-goes-live-again": ("session.lifecycle.refused",),
    "scheduled-session-ends": ("session.lifecycle.refused",),
    "live-session-reschedules": ("session.lifecycle.refused",),
    "restart-refused": ("session.start.again",),
    "start-never-goes-live": ("session.lifecycle.allowed",),
    "settings-change-after-the-end": ("session.lifecycle.refused",),
    "settings-locked-while-live": ("session.lifecycle.allowed",),
    "live-session-deletable": ("session.lifecycle.refused",),
    "audience-joins-early": ("session.lifecycle.join_by_host",),
    "host-waits-outside": ("session.lifecycle.join_by_host",),
    "scheduled-session-monitored": ("session.lifecycle.refused",),
    "early-start-refused": ("session.start.early",),
    "second-live-session-in-a-room": ("session.lifecycle.one_live",),
    "rtmp-session-starts-webcam-hls": ("session.lifecycle.webcam_only",),
    "conflict-is-422": ("session.lifecycle.refused",),
    "refused-move-changes-updated-at": ("session.lifecycle.refused",),
    # effects
    "start-begins-the-broadcast": ("session.broadcast.hls_url",),
    "go-live-without-broadcast": ("session.broadcast.hls_url",),
    "go-live-again-moves-updated-at": ("session.go_live.again",),
    "restart-makes-another-ingress": ("session.start.again",),
    "restart-resets-started-at": ("session.start.again",),
    "end-takes-the-broadcast-address": ("session.broadcast.hls_url",),
    "end-without-ended-at": ("session.end",),
    "end-keeps-the-room-busy": ("session.lifecycle.room_freed",),
    "end-keeps-viewers": ("session.end",),
    "end-forgets-max-viewers": ("session.end",),
    "mode-always-webcam": ("session.mode",),
    "mode-of-body-ignored": ("session.mode",),
    "join-limit-not-kept": ("session.join.limit",),
    "host-takes-a-place": ("session.join.limit",),
    "joining-again-takes-a-place": ("session.join.limit",),
    "settings-without-effect": ("session.settings.override",),
    "host-switch-toggles-always": ("session.host_state",),
    # invariants
    "updated-before-created": ("invariant.times.ordered",),
    "started-before-created": ("invariant.times.ordered",),
    "more-viewers-than-ever": ("invariant.session.viewers",),
    "viewers-before-the-start": ("invariant.session.viewers",),
    "duration-in-milliseconds": ("invariant.session.duration",),
    "duration-rounds-up": ("invariant.session.duration",),
    "scheduled-session-is-active": ("invariant.session.room",),
    "stats-count-own-sessions": ("stats.exact",),
    "stats-count-scheduled-as-live": ("stats.exact",),
    "stats-count-expired-as-ended": ("stats.exact",),
    "change-keeps-updated-at": ("time.updated",),
    "change-moves-created-at": ("time.updated",),
    "reading-moves-updated-at": ("read.safe",),
    # changes
    "change-clears-description": ("room.change",),
    "change-of-description-ignored": ("room.change",),
    "analytics-merged": ("room.change.analytics",),
    "room-change-not-kept": ("room.change",),
    "reschedule-not-kept": ("time.updated",),
    "settings-reset-others": ("session.settings.keep",),
    "empty-change-refused": ("resource.empty_change",),
    "room-with-live-session-deletable": ("room.delete_while_live",),
    "sessions-outlive-their-room": ("room.delete",),
    "deleted-session-still-answers": ("session.delete",),
    "deleting-twice-succeeds": ("concurrency.delete",),
    # validation
    "room-title-of-256": ("body.bounds.outside",),
    "room-title-of-2": ("body.bounds.outside",),
    "room-title-of-255-refused": ("body.bounds.inside",),
    "viewer-name-of-51": ("body.bounds.outside",),
    "settings-limit-of-10001": ("body.bounds.outside",),
    "settings-limit-of-0-refused": ("body.bounds.inside",),
    "preset-limit-of-6-on-change": ("body.bounds.outside",),
    "preset-of-any-colour": ("body.bounds.outside",),
    "title-not-required": ("body.required",),
    "null-accepted": ("body.bounds.outside",),
    "array-body-accepted": ("body.no_object",),
    "past-start-accepted": ("session.reschedule.past",),
    "past-reschedule-accepted": ("session.reschedule.past",),
    "local-times-accepted": ("body.bounds.outside",),
    "lengths-in-bytes": ("body.bounds.inside",),
    "titles-trimmed": ("room.text",),
    "unknown-fields-refused": ("body.unknown_field",),
    "unknown-parameters-refused": ("list.bounds",),
    "invalid-body-is-400": ("body.required",),
    "bad-json-is-500": ("body.unreadable",),
    "missing-body-is-422": ("body.missing",),
    "any-content-type-accepted": ("body.media_type",),
    "body-limit-of-64-kib": ("body.too_large",),
    "malformed-id-is-404": ("access.malformed_id",),
    "ids-in-lower-case-only": ("access.id_spelling",),
    # media
    "audience-may-publish": ("media.token.audience",),
    "host-may-not-publish": ("media.token.host",),
    "monitor-is-visible": ("media.token.monitor",),
    "token-for-another-room": ("media.token",),
    "token-already-expired": ("media.token",),
    "token-of-nobody": ("media.token",),
    "rtmp-server-differs": ("invariant.session.ingress",),
    "setup-key-differs": ("invariant.session.ingress",),
    "created-key-differs": ("session.ingress.same_key",),
    "whip-key-differs": ("media.whip_url",),
    "idle-stream-has-bitrate": ("session.stream_health",),
    "health-only-when-live": ("session.stream_health",),
    # concurrency
    "two-go-live-two-ingresses": ("concurrency.start",),
    "two-starts-in-a-room-win": ("concurrency.room",),
    "two-exchanges-of-a-code-win": ("concurrency.code",),
}


class Trials:
    """Tries rules against mocks, in one process that stays warm."""

    def __init__(self, directory: Path) -> None:
        root = Path(__file__).parent.parent
        self.process = subprocess.Popen(
            [sys.executable, str(Path(__file__).parent / "warm.py")],
            cwd=directory,
            env={**os.environ, "PYTHONPATH": str(root)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def tried(self, fault: str | None, rules: Sequence[str]) -> tuple[int, str]:
        request = {"fault": fault, "rules": list(rules)}
        self.process.stdin.write(f"{json.dumps(request)}\n")
        self.process.stdin.flush()
        answer = json.loads(self.process.stdout.readline())
        return answer["code"], answer["report"]

    def close(self) -> None:
        self.process.stdin.close()
        self.process.stdout.close()
        self.process.wait()


@pytest.fixture(scope="module")
def trials(tmp_path_factory):
    # Away from the checkout, as a user is: pytest would load the conftest.py that is there.
    found = Trials(tmp_path_factory.mktemp("trials"))
    yield found
    found.close()


def failed(report: str) -> set[str]:
    return set(re.findall(r"^ +FAIL +(\S+)", report, re.MULTILINE))


def test_the_true_mock_keeps_all_these_rules(trials):
    code, report = trials.tried(
        None, sorted({rule for rules in KILLERS.values() for rule in rules})
    )
    assert (code, failed(report)) == (0, set()), report


def test_every_fault_has_rules_that_must_see_it():
    assert sorted(KILLERS) == sorted(fault.name for fault in FAULTS)


def tried_faults():
    """Every fault where GREENROOM_FAULTS is `all`, as in `make check`; else three of a family."""
    if os.environ.get("GREENROOM_FAULTS") == "all":
        return [fault.name for fault in FAULTS]
    families: dict[str, list[str]] = {}
    for fault in FAULTS:
        families.setdefault(fault.family, []).append(fault.name)
    return [name for names in families.values() for name in names[:3]]


@pytest.mark.parametrize("fault", tried_faults())
def test_a_rule_sees_the_fault(trials, fault):
    code, report = trials.tried(fault, KILLERS[fault])
    named = {rule for rule in failed(report) if rule.startswith(KILLERS[fault])}
    assert (code, bool(named)) == (1, True), report
