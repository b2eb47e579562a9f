"""Entities as JSON documents and back, driven by the fields of their classes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import MISSING, dataclass, fields
from datetime import UTC, datetime
from operator import attrgetter
from types import NoneType, UnionType
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

import orjson

from mock_server.domain.entities import KINDS, Entity
from mock_server.domain.events import Event
from mock_server.storage.protocol import StorageError

E = TypeVar("E", bound=Entity)
_PLAIN = (str, int, float, bool)


@dataclass(frozen=True, slots=True)
class _Shape:
    """Hold what is worth knowing about a class before its first entity comes by."""

    names: tuple[str, ...]
    values: Callable[[Any], tuple[Any, ...]]
    times: tuple[str, ...]
    documents: tuple[str, ...]
    # A None here is not the default, so leaving it out would lose it.
    explicit_nulls: frozenset[str]
    required: frozenset[str]


def encode(entity: Entity) -> bytes:
    """Return an entity as a JSON document: times in UTC with microseconds, defaults of None left
    out; raise StorageError for a value that JSON can't hold exactly.
    """
    shape = _SHAPES[type(entity)]
    nulls = shape.explicit_nulls
    document = {
        name: value
        for name, value in zip(shape.names, shape.values(entity), strict=True)
        if value is not None or name in nulls
    }
    try:
        for name in shape.times:
            if (time := document.get(name)) is not None and time.tzinfo is not UTC:
                document[name] = _in_utc(time)
        for name in shape.documents:
            if name in document:
                document[name] = _free_form(document[name])
        return orjson.dumps(document, option=orjson.OPT_UTC_Z)
    except (TypeError, ValueError) as error:
        raise StorageError(
            f"{type(entity).__name__} {entity.id!r} holds a value that a store can't keep "
            f"({error}): keep JSON values and times with an offset"
        ) from error


def decode(kind: type[E], document: bytes | str) -> E:
    """Return the entity that `encode` was given; raise StorageError for a document of another
    version of the class.
    """
    shape = _SHAPES[kind]
    try:
        values = orjson.loads(document)
        for name in shape.times:
            if (text := values.get(name)) is not None:
                values[name] = datetime.fromisoformat(text)
        return kind(**values)
    except (TypeError, ValueError, AttributeError) as error:
        raise StorageError(_explain(kind, shape, document, error)) from error


def encode_event(event: Event) -> bytes:
    """Return an event as a JSON document: its fields in their order, without its id."""
    return orjson.dumps(event[:-1], option=orjson.OPT_UTC_Z)


def decode_event(document: bytes | str, event_id: int) -> Event:
    """Return the event that `encode_event` was given, with its id; raise StorageError."""
    try:
        operation, at, *rest, notices = orjson.loads(document)
        when = datetime.fromisoformat(at)
        return Event._make((operation, when, *rest, tuple(notices), event_id))
    except (TypeError, ValueError) as error:
        raise StorageError(
            f"Stored event {event_id} can't be read ({error}): the store is damaged or of another "
            "version, begin a new one"
        ) from error


def _shape_of(kind: type[Any]) -> _Shape:
    hints = get_type_hints(kind)
    types = {each.name: _held(kind, each.name, hints[each.name]) for each in fields(kind)}
    names = tuple(types)
    return _Shape(
        names=names,
        values=attrgetter(*names),
        times=tuple(name for name in names if types[name] is datetime),
        documents=tuple(name for name in names if types[name] is dict),
        explicit_nulls=frozenset(each.name for each in fields(kind) if each.default is not None),
        required=frozenset(
            each.name
            for each in fields(kind)
            if each.default is MISSING and each.default_factory is MISSING
        ),
    )


def _held(kind: type[Any], name: str, hint: Any) -> Any:
    """Return what a field holds when it holds anything: a plain type, datetime or dict."""
    if get_origin(hint) in (Union, UnionType):
        options = [each for each in get_args(hint) if each is not NoneType]
        hint = options[0] if len(options) == 1 else hint
    if get_origin(hint) is Literal and all(type(each) in _PLAIN for each in get_args(hint)):
        return type(get_args(hint)[0])
    if get_origin(hint) is dict:
        return dict
    if hint is datetime or hint in _PLAIN:
        return hint
    raise TypeError(
        f"{kind.__name__}.{name} is {hint}, which the codec does not know: "
        f"use str, int, float, bool, datetime, dict, Literal or one of them with None, "
        f"or teach `mock_server/storage/codec.py` the new type"
    )


def _in_utc(time: datetime) -> datetime:
    if time.utcoffset() is None:
        raise ValueError(f"the time {time.isoformat()} has no offset")
    return time.astimezone(UTC)


def _free_form(value: Any) -> orjson.Fragment:
    text = orjson.dumps(value)
    # A NaN has become null and a date text by now: better no value than another one.
    if orjson.loads(text) != value:
        raise ValueError("a free-form value is not JSON")
    return orjson.Fragment(text)


def _explain(kind: type[Any], shape: _Shape, document: bytes | str, error: Exception) -> str:
    name = kind.__name__
    try:
        found = set(orjson.loads(document))
    except (ValueError, TypeError):
        return f"A stored {name} is not a JSON object: the store is damaged, begin a new one"
    if unknown := sorted(found.difference(shape.names)):
        return (
            f"A stored {name} has fields this version does not know ({', '.join(unknown)}): "
            f"open the store with the newer version that wrote it, or begin a new one"
        )
    if missing := sorted(shape.required - found):
        return (
            f"A stored {name} lacks fields this version needs ({', '.join(missing)}): "
            f"open the store with the older version that wrote it, or begin a new one"
        )
    return f"A stored {name} can't be read ({error}): the store is damaged, begin a new one"


_SHAPES: dict[type[Any], _Shape] = {kind: _shape_of(kind) for kind in KINDS}
