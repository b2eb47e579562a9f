"""Values for the fields of request bodies: those a schema takes, and those it must not take."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from random import Random
from typing import Any

from contract_table import Schema
from known import NOBODYS_ID, Known

# Lengths are counted in characters: two of these are several bytes, one is two code units.
_LETTERS = "abcdefghij ABCDEFGHIJ-'0123456789éß漢字🎥\t\"\\"
_OFFSETS = ("Z", "+00:00", "-00:00", "+05:30", "-11:00", "+14:00")
_COLOURS = ("#0b7285", "#ABCDEF", "#000000", "#aB3dE9")
_NOT_COLOURS = ("#12345", "#1234567", "#12345g", "0b7285", "#123456\n", "x#123456", "", "#é2345")
_NOT_UUIDS = (
    "",
    "7",
    "not-a-uuid",
    "{0a5f3c1e-7b7d-4f7e-9d55-3f2f6c8f0b11}",
    "urn:uuid:0a5f3c1e-7b7d-4f7e-9d55-3f2f6c8f0b11",
    "0a5f3c1e7b7d4f7e9d553f2f6c8f0b11",
    "0a5f3c1e-7b7d-4f7e-9d55-3f2f6c8f0b1",
    "0a5f3c1e-7b7d-4f7e-9d55-3f2f6c8f0b1g",
)
_NOT_TIMES = (
    "",
    "tomorrow",
    "2031-01-01",
    "12:00:00Z",
    "2031-01-01T12:00:00",
    "2031-01-01 12:00:00",
    "2031-01-01T12:00Z",
    "2031-02-30T12:00:00Z",
    "2031-13-01T12:00:00Z",
    "2031-01-01T25:00:00Z",
    "2031-01-01T12:00:00+24:00",
    "2031-01-01T12:00:00+0530",
    "20310101T120000Z",
    "2031-W01-1T12:00:00Z",
    "١٢٣٤-01-01T12:00:00Z",
    "1924992000",
)
_NOT_EMAILS = (
    "",
    "host",
    "host@",
    "@pinecove.test",
    "a b@pinecove.test",
    "a@b@c.test",
    "a@-b.test",
)
_OF_TYPES: dict[str, tuple[Any, ...]] = {
    "string": ("text", ""),
    "integer": (7, 0, -3),
    "number": (2.5, -0.25),
    "boolean": (True, False),
    "array": ([], ["text"]),
    "object": ({}, {"enabled": True}),
    "null": (None,),
}


class Values:
    """Choose values by the schema and the name of a field."""

    def __init__(self, rng: Random, known: Known, clock: Callable[[], datetime]) -> None:
        self._rng = rng
        self._known = known
        self._clock = clock

    def good(self, name: str, schema: Schema) -> Any:
        """Return a value the schema takes, one of this world where the name says which."""
        rng, known = self._rng, self._known
        pools: dict[str, Callable[[], str]] = {
            "preset_id": lambda: known.preset(rng),
            "session_id": lambda: known.sessions.choose(rng),
            "refresh_token": lambda: known.refresh_tokens.choose(rng),
            "device_token": lambda: known.device_tokens.choose(rng),
            "code": lambda: known.codes.choose(rng),
        }
        if name in pools and rng.random() < 0.95:
            return pools[name]()
        if name in {"email", "password"} and rng.random() < 0.9:
            people = [each for each in known.people.values() if each.email is not None]
            return getattr(rng.choice(people), name)
        return self._by_schema(schema)

    def _by_schema(self, schema: Schema) -> Any:
        rng = self._rng
        if "enum" in schema:
            return rng.choice(schema["enum"])
        match schema["type"]:
            case "boolean":
                return rng.random() < 0.5
            case "integer":
                low, high = schema["minimum"], schema["maximum"]
                return rng.choice((low, high, rng.randint(low, high), min(high, low + 1)))
            case "object":
                fields = schema.get("properties", {}).items()
                return {key: self.good(key, each) for key, each in fields if rng.random() < 0.7}
            case _:
                return self._text(schema)

    def _text(self, schema: Schema) -> str:
        rng = self._rng
        match schema.get("format"):
            case "date-time":
                return self.time(rng.uniform(30, 40 * 3600))
            case "uuid":
                return NOBODYS_ID
            case "email":
                return rng.choice(("nobody@pinecove.test", "HOST@pinecove.test"))
        if "pattern" in schema:
            return rng.choice(_COLOURS)
        low, high = schema.get("minLength", 0), schema.get("maxLength", 40)
        return self.text(rng.choice((low, low + 1, high, rng.randint(low, min(high, 40)))))

    def text(self, length: int) -> str:
        return "".join(self._rng.choices(_LETTERS, k=length))

    def time(self, seconds: float) -> str:
        """Return the time so many seconds from now, in any offset and precision."""
        rng = self._rng
        moment = (self._clock() + timedelta(seconds=seconds)).replace(tzinfo=None)
        offset = rng.choice(_OFFSETS)
        if offset[-3:-2] == ":":
            hours, minutes = int(offset[:3]), int(offset[0] + offset[4:])
            moment += timedelta(hours=hours, minutes=minutes)
        fraction = rng.choice(("", "", ".5", ".123456", ".123456789"))
        text = f"{moment.isoformat(timespec='seconds')}{fraction}{offset}"
        return text.lower() if rng.random() < 0.05 else text

    def bad(self, schema: Schema) -> Any:
        """Return a value the schema must not take, near a bound where there is one."""
        of_type = self._rng.random() < 0.35
        return (self._of_another_type if of_type else self._out_of_bounds)(schema)

    def disputed(self, schema: Schema) -> Any:
        """Return a value that validators disagree about, None where there is none known."""
        if "minimum" in schema:
            return float(schema["minimum"])
        if "pattern" in schema:
            return "#123456\n"
        wrong = {"uuid": _NOT_UUIDS, "date-time": self._leap_seconds(), "email": _NOT_EMAILS}
        some = wrong.get(schema.get("format", ""))
        return None if some is None else self._rng.choice(some)

    def _of_another_type(self, schema: Schema) -> Any:
        wanted = {"integer", "number"} if schema["type"] == "number" else {schema["type"]}
        others = [name for name in _OF_TYPES if name not in wanted]
        return self._rng.choice(_OF_TYPES[self._rng.choice(others)])

    def _out_of_bounds(self, schema: Schema) -> Any:
        candidates: list[Any] = []
        if "minLength" in schema:
            candidates.append(self.text(schema["minLength"] - 1))
        if "maxLength" in schema:
            candidates.append(self.text(schema["maxLength"] + 1))
        if "minimum" in schema:
            candidates += [schema["minimum"] - 1, schema["maximum"] + 1, 10**30, -(10**30)]
            candidates += [schema["minimum"] + 0.5]
        if "enum" in schema:
            candidates += ["", schema["enum"][0].upper(), f"{schema['enum'][0]} "]
        if "pattern" in schema:
            candidates += _NOT_COLOURS
        candidates += {
            "uuid": _NOT_UUIDS,
            "date-time": (*_NOT_TIMES, *self._edges_of_time()),
            "email": _NOT_EMAILS,
        }.get(schema.get("format", ""), ())
        return self._rng.choice(candidates) if candidates else self._of_another_type(schema)

    def _edges_of_time(self) -> tuple[str, ...]:
        return (
            self.time(0),
            self.time(-1),
            self.time(-86_400 * 400),
            self.time(1),
            *self._leap_seconds(),
            "0000-01-01T00:00:00Z",
            "0001-01-01T00:00:00+14:00",
            "9999-12-31T23:59:59-11:00",
        )

    def _leap_seconds(self) -> tuple[str, ...]:
        year = self._clock().year + 1
        return (f"{year}-12-31T23:59:60Z", f"{year}-06-30T23:59:60.5+00:00")
