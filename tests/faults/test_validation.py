from __future__ import annotations

import pytest

fault = pytest.mark.fault
JSON = {"Content-Type": "application/json"}


def room(mock, **body):
    return mock.status("POST", "/rooms", by="host", json={"title": "Launch", **body})


def settings(mock, limit):
    path = f"/sessions/{mock.session()}/settings"
    return mock.status("PATCH", path, by="host", json={"max_join_limit": limit})


@fault("room-title-of-256")
def test_a_title_has_at_most_255_characters(judge):
    def statuses(mock):
        return [room(mock, title="x" * length) for length in (255, 256, 257)]

    judge(statuses, right=[201, 422, 422], wrong=[201, 201, 422])


@fault("room-title-of-2")
def test_a_title_has_at_least_3_characters(judge):
    def statuses(mock):
        return [room(mock, title="x" * length) for length in (1, 2, 3)]

    judge(statuses, right=[422, 422, 201], wrong=[422, 201, 201])


@fault("room-title-of-255-refused")
def test_a_title_may_have_255_characters(judge):
    def statuses(mock):
        return [room(mock, title="x" * length) for length in (254, 255, 256)]

    judge(statuses, right=[201, 201, 422], wrong=[201, 422, 422])


@fault("viewer-name-of-51")
def test_a_display_name_has_at_most_50_characters(judge):
    def statuses(mock):
        path = "/auth/viewer/register"
        return [mock.status("POST", path, json={"display_name": "x" * n}) for n in (50, 51, 52)]

    judge(statuses, right=[201, 422, 422], wrong=[201, 201, 422])


@fault("settings-limit-of-10001")
def test_a_join_limit_is_at_most_10000(judge):
    def statuses(mock):
        return [settings(mock, limit) for limit in (10_000, 10_001, 10_002)]

    judge(statuses, right=[200, 422, 422], wrong=[200, 200, 422])


@fault("settings-limit-of-0-refused")
def test_a_join_limit_of_0_is_one(judge):
    def statuses(mock):
        return [settings(mock, limit) for limit in (-1, 0, 1)]

    judge(statuses, right=[422, 200, 200], wrong=[422, 422, 200])


@fault("preset-limit-of-6-on-change")
def test_a_changed_preset_lets_5_in(judge):
    def statuses(mock):
        path = f"/presets/{mock.preset()}"
        limits = ({"max_join_limit": limit} for limit in (5, 6, 7))
        return [mock.status("PATCH", path, by="host", json=body) for body in limits]

    judge(statuses, right=[200, 422, 422], wrong=[200, 200, 422])


@fault("preset-of-any-colour")
def test_a_colour_is_six_digits(judge):
    def statuses(mock):
        bodies = ({"name": "Any", "type": "whip", "primary_color": c} for c in ("red", "#123abc"))
        return [mock.status("POST", "/presets", by="host", json=body) for body in bodies]

    judge(statuses, right=[422, 201], wrong=[201, 201])


@fault("title-not-required")
def test_a_room_needs_a_title(judge):
    def statuses(mock):
        return [mock.status("POST", "/rooms", by="host", json=b) for b in ({}, {"title": "x"})]

    judge(statuses, right=[422, 422], wrong=[201, 422])


@fault("null-accepted")
def test_null_is_no_description(judge):
    def statuses(mock):
        return [room(mock, description=value) for value in (None, 5, "Ours")]

    judge(statuses, right=[422, 422, 201], wrong=[201, 422, 201])


@fault("array-body-accepted")
def test_an_array_is_no_change(judge):
    def statuses(mock):
        path = f"/rooms/{mock.room()}"
        return [mock.status("PATCH", path, by="host", json=body) for body in ([], 5, {})]

    judge(statuses, right=[422, 422, 200], wrong=[200, 422, 200])


@fault("unknown-fields-refused")
def test_an_unknown_field_is_ignored(judge):
    def statuses(mock):
        return room(mock, colour="red"), room(mock)

    judge(statuses, right=(201, 201), wrong=(422, 201))


@fault("unknown-parameters-refused")
def test_an_unknown_parameter_is_ignored(judge):
    def statuses(mock):
        queries = ("sort=title", "page=1&limit=5", "page=0&sort=title")
        return [mock.status("GET", f"/rooms?{query}") for query in queries]

    judge(statuses, right=[200, 200, 400], wrong=[400, 200, 400])


@fault("invalid-body-is-400")
def test_a_body_against_its_schema_is_422(judge):
    def status(mock):
        return room(mock, title=5)

    judge(status, right=422, wrong=400)


@fault("bad-json-is-500")
def test_a_body_that_is_no_json_is_400(judge):
    def statuses(mock):
        bodies = (b"{", b"")
        return [mock.status("POST", "/rooms", by="host", content=b, headers=JSON) for b in bodies]

    judge(statuses, right=[400, 400], wrong=[500, 400])


