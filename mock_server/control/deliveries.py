"""Webhooks of a world: what became of each, and what is to go wrong with them."""

from __future__ import annotations

from dataclasses import replace

from mock_server.domain.entities import Delivery, DeliveryFaults
from mock_server.domain.errors import Conflict
from mock_server.env import Call
from mock_server.events.lane import shown
from mock_server.events.ledger import FAULTS_ID, rules_of
from mock_server.http.views import View, date_time
from mock_server.storage.indexes import DELIVERIES, EVERYTHING

MOST_FAULTS = 100


def list_deliveries(call: Call) -> View:
    """List what became of webhooks, the newest first."""
    page, limit = call.query["page"], call.query["limit"]
    rows = call.tx.page(DELIVERIES, EVERYTHING, offset=(page - 1) * limit, limit=limit)
    return {
        "webhooks": [shown(url) for url in call.env.settings.webhooks],
        "deliveries": [_view(each) for each in rows],
        "total": call.tx.count(DELIVERIES, EVERYTHING),
        "page": page,
        "limit": limit,
    }


def list_delivery_faults(call: Call) -> View:
    """List what is to go wrong with webhooks, in the order in which it is asked."""
    return {"faults": rules_of(call.tx)}


def add_delivery_fault(call: Call) -> View:
    """Let webhooks go wrong from now on; raises Conflict where there are faults enough."""
    rules = rules_of(call.tx)
    if len(rules) >= MOST_FAULTS:
        raise Conflict(
            f"`add_delivery_fault`: the world has {len(rules)} delivery faults, "
            f"must be {MOST_FAULTS} at most (`clear_delivery_faults` removes them)"
        )
    number = 1 + max((each["id"] for each in rules), default=0)
    return _keep(call, [*rules, {"id": number, **call.body, "used": 0}])


def clear_delivery_faults(call: Call) -> View:
    """Let webhooks come as they should again."""
    return _keep(call, [])


def _keep(call: Call, rules: list[View]) -> View:
    known = call.tx.get(DeliveryFaults, FAULTS_ID)
    if known is None:
        known = DeliveryFaults(id=FAULTS_ID, created_at=call.now)
    call.tx.put(replace(known, rules={"rules": rules}))
    return {"faults": rules}


def _view(delivery: Delivery) -> View:
    view: View = {
        "at": date_time(delivery.created_at),
        "url": delivery.url,
        "state": delivery.state,
        "event_id": delivery.event_id,
        "attempts": delivery.attempts["attempts"],
    }
    if delivery.state == "dropped":
        return view | {name: delivery.attempts[name] for name in ("first", "last")}
    return view | {"id": delivery.notice_id, "event": delivery.event}
