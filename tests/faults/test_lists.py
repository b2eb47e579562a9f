from __future__ import annotations

import pytest

fault = pytest.mark.fault


def rooms(mock, count):
    made = []
    for _ in range(count):
        made.append(mock.room())
        mock.clock.advance(seconds=1)
    return made[::-1]


def page(mock, number, limit, path="/rooms"):
    data = mock.data("GET", f"{path}?page={number}&limit={limit}", by="host")
    return [room["id"] for room in data["rooms"]]


@fault("total-is-page-length")
def test_the_total_counts_all_rows(judge):
    def total(mock):
        rooms(mock, 3)
        return mock.data("GET", "/rooms?limit=2")["total"]

    judge(total, right=3, wrong=2)


@fault("oldest-first")
def test_the_newest_row_is_first(judge):
    def position(mock):
        made = rooms(mock, 3)
        return [made.index(row) for row in page(mock, 1, 2)]

    judge(position, right=[0, 1], wrong=[2, 1])


@fault("limit-ignored")
def test_a_page_holds_as_many_rows_as_asked_for(judge):
    def length(mock):
        rooms(mock, 3)
        return len(page(mock, 1, 2))

    judge(length, right=2, wrong=3)


@fault("pages-overlap")
def test_no_row_is_on_two_pages(judge):
    def seen(mock):
        made = rooms(mock, 5)
        return [made.index(row) for number in (1, 2) for row in page(mock, number, 2)]

    judge(seen, right=[0, 1, 2, 3], wrong=[0, 1, 1, 2])


@fault("pages-skip-a-row")
def test_no_row_is_on_no_page(judge):
    def seen(mock):
        made = rooms(mock, 5)
        return [made.index(row) for number in (1, 2) for row in page(mock, number, 2)]

    judge(seen, right=[0, 1, 2, 3], wrong=[0, 1, 3, 4])


@fault("page-past-the-end-is-404")
def test_a_page_past_the_end_is_there(judge):
    def status(mock):
        return mock.status("GET", "/rooms?page=2"), mock.status("GET", "/rooms")

    judge(status, right=(200, 200), wrong=(404, 200))


@fault("last-page-repeats")
def test_a_page_past_the_end_is_empty(judge):
    def lengths(mock):
        rooms(mock, 3)
        return [len(page(mock, number, 2)) for number in (1, 2, 3)]

    judge(lengths, right=[2, 1, 0], wrong=[2, 1, 1])


@fault("page-not-echoed")
def test_a_page_says_its_number(judge):
    def number(mock):
        return mock.data("GET", "/rooms?page=3")["page"]

    judge(number, right=3, wrong=1)


@fault("limit-of-101-accepted")
def test_the_limit_is_at_most_100(judge):
    def statuses(mock):
        return [mock.status("GET", f"/rooms?limit={limit}") for limit in (0, 100, 101)]

    judge(statuses, right=[400, 200, 400], wrong=[400, 200, 200])


@fault("page-of-zero-accepted")
def test_the_page_is_at_least_1(judge):
    def statuses(mock):
        return [mock.status("GET", f"/rooms?page={page}") for page in (-1, 0, 1)]

    judge(statuses, right=[400, 400, 200], wrong=[400, 200, 200])


@fault("default-limit-of-20")
def test_a_page_holds_ten_rows_by_default(judge):
    def length(mock):
        rooms(mock, 12)
        return len(mock.data("GET", "/rooms")["rooms"])

    judge(length, right=10, wrong=12)


@fault("my-rooms-are-everyones")
def test_my_rooms_are_mine(judge):
    def count(mock):
        mock.room()
        mock.room(by="other_host")
        return len(page(mock, 1, 9, "/rooms/my"))

    judge(count, right=1, wrong=2)


@fault("live-list-shows-all")
def test_the_live_list_holds_live_sessions(judge):
    def statuses(mock):
        mock.live()
        mock.session()
        found = mock.data("GET", "/sessions/live")["sessions"]
        return sorted(session["status"] for session in found)

    judge(statuses, right=["live"], wrong=["live", "scheduled"])


@fault("limit-of-100-refused")
def test_the_limit_may_be_100(judge):
    def statuses(mock):
        return [mock.status("GET", f"/rooms?limit={limit}") for limit in (99, 100)]

    judge(statuses, right=[200, 200], wrong=[200, 400])


@fault("own-rooms-upside-down")
def test_own_rooms_come_newest_first(judge):
    def seen(mock):
        made = []
        for _ in range(3):
            made.insert(0, mock.room())
            mock.clock.advance(seconds=1)
        lists = [mock.data("GET", path, by="host")["rooms"] for path in ("/rooms/my", "/rooms")]
        return [[made.index(row["id"]) for row in rows] for rows in lists]

    judge(seen, right=[[0, 1, 2], [0, 1, 2]], wrong=[[2, 1, 0], [0, 1, 2]])


@fault("empty-page-is-the-first")
def test_an_empty_page_is_malformed(judge):
    def statuses(mock):
        return [mock.status("GET", f"/rooms?{query}") for query in ("page=", "page=1&limit=")]

    judge(statuses, right=[400, 400], wrong=[200, 200])


@fault("repeated-limit-accepted")
def test_a_repeated_limit_is_malformed(judge):
    def statuses(mock):
        return [mock.status("GET", f"/rooms?{query}") for query in ("limit=2&limit=3", "limit=2")]

    judge(statuses, right=[400, 200], wrong=[200, 200])


@fault("live-total-counts-all")
def test_the_live_total_counts_live_ones(judge):
    def total(mock):
        mock.session()
        mock.live()
        return mock.data("GET", "/sessions/live")["total"]

    judge(total, right=1, wrong=2)


@fault("own-rooms-for-hosts-only")
def test_a_viewer_has_a_list_of_no_rooms(judge):
    def statuses(mock):
        return [mock.status("GET", "/rooms/my", by=caller) for caller in ("viewer", "host")]

    judge(statuses, right=[200, 200], wrong=[403, 200])
