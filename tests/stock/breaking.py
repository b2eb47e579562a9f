"""One thing wrong with a request: each function exchanges one part of a draft."""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from collections.abc import Callable, Sequence
from dataclasses import replace
from random import Random

from contract_table import Operation
from draft import API, Draft
from exchange import Headers
from known import NOBODYS_ID, Known
from values import Values

_METHODS = ("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE", "TRACE", "PROPFIND", "get")
_NUMBERS = (
    *("0", "-1", "-0", "101", "007", "1.0", "1e1", "", " 1", "1 ", "+1", "1_0", "0x1", "one"),
    *("\u0661", "\uff11", "null", "None", "true", str(2**63), str(10**30), "9" * 1001),
)
_QUERIES = (
    *(
        b"page=1&page=2",
        b"limit=5&limit=5",
        b"page=1;limit=2",
        b"page[]=1",
        b"page[a]=1",
        b"Page=0",
    ),
    *(b"page", b"&&", b"%", b"page=%", b"page=%ff", b"limit=%31", b"page=1%00", b"page=2&page="),
    *(b"page=1&unknown=0", b"page=0&limit=0"),
)
_MEDIA_TYPES = (
    b"application/json; charset=utf-8",
    b"application/json;charset=UTF-8",
    b"Application/JSON",
    b" application/json ",
    b"application/json; charset=latin-1",
    b"application/json;charset=latin-1",
    b"application/json;charset=utf-16",
    b"application/json;charset=nonsense",
    b"application/json; profile=x",
    b"application/problem+json",
    b"application/vnd.api+json",
    b"application/*",
    b"*/*",
    b"text/plain",
    b"text/json",
    b"application/x-www-form-urlencoded",
    b"multipart/form-data; boundary=x",
    b"application/octet-stream",
    b"json",
    b"",
)
_NOT_JSON = (
    *(
        b" ",
        b"\n",
        b"{",
        b'{"a": 1',
        b"{}x",
        b"{'a': 1}",
        b"// no\n{}",
        b"tru",
        b"{,}",
        b'{"a":01}',
    ),
    *(b"\xff\xfe{\x00}\x00", b'{"title": "\xe9t\xe9"}', b"\xef\xbb\xbf{}", b'{"title": "\x01"}'),
    *(b'{"title": "a\\', b'{"title": NaN}', b"[" * 100_000),
)
_NO_OBJECTS = (b"null", b"[]", b'"text"', b"1", b"2.5", b"true", b"[{}]")
_ODD_JSON = (
    b'"\\ud800"',
    b"1e400",
    b"-1e400",
    b"1" * 400,
    b"NaN",
    b"Infinity",
    b'"\\u0000"',
    b"1e2",
)
_PATHS = (
    "/",
    "/v1",
    API,
    f"{API}/",
    f"{API}/nothing",
    f"{API}/rooms/",
    f"{API}//rooms",
    f"{API}/Rooms",
    f"{API}/rooms/{NOBODYS_ID}/",
    f"{API}/rooms/{NOBODYS_ID}/nothing",
    f"{API}/rooms//sessions",
    f"{API}/sessions/live/",
    f"{API}/sessions/{NOBODYS_ID}%2Fstart",
    f"{API}/rooms/../rooms",
    f"{API}/rooms%20",
    f"{API}/r%6Foms",
    "/v1/other/rooms",
)
# Where another path has a parameter: what it does not offer must not be taken from that one.
_LITERAL = (f"{API}/rooms/my", f"{API}/sessions/live", f"{API}/sessions/stats")
_NOT_IDS = (
    *("7", "abc", "%", "a b", "null", "\u00e9", "0" * 300, f"{NOBODYS_ID}0", NOBODYS_ID[:-1]),
    *(NOBODYS_ID.replace("-", ""), f"{{{NOBODYS_ID}}}", NOBODYS_ID.replace("0", "g")),
)
_NO_ALGORITHM = urlsafe_b64encode(b'{"alg":"none","typ":"JWT"}').decode().rstrip("=")
_BOUNDS = {"minLength", "minimum", "enum", "pattern", "format"}
Break = Callable[[Draft], Draft]


