"""Between entities and rows of PostgreSQL: what rows tell a transaction, and what it tells them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from mock_server.domain.entities import KINDS, Preset, Room, User
from mock_server.storage.codec import decode
from mock_server.storage.known import INDEXES_OF, Group, Known, place
from mock_server.storage.moments import microseconds, moment
from mock_server.storage.protocol import DEFAULT_WORLD
from mock_server.storage.related import COUNTS, MEMBERS, link

Row = tuple[str, bytes, bytes | None, int]
_KINDS: Mapping[str, type[Any]] = {kind.__name__: kind for kind in KINDS}
_MEMBERS = {kind: index.name for kind, index in MEMBERS}
_COUNTS = {kind: index.name for kind, index in COUNTS}
# What APPLY calls the columns of an entity, and those of its place in an index.
_ENTITY = ("kinds", "ids", "docs", "users", "rooms", "presets")
_PLACE = ("of", "indexes", "keys", "orders", "members")
PAGE_ROW = ""
TOTAL = "total"
# No UTF-8 has these octets.
MARK, AFTER_MARK = b"\xfe", b"\xff"
# So many entities a process spares itself decoding again.
MOST = 5000


class Partition:
    """Turn ids and keys into what is kept and back: those of a world begin with its name.

    The default world's begin with nothing. The others' begin with an octet that no UTF-8 has, so
    a world is a range of them: from `first`, below `end`.
    """

    def __init__(self, world: str) -> None:
        self.world = world
        default = world == DEFAULT_WORLD
        self.prefix = b"" if default else MARK + world.encode() + MARK
        self.first = self.prefix
        self.end = MARK if default else MARK + world.encode() + AFTER_MARK

    def octets(self, text: str) -> bytes:
        """Return an id or key as kept; half a surrogate pair is no text and equals nothing kept."""
        return self.prefix + text.encode("utf-8", "surrogatepass")

    def text(self, octets: bytes) -> str:
        """Return an id or key that is kept."""
        return octets[len(self.prefix) :].decode("utf-8", "surrogatepass")


def world_of(octets: bytes) -> str:
    """Return the world that an id or key which is kept belongs to."""
    if not octets.startswith(MARK):
        return DEFAULT_WORLD
    return octets[len(MARK) :].partition(MARK)[0].decode()


class Decoded:
    """Give the same entity for the same document: a pure cache, bounded, shared by threads."""

    __slots__ = ("_entities",)

    def __init__(self) -> None:
        self._entities: dict[tuple[type[Any], str], tuple[bytes, Any]] = {}

    def entity(self, kind: type[Any], entity_id: str, document: bytes) -> Any:
        """Return the entity of a document; raises StorageError."""
        known = self._entities.get((kind, entity_id))
        if known is not None and known[0] == document:
            return known[1]
        entity = decode(kind, document)
        if len(self._entities) >= MOST:
            self._entities.clear()
        self._entities[kind, entity_id] = (document, entity)
        return entity


def learn(known: Known, rows: Sequence[Row], decoded: Decoded, partition: Partition) -> None:
    """Take what GATHER or PAGE brought into what is known; what is known already stays."""
    counts: dict[tuple[str, str], int] = {}
    groups: dict[tuple[str, str], Group] = {}
    for name, key, document, _ in rows:
        if (kind := _KINDS.get(name)) is None:
            continue
        entity_id = partition.text(key)
        if (kind, entity_id) not in known.entities:
            entity = None if document is None else decoded.entity(kind, entity_id, document)
            known.entities[kind, entity_id] = entity
        # Nothing is told of what is empty.
        if kind in _MEMBERS:
            groups[_MEMBERS[kind], entity_id] = []
        if kind in _COUNTS:
            counts[_COUNTS[kind], entity_id] = 0
    for name, key, member, number in rows:
        if name not in _KINDS and name not in (PAGE_ROW, TOTAL):
            where = (name, partition.text(key))
            if member is None:
                counts[where] += number
            else:
                groups[where].append((moment(number), partition.text(member)))
    known.counts = counts | known.counts
    known.groups = {where: sorted(group) for where, group in groups.items()} | known.groups


def changes(
    pending: Mapping[tuple[type[Any], str], tuple[Any, bytes | None]], partition: Partition
) -> dict[str, Any]:
    """Return the parameters of APPLY for entities and their documents (None: removed)."""
    octets = partition.octets
    lists: dict[str, list[Any]] = {name: [] for name in (*_ENTITY, *_PLACE)}
    for (kind, entity_id), (entity, document) in pending.items():
        own_id = octets(entity_id)
        targets = [None if entity is None else link(entity, each) for each in (User, Room, Preset)]
        links = [None if target is None else octets(target) for target in targets]
        columns = (kind.__name__, own_id, document, *links)
        for name, value in zip(_ENTITY, columns, strict=True):
            lists[name].append(value)
        for index in () if entity is None else INDEXES_OF[kind]:
            if (there := place(index, entity)) is not None:
                key, order = octets(there[0]), microseconds(there[1])
                row = (kind.__name__, index.name, key, order, own_id)
                for name, each in zip(_PLACE, row, strict=True):
                    lists[name].append(each)
    return lists
