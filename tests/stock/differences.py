"""Why stock connexion answers otherwise: every class of difference, with its sentence.

A class holds for what is known of the request and for what the two answered, never for the words
of our own refusals. Where both have something to refuse, the class is of what came first.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from exchange import Reply, Request
from side_by_side import Exchange

_BASE = "/v1/webinar"
_ID = re.compile(rf"{_BASE}/(?:rooms|sessions|presets)/([^/]+)(?:/[a-z_]+)?")
_LITERAL = (f"{_BASE}/rooms/my", f"{_BASE}/sessions/live", f"{_BASE}/sessions/stats")
_OPTIONAL_BODY = ("/host_video_state", "/host_audio_state")
_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_INTEGER = re.compile(r"-?[0-9]{1,1000}", re.ASCII)
_EMAIL = re.compile(r"[^@\s]+@[a-z0-9]+(\.[a-z0-9]+)+")
_LEAP_SECOND = re.compile(r"T23:59:60", re.IGNORECASE)
_MIB = 1 << 20


@dataclass(frozen=True)
class Difference:
    """A class: what it is called, why it is so, and which exchanges are of it."""

    name: str
    sentence: str
    explains: Callable[[Exchange], bool]


def explanation(exchange: Exchange) -> Difference | None:
    """Return the first class a difference belongs to, None where nothing explains it."""
    return next((each for each in DIFFERENCES if each.explains(exchange)), None)


def _problem_document(each: Exchange) -> bool:
    return (
        each.ours.status == each.theirs.status
        and each.ours.status in {400, 401, 404, 405, 415}
        and each.ours.refuses_in_envelope
        and each.theirs.refuses_as_connexion
        and each.our_changes == each.their_changes
    )


def _schema_is_400(each: Exchange) -> bool:
    return (
        _statuses(each) == (422, 400)
        and each.ours.refuses_in_envelope
        and _detail(each.theirs) != "RequestBody is required"
        and _reads(each.request)
    )


def _head_with_body(each: Exchange) -> bool:
    return (
        each.request.method == "HEAD"
        and each.ours.status == each.theirs.status
        and not each.ours.content
        and each.our_changes == each.their_changes
    )


def _options_refused(each: Exchange) -> bool:
    return each.request.method == "OPTIONS" and _statuses(each) == (204, 405)


def _slash_redirected(each: Exchange) -> bool:
    there = (each.theirs.header(b"location") or b"").decode()
    path = each.request.path
    other = path.rstrip("/") if path.endswith("/") else f"{path}/"
    return _statuses(each) == (404, 307) and there.partition("?")[0].endswith(other)


def _literal_taken_for_id(each: Exchange) -> bool:
    return each.request.path in _LITERAL and each.ours.status == 405 and each.theirs.status >= 400


def _id_unchecked(each: Exchange) -> bool:
    found = _ID.fullmatch(each.request.path)
    malformed = found is not None and not _UUID.fullmatch(found[1])
    return malformed and each.ours.status == 400 and each.theirs.status >= 400


def _number_spelt_as_in_python(each: Exchange) -> bool:
    # Of several values stock takes the last.
    last = dict(_paging(each.request)).values()
    odd = [value for value in last if not _INTEGER.fullmatch(value) and _python_reads(value)]
    return bool(odd) and each.ours.status == 400


def _parameter_repeated(each: Exchange) -> bool:
    names = [name for name, _ in _paging(each.request)]
    return len(names) > len(set(names)) and each.ours.status == 400


def _credentials_repeated(each: Exchange) -> bool:
    request = each.request
    most = max(len(request.all(name)) for name in (b"authorization", b"x-api-key"))
    return most > 1 and each.ours.status == 401


def _tab_after_bearer(each: Exchange) -> bool:
    given = (each.request.header(b"authorization") or b"").strip().lower()
    return given.startswith(b"bearer\t") and each.ours.status == 401


def _media_type_missing(each: Exchange) -> bool:
    missing = not each.request.header(b"content-type")
    return missing and bool(each.request.content) and each.ours.status == 415


def _media_type_spelling(each: Exchange) -> bool:
    written = (each.request.header(b"content-type") or b"").partition(b";")[0]
    meant = written.strip().lower() == b"application/json" != written
    unread = each.theirs.status in {415, 500} or each.ours.status in {400, 422}
    return meant and unread and each.ours.status != 415


def _needless_body_read(each: Exchange) -> bool:
    given = (each.request.header(b"content-type") or b"").partition(b";")[0]
    fails = b"/" not in given and each.theirs.status == 500
    refuses = _detail(each.theirs) == "Invalid multipart data."
    # Where ours takes a body it would have refused it for its type.
    return bool(each.request.content) and (fails or refuses) and each.ours.status != 415


def _media_type_of_no_body(each: Exchange) -> bool:
    return not each.request.content and each.theirs.status == 415


def _charset_obeyed(each: Exchange) -> bool:
    given = (each.request.header(b"content-type") or b"").lower()
    charset = given.partition(b"charset=")[2]
    return charset not in {b"", b"utf-8"} and each.theirs.status in {400, 500}


def _chunked_body_missed(each: Exchange) -> bool:
    untold = bool(each.request.content) and not each.request.all(b"content-length")
    return untold and _detail(each.theirs) == "RequestBody is required"


def _optional_body_demanded(each: Exchange) -> bool:
    optional = each.request.path.endswith(_OPTIONAL_BODY) and not each.request.content
    return optional and _detail(each.theirs) == "Request body must not be empty"


def _body_unlimited(each: Exchange) -> bool:
    return len(each.request.content) > _MIB and each.ours.status == 413


def _unreadable_is_500(each: Exchange) -> bool:
    try:
        each.request.json()
    except (UnicodeDecodeError, RecursionError):
        return _statuses(each) == (400, 500)
    except ValueError:
        return False
    return False


def _more_than_json(each: Exchange) -> bool:
    try:
        read = json.loads(each.request.content.decode(), parse_int=float)
        json.dumps(read, ensure_ascii=False, allow_nan=False).encode()
    except RecursionError:
        return False
    except ValueError:
        # Read as JSON, and can't be written as JSON in UTF-8.
        return _reads(each.request) and each.ours.status == 400
    return False


def _uuid_unchecked(each: Exchange) -> bool:
    value = _field(each.request, "preset_id")
    malformed = isinstance(value, str) and not _UUID.fullmatch(value)
    return malformed and each.ours.status == 422 and each.theirs.refuses_in_envelope


def _email_unchecked(each: Exchange) -> bool:
    value = _field(each.request, "email")
    malformed = isinstance(value, str) and "@" in value and not _EMAIL.fullmatch(value)
    return malformed and _statuses(each) == (422, 401)


def _colour_with_newline(each: Exchange) -> bool:
    value = str(_field(each.request, "primary_color"))
    return value.endswith("\n") and each.ours.status == 422


def _leap_second(each: Exchange) -> bool:
    value = str(_field(each.request, "scheduled_start_time"))
    refused = each.theirs.status == 400 and "is not a 'date-time'" in _detail(each.theirs)
    return refused and _LEAP_SECOND.search(value) is not None


def _statuses(each: Exchange) -> tuple[int, int]:
    return each.ours.status, each.theirs.status


def _detail(reply: Reply) -> str:
    return str(reply.json["detail"]) if reply.refuses_as_connexion else ""


def _body(request: Request) -> Any:
    try:
        return request.json()
    except (ValueError, RecursionError):
        return None


def _field(request: Request, name: str) -> Any:
    body = _body(request)
    return body.get(name) if isinstance(body, dict) else None


def _reads(request: Request) -> bool:
    try:
        request.json()
    except (ValueError, RecursionError):
        return False
    return True


def _paging(request: Request) -> list[tuple[str, str]]:
    given = parse_qsl(request.query.decode("latin-1"), keep_blank_values=True)
    return [(name, value) for name, value in given if name in {"page", "limit"}]


def _python_reads(value: str) -> bool:
    try:
        int(value)
    except ValueError:
        return False
    return True


DIFFERENCES = (
    Difference(
        "problem-document",
        "Both refuse with the same status. connexion says it as a problem document (RFC 9457); the "
        "contract has one envelope for every refusal, of whatever layer.",
        _problem_document,
    ),
    Difference(
        "chunked-body-missed",
        "connexion takes a required body without a `Content-Length` for missing (400). HTTP/1.1 "
        "allows to send one in chunks, so ours reads what arrives.",
        _chunked_body_missed,
    ),
    Difference(
        "optional-body-demanded",
        "The contract says `required: false` for the host's switches; connexion lets the body be "
        "left out only where its schema is nullable (400).",
        _optional_body_demanded,
    ),
    Difference(
        "schema-is-400",
        "connexion answers 400 to a body that breaks its schema; in the contract 400 is for what "
        "can't be read and 422 for what was read and breaks a rule.",
        _schema_is_400,
    ),
    Difference(
        "id-unchecked",
        "connexion checks no `format: uuid` in a path, so a malformed id is looked up and not "
        "found, or refused for something later; the contract answers 400.",
        _id_unchecked,
    ),
    Difference(
        "slash-redirected",
        "Starlette redirects `/rooms/` to `/rooms` (307); the contract has no such path (404).",
        _slash_redirected,
    ),
    Difference(
        "options-refused",
        "connexion answers 405 to OPTIONS; the contract answers with the complete `Allow`.",
        _options_refused,
    ),
    Difference(
        "head-with-body",
        "HEAD is GET without the body. Starlette leaves it to the HTTP server to drop the body; "
        "ours does not hand it over.",
        _head_with_body,
    ),
    Difference(
        "literal-taken-for-id",
        "Where `/sessions/live` lacks a method that `/sessions/{id}` has, Starlette serves the "
        "latter with `live` for an id; the contract's path is there, so it is 405.",
        _literal_taken_for_id,
    ),
    Difference(
        "number-spelt-as-in-python",
        "connexion reads numbers of the query with Python's `int`, which takes spaces, `+1`, "
        "`1_0`, digits of any script and thousands of them; ours takes `-?[0-9]+`, up to 1,000 "
        "digits.",
        _number_spelt_as_in_python,
    ),
    Difference(
        "parameter-repeated",
        "Of a parameter given twice connexion takes the last; ours refuses to choose (400).",
        _parameter_repeated,
    ),
    Difference(
        "credentials-repeated",
        "Of a credential header sent twice connexion takes the first; ours refuses to choose "
        "(401).",
        _credentials_repeated,
    ),
    Difference(
        "tab-after-bearer",
        "connexion splits `Authorization` at any white space; RFC 9110 has spaces there, no tab.",
        _tab_after_bearer,
    ),
    Difference(
        "media-type-missing",
        "A body without a `Content-Type` is JSON to connexion's validation and nothing to its "
        "handlers, which fails (500) where the body is required; the contract answers 415.",
        _media_type_missing,
    ),
    Difference(
        "media-type-spelling",
        "`Application/JSON` or a space before it is `application/json` to RFC 9110 and to ours. "
        "connexion refuses the space (415), and with capitals skips the body's schema or fails "
        "(500).",
        _media_type_spelling,
    ),
    Difference(
        "needless-body-read",
        "connexion reads a body by its `Content-Type` where the operation takes none, refuses what "
        "is no multipart form (400) and fails at a type without a slash (500); ours ignores it.",
        _needless_body_read,
    ),
    Difference(
        "media-type-of-no-body",
        "connexion refuses a wrong `Content-Type` where there is no body to have it (415); the "
        "contract tells that the body is missing (400), or goes on where it may be.",
        _media_type_of_no_body,
    ),
    Difference(
        "charset-obeyed",
        "connexion decodes a body by the `charset` it is sent with and fails at an unknown one "
        "(500); JSON has no charset parameter (RFC 8259), so ours reads UTF-8.",
        _charset_obeyed,
    ),
    Difference(
        "body-unlimited",
        "connexion reads bodies of any size; the contract's limit is 1 MiB (413).",
        _body_unlimited,
    ),
    Difference(
        "unreadable-is-500",
        "Bytes that are not UTF-8, and JSON nested thousands deep, are a server error in "
        "connexion; the contract answers 400.",
        _unreadable_is_500,
    ),
    Difference(
        "more-than-json",
        "Python's `json` reads NaN, Infinity, numbers beyond a double and halves of surrogate "
        "pairs; none can be answered in JSON again, so ours refuses them (400).",
        _more_than_json,
    ),
    Difference(
        "uuid-unchecked",
        "connexion checks no `format: uuid` in a body: `preset_id` then comes to the handler; "
        "the contract answers 422 before it looks at the room.",
        _uuid_unchecked,
    ),
    Difference(
        "email-unchecked",
        "For connexion any text with an @ is an email address, and the sign-in fails (401); ours "
        "checks the format (422).",
        _email_unchecked,
    ),
    Difference(
        "colour-with-newline",
        "`$` of Python's regular expressions also matches before a newline at the end; that of "
        "ECMA 262, which JSON Schema means, does not (422).",
        _colour_with_newline,
    ),
    Difference(
        "leap-second",
        "RFC 3339 has leap seconds, with fractions too; connexion's format check knows them not "
        "(400).",
        _leap_second,
    ),
)