@fault("missing-body-is-422")
def test_a_missing_body_is_400(judge):
    def statuses(mock):
        bodies = (b"", b"{")
        return [mock.status("POST", "/rooms", by="host", content=b, headers=JSON) for b in bodies]

    judge(statuses, right=[400, 400], wrong=[422, 400])


@fault("any-content-type-accepted")
def test_a_body_says_that_it_is_json(judge):
    def statuses(mock):
        types = ({"Content-Type": "text/plain"}, {}, JSON)
        body = b'{"title": "Launch"}'
        return [mock.status("POST", "/rooms", by="host", content=body, headers=t) for t in types]

    judge(statuses, right=[415, 415, 201], wrong=[201, 201, 201])


@fault("body-limit-of-64-kib")
def test_a_body_may_have_a_mebibyte(judge):
    def statuses(mock):
        return [room(mock, description="x" * size) for size in (60_000, 70_000, 1_100_000)]

    judge(statuses, right=[201, 201, 413], wrong=[201, 413, 413])


@fault("malformed-id-is-404")
def test_a_malformed_id_is_400(judge):
    def statuses(mock):
        unknown = "00000000-0000-4000-8000-000000000000"
        return [mock.status("GET", f"/rooms/{each}") for each in ("nonsense", unknown)]

    judge(statuses, right=[400, 404], wrong=[404, 404])


@fault("message-names-one-field")
def test_a_message_names_each_wrong_field(judge):
    def named(mock):
        body = {"title": 5, "description": 5}
        message = mock.send("POST", "/rooms", by="host", json=body).json()["message"]
        return [name in message for name in body]

    judge(lambda mock: all(named(mock)), right=True, wrong=False)


@fault("ids-in-lower-case-only")
def test_an_id_is_known_in_either_case(judge):
    def statuses(mock):
        made = mock.room()
        return [mock.status("GET", f"/rooms/{each}") for each in (made.upper(), made)]

    judge(statuses, right=[200, 200], wrong=[404, 200])


def made(mock, path, **body):
    return mock.status("POST", path, by="host", json=body)


@fault("session-title-of-256")
def test_a_sessions_title_has_at_most_255_characters(judge):
    def statuses(mock):
        path, preset = f"/rooms/{mock.room()}/sessions", mock.preset()
        return [made(mock, path, title="x" * n, preset_id=preset) for n in (255, 256, 257)]

    judge(statuses, right=[201, 422, 422], wrong=[201, 201, 422])


@fault("preset-without-a-name")
def test_a_preset_has_a_name(judge):
    def status(mock):
        return made(mock, "/presets", name="", type="rtmp", primary_color="#123456")

    judge(status, right=422, wrong=201)


@fault("preset-limit-of-101")
def test_a_new_preset_lets_at_most_100_in(judge):
    def statuses(mock):
        fields = {"name": "Small", "type": "rtmp", "primary_color": "#123456"}
        return [made(mock, "/presets", **fields, max_join_limit=n) for n in (100, 101, 102)]

    judge(statuses, right=[201, 422, 422], wrong=[201, 201, 422])


@fault("room-renamed-to-2-characters")
def test_a_changed_title_has_at_least_3_characters(judge):
    def statuses(mock):
        path = f"/rooms/{mock.room()}"
        return [mock.status("PATCH", path, by="host", json={"title": "x" * n}) for n in (1, 2, 3)]

    judge(statuses, right=[422, 422, 200], wrong=[422, 200, 200])


def charsets(more):
    def statuses(mock):
        return [
            mock.status(
                "POST",
                "/rooms",
                by="host",
                content=b'{"title": "Hall"}',
                headers={"Content-Type": f"application/json{each}"},
            )
            for each in more
        ]

    return statuses


@fault("charset-refused")
def test_a_charset_may_follow(judge):
    judge(charsets(("", "; charset=utf-8")), right=[201, 201], wrong=[201, 415])


@fault("space-before-charset-refused")
def test_a_charset_may_follow_a_space(judge):
    both = charsets(("; charset=utf-8", " ; charset=utf-8"))
    judge(both, right=[201, 201], wrong=[201, 415])


@fault("needless-body-refused")
def test_a_needless_body_is_ignored(judge):
    def statuses(mock):
        bodies = ({}, {"json": {"why": "late"}})
        paths = [f"/sessions/{mock.live()}/end" for _ in bodies]
        asked = zip(paths, bodies, strict=True)
        return [mock.status("POST", path, by="host", **body) for path, body in asked]

    judge(statuses, right=[200, 200], wrong=[200, 400])


@fault("repeated-field-is-500")
def test_a_repeated_field_is_answered(judge):
    def statuses(mock):
        bodies = (
            b'{"title": "One hall", "title": "Another hall"}',
            b'{"title": "Hall", "analytics": {"a": 1, "a": 2}}',
            b'{"title": "Hall"}',
            b'{"title": "Hall",',
        )
        media_type = {"Content-Type": "application/json"}
        return [
            mock.status("POST", "/rooms", by="host", content=body, headers=media_type)
            for body in bodies
        ]

    judge(statuses, right=[201, 201, 201, 400], wrong=[500, 500, 201, 400])