class Breaking:
    """Break drafts in ways chosen at random."""

    def __init__(self, rng: Random, known: Known, values: Values) -> None:
        self._rng = rng
        self._known = known
        self._values = values

    def broken(self, draft: Draft) -> Draft:
        """Return the draft with one thing wrong, sometimes two: which one is told first?"""
        for _ in range(2 if self._rng.random() < 0.2 else 1):
            draft = self._rng.choice(self._ways(draft.operation))(draft)
        return draft

    def _ways(self, operation: Operation) -> Sequence[Break]:
        ways = [self.method, self.path, self.host]
        ways += [self.credentials] * (1 if operation.public else 4)
        if operation.has_id:
            ways += [self.malformed_id, self.unknown_id, self.spelling_of_id]
        if operation.parameters:
            ways += [self.number, self.query] * 2
        if operation.takes_body:
            ways += [self.field] * 5 + [self.disputed] * 3 + [self.odd_value] * 2
            ways += [self.missing_field, self.extra_field, self.repeated_key, self.framing]
            ways += [self.media_type] * 3 + [self.not_json, self.no_object, self.no_body]
        else:
            ways += [self.needless_body] * 2
        return ways

    def credentials(self, draft: Draft) -> Draft:
        return replace(draft, credentials=self._rng.choice(self._odd_credentials()))

    def _odd_credentials(self) -> Sequence[Headers]:
        people, rng = self._known.people, self._rng
        host, viewer = people["host"], people["viewer"]
        good, key = host.bearer[0][1], host.api_key[0][1]
        token = host.token
        header, claims, _ = token.split(".")
        return (
            (),
            people["expired"].bearer,
            people["malformed"].bearer,
            self.bearer(self._known.tokens.choose(rng)),
            self.bearer(self._known.refresh_tokens.choose(rng)),
            self.bearer(self._known.livekit_tokens.choose(rng)),
            self.bearer("rubbish"),
            self.bearer(f"{header}.{claims}."),
            self.bearer(f"{_NO_ALGORITHM}.{claims}."),
            self.bearer(f"{token}x"),
            ((b"authorization", b"Bearer"),),
            ((b"authorization", b"Bearer "),),
            ((b"authorization", b""),),
            ((b"authorization", b"Basic aG9zdDpob3N0"),),
            ((b"authorization", token.encode()),),
            ((b"authorization", good.replace(b"Bearer", b"bEARER")),),
            ((b"authorization", good.replace(b" ", b"   ")),),
            ((b"authorization", b" " + good + b" "),),
            ((b"authorization", good.replace(b" ", b"\t")),),
            ((b"authorization", good), (b"authorization", good)),
            ((b"x-api-key", b"nobodys-key"),),
            ((b"x-api-key", b""),),
            ((b"x-api-key", b" " + key + b" "),),
            ((b"x-api-key", key.upper()),),
            ((b"x-api-key", b"\xe9\xff"),),
            ((b"x-api-key", key), (b"x-api-key", key)),
            (*viewer.bearer, *host.api_key),
            (*people["expired"].bearer, *host.api_key),
            (*host.bearer, (b"x-api-key", b"nobodys-key")),
            (*people["malformed"].bearer, (b"x-api-key", b"nobodys-key")),
            ((b"authorization", b"Basic aG9zdDpob3N0"), *host.api_key),
            ((b"authorization", b"nonsense"), *host.api_key),
        )

    @staticmethod
    def bearer(token: str) -> Headers:
        return ((b"authorization", f"Bearer {token}".encode()),)

    def method(self, draft: Draft) -> Draft:
        return replace(draft, method=self._rng.choice(_METHODS))

    def path(self, draft: Draft) -> Draft:
        paths = _LITERAL if self._rng.random() < 0.2 else _PATHS
        return replace(draft, path=self._rng.choice(paths))

    def host(self, draft: Draft) -> Draft:
        return replace(draft, host=self._rng.choice((b"studio.test", b"[::1]:8080", b"a.test:80")))

    def malformed_id(self, draft: Draft) -> Draft:
        return replace(draft, id=self._rng.choice(_NOT_IDS))

    def unknown_id(self, draft: Draft) -> Draft:
        return replace(draft, id=NOBODYS_ID)

    def spelling_of_id(self, draft: Draft) -> Draft:
        return replace(draft, id=draft.id.upper())

    def number(self, draft: Draft) -> Draft:
        name = self._rng.choice(sorted(draft.operation.parameters))
        others = tuple(each for each in draft.query if each[0] != name)
        return replace(draft, query=(*others, (name, self._rng.choice(_NUMBERS))))

    def query(self, draft: Draft) -> Draft:
        return replace(draft, raw_query=self._rng.choice(_QUERIES))

    def field(self, draft: Draft) -> Draft:
        fields = draft.operation.fields
        bounded = sorted(name for name in fields if _BOUNDS & fields[name].keys())
        some = bounded if bounded and self._rng.random() < 0.7 else sorted(fields)
        name = self._rng.choice(some)
        value = self._values.bad(draft.operation.fields[name])
        return replace(draft, value={**(draft.value or {}), name: value})

    def disputed(self, draft: Draft) -> Draft:
        fields = draft.operation.fields
        found = {name: self._values.disputed(schema) for name, schema in fields.items()}
        some = sorted(name for name, value in found.items() if value is not None)
        if not some:
            return self.field(draft)
        name = self._rng.choice(some)
        return replace(draft, value={**(draft.value or {}), name: found[name]})

    def missing_field(self, draft: Draft) -> Draft:
        value = dict(draft.value or {})
        if value:
            del value[self._rng.choice(sorted(value))]
        return replace(draft, value=value)

    def extra_field(self, draft: Draft) -> Draft:
        extra = self._rng.choice(("unknown", "id", "", "__proto__", "created_at"))
        return replace(
            draft, value={**(draft.value or {}), extra: self._rng.choice((None, 7, "x"))}
        )

    def odd_value(self, draft: Draft) -> Draft:
        """Write a value that JSON libraries read differently."""
        name = self._rng.choice(sorted(draft.operation.fields))
        rest = {key: value for key, value in (draft.value or {}).items() if key != name}
        text = json.dumps(rest, ensure_ascii=False).encode()
        comma = b", " if rest else b""
        odd = self._rng.choice(_ODD_JSON)
        return replace(draft, raw=b'%s%s"%s": %s}' % (text[:-1], comma, name.encode(), odd))

    def repeated_key(self, draft: Draft) -> Draft:
        name = self._rng.choice(sorted(draft.operation.fields))
        text = json.dumps(draft.value or {}, ensure_ascii=False).encode()
        comma = b", " if draft.value else b""
        return replace(draft, raw=b'{"%s": 7%s%s' % (name.encode(), comma, text[1:]))

    def media_type(self, draft: Draft) -> Draft:
        given = ((b"content-type", self._rng.choice(_MEDIA_TYPES)),)
        return replace(draft, media_type=self._rng.choice(((), given, given, given)))

    def not_json(self, draft: Draft) -> Draft:
        return replace(draft, raw=self._rng.choice(_NOT_JSON))

    def no_object(self, draft: Draft) -> Draft:
        return replace(draft, raw=self._rng.choice(_NO_OBJECTS))

    def no_body(self, draft: Draft) -> Draft:
        draft = replace(draft, value=None, raw=self._rng.choice((None, b"")))
        return self.media_type(draft) if self._rng.random() < 0.5 else draft

    def needless_body(self, draft: Draft) -> Draft:
        draft = replace(draft, raw=self._rng.choice((b"{}", b"\xff{", b'{"enabled": 7}')))
        return self.media_type(draft) if self._rng.random() < 0.5 else draft

    def framing(self, draft: Draft) -> Draft:
        return replace(draft, framing=self._rng.choice(("parts", "chunked")))

    @staticmethod
    def long(draft: Draft, size: int) -> Draft:
        """Let white space make the body so many bytes long."""
        text = json.dumps(draft.value or {}, ensure_ascii=False).encode()
        return replace(draft, raw=text.ljust(size))
