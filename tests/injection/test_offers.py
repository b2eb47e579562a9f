from __future__ import annotations

from mock_server.injection.offers import one_of, read_offers


def test_every_operation_offers_what_the_contract_gives_it(contract, offers):
    assert len(offers) == sum(
        "operationId" in each for methods in contract["paths"].values() for each in methods.values()
    )
    join = offers["join_session"]
    assert list(join.responses) == [200, 400, 401, 404, 409, 429, 503]
    assert list(join.responses[409].examples) == ["scheduled", "ended", "full"]
    assert join.responses[429].headers == {"Retry-After": "5"}
    assert "WWW-Authenticate" in join.responses[401].headers


def test_only_operations_on_a_session_have_one_in_their_path(offers):
    of_a_session = {name for name, each in offers.items() if each.in_session}
    assert {"get_session", "join_session", "stream_health"} <= of_a_session
    assert not of_a_session & {"list_sessions", "create_session", "login", "get_room"}


def test_ranges_of_statuses_offer_nothing():
    document = {
        "paths": {
            "/x": {"get": {"operationId": "x", "responses": {"4XX": {}, "default": {}, "200": {}}}}
        }
    }
    assert list(read_offers(document)["x"].responses) == [200]


def test_choices_read_as_in_a_sentence():
    assert one_of([]) == ""
    assert one_of([429]) == "`429`"
    assert one_of(["a", "b", "c"]) == "`a`, `b` or `c`"
    assert one_of(["a", "b"], last="and") == "`a` and `b`"
