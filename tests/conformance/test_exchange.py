from __future__ import annotations

import json
from dataclasses import asdict, replace

import pytest

from conformance.exchange import LONGEST_BODY, exchange_from_json, exchange_of
from conformance.redaction import Secrets


def test_an_exchange_travels_as_json(reply) -> None:
    sent = {"title": "x", "password": "let-me-in"}
    shown = exchange_of(reply("create_room", 422, {"error": "no"}, sent=sent), Secrets())
    assert exchange_from_json(json.loads(json.dumps(asdict(shown)))) == shown
    assert "let-me-in" not in shown.sent
    assert json.loads(shown.body) == {"error": "no"}


@pytest.mark.parametrize(
    ("content", "starts", "ends"),
    [
        (b"", "", ""),
        (b"\xff\xfe\x00", "(3 bytes", "no text)"),
        (b"<html>" * 3000, "<html>", "(18,000 characters in all)"),
        (b"x" * 10_000_000, "(10,000,000 bytes", "too many to show)"),
        (b'{"a": 1, "a": 2}', '{"a": 1, "a": 2}', '{"a": 1, "a": 2}'),
    ],
)
def test_a_body_is_shown_as_far_as_it_can_be(reply, content: bytes, starts: str, ends: str) -> None:
    shown = exchange_of(replace(reply("get_me"), content=content), Secrets())
    assert shown.body.startswith(starts)
    assert shown.body.endswith(ends)
    assert len(shown.body) < LONGEST_BODY + 50
