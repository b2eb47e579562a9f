"""Removes what a run created: what is live is ended, what holds others goes with them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

from conformance.client import Client
from conformance.identities import Identities
from conformance.ledger import NAMES, Entry
from conformance.reply import Reply, Request

PLACES = {"room": ("/rooms/my", "rooms"), "preset": ("/presets", "presets")}
ORDER = ("room", "session", "preset")
REMOVED = (200, 204, 404)
CONFLICT = 409
MOST_PAGES = 100


def clean(client: Client, who: Identities, entries: Sequence[Entry]) -> list[Entry]:
    """Remove what is in these entries and in the client's ledger; return what would not go.

    Newest first, as many at once as the client's manners allow: rooms, with which their sessions
    go, then sessions elsewhere, and presets when nothing uses them any more. Viewers stay: the
    contract has no operation that removes one. Nothing is raised, for this makes no verdict.
    """
    rooms = {entry.id for entry in entries if entry.kind == "room" and entry.id}
    left: list[Entry] = []
    for kind in ORDER:
        layer = [entry for entry in entries if entry.kind == kind and entry.room not in rooms]
        left += _layer(client, who, layer, _live(entries))
    return left


def _live(entries: Iterable[Entry]) -> dict[str, list[str]]:
    """Return the ids of the sessions that are live, by room and by session."""
    found: dict[str, list[str]] = {}
    for entry in entries:
        if entry.kind == "session" and entry.live and entry.id:
            found.setdefault(entry.room or "", []).append(entry.id)
            found.setdefault(entry.id, []).append(entry.id)
    return found


def _layer(
    client: Client, who: Identities, layer: list[Entry], live: dict[str, list[str]]
) -> list[Entry]:
    def gone(entry: Entry) -> bool:
        try:
            removed = remove(client, who, entry, live.get(entry.id or "", ()))
        except Exception:  # noqa: BLE001 - clean-up never makes a verdict
            return False
        if removed:
            client.ledger.strike(entry)
            client.ledger.gone(entry.id or "")
        return removed

    if client.scope or len(layer) < 2:  # noqa: PLR2004 - many rules clean up at a time anyway
        return [entry for entry in layer if not gone(entry)]
    with ThreadPoolExecutor(client.gate.manners.in_flight) as pool:
        return [entry for entry, went in zip(layer, pool.map(gone, layer), strict=True) if not went]


def remove(client: Client, who: Identities, entry: Entry, live: Sequence[str] = ()) -> bool:
    """Remove one thing, ending live sessions first. True when it is gone."""
    if entry.id is None:
        found = _bearing(client, who, entry)
        return all([remove(client, who, each) for each in found])  # noqa: C419 - each is tried
    path = f"/{entry.kind}s/{entry.id}"
    for session in live:
        _call(client, who, entry.owner, "POST", f"/sessions/{session}/end")
    status = _call(client, who, entry.owner, "DELETE", path).status
    if status == CONFLICT and entry.kind != "preset":
        session = entry.id
        if entry.kind == "room":
            room = _call(client, who, entry.owner, "GET", path).json["data"]
            session = room.get("active_session_id", entry.id)
        _call(client, who, entry.owner, "POST", f"/sessions/{session}/end")
        status = _call(client, who, entry.owner, "DELETE", path).status
    return status in REMOVED


def _bearing(client: Client, who: Identities, entry: Entry) -> Iterator[Entry]:
    """Yield what bears the mark and the name of a request that was never answered."""
    name = entry.name or ""
    if name.startswith(f"{client.ledger.run_id} "):
        for row in listed(client, who, entry.owner, entry.kind):
            if row[NAMES[entry.kind]] == name:
                yield Entry(0, entry.kind, entry.owner, id=row["id"])


def listed(client: Client, who: Identities, owner: str, kind: str) -> list[dict[str, str]]:
    """Return all of a caller's own rooms or presets, and nothing of another kind."""
    if kind not in PLACES:
        return []
    path, rows = PLACES[kind]
    found: list[dict[str, str]] = []
    for page in range(1, MOST_PAGES + 1):
        data = _call(client, who, owner, "GET", f"{path}?limit=100&page={page}").json["data"]
        found += data[rows]
        if len(found) >= data.get("total", 0) or not data[rows]:
            break
    return found


def _call(client: Client, who: Identities, owner: str, method: str, path: str) -> Reply:
    identity = who.named(owner) if owner in ("host", "other_host", "viewer") else who.host
    headers = (("Authorization", f"Bearer {identity.token}"),) if identity else ()
    return client.exchange(Request(None, method, client.base_url + path, headers))
