from __future__ import annotations

import re
import subprocess
import sys

import pytest
from faker import Faker
from hypothesis import given
from hypothesis import strategies as st

from mock_server import realism
from mock_server.domain.identity import derive_bytes, derive_number
from mock_server.realism.words import BRAND_COLOURS, GUEST_NAMES, ROOM_TITLES, TALKS


def everyone(seed: int) -> dict[str, realism.Person]:
    return realism.people(seed, {locale: locale for locale in realism.LOCALES})


def test_each_locale_gives_a_name_and_a_mailbox() -> None:
    for locale, person in everyone(1).items():
        assert 2 <= len(person.name) <= 50, locale
        assert re.fullmatch(r"[a-z0-9]+(\.[a-z0-9]+)*", person.mailbox), locale


def test_names_come_in_more_than_ascii() -> None:
    names = [person.name for person in everyone(1).values()]

    assert sum(not name.isascii() for name in names) > 10


@pytest.mark.parametrize("locale", realism.LOCALES)
def test_names_are_those_that_faker_gives_by_its_front_door(locale: str) -> None:
    fake = Faker(locale, providers=["faker.providers.person"])
    for seed in range(5):
        fake.seed_instance(derive_number(seed, "person", "ada", below=1 << 32))
        female = derive_bytes(seed, "sex", "ada")[0] % 2 == 0
        given = fake.first_name_female() if female else fake.first_name_male()
        family = fake.last_name_female() if female else fake.last_name_male()

        name = realism.people(seed, {"ada": locale})["ada"].name

        between = realism._FAMILY_FIRST.get(locale)
        assert name == (f"{given} {family}" if between is None else family + between + given)


def test_japanese_names_have_their_japanese_reading() -> None:
    person = realism.people(1, {"a": "ja_JP"})["a"]

    assert person == realism.Person("伊藤 知実", "satomi.ito")


def test_a_person_depends_on_the_seed_and_the_id_and_not_on_the_company() -> None:
    alone = realism.people(7, {"b": "de_DE"})["b"]
    among_others = realism.people(7, {"a": "de_DE", "b": "de_DE", "c": None})

    assert among_others["b"] == alone
    assert realism.people(8, {"b": "de_DE"})["b"] != alone
    assert among_others["a"] != alone


def test_any_locale_will_do_where_none_is_asked_for() -> None:
    people = realism.people(1, {str(number): None for number in range(30)})

    assert len({person.name for person in people.values()}) == 30


@given(st.text(max_size=50))
def test_every_name_has_a_mailbox(name: str) -> None:
    assert re.fullmatch(r"[a-z0-9]+(\.[a-z0-9]+)*", realism.mailbox(name))


@given(st.text(max_size=50), st.uuids().map(str))
def test_every_guest_has_an_address_of_a_valid_length(name: str, user_id: str) -> None:
    local, _, domain = realism.guest_email(realism.mailbox(name), user_id).partition("@")

    assert re.fullmatch(r"[a-z0-9]+(\.[a-z0-9]+)*", local)
    assert len(local) <= 64
    assert domain == "guests.greenroom.test"


@pytest.mark.parametrize(
    ("name", "mailbox"),
    [
        ("Zoë O'Neill-Ławska", "zoe.oneill.lawska"),
        ("Łukasz", "lukasz"),
        ("🌿", "someone"),
        ("", "someone"),
    ],
)
def test_a_mailbox_is_the_name_in_plain_letters(name: str, mailbox: str) -> None:
    assert realism.mailbox(name) == mailbox


@pytest.mark.parametrize("topic", list(TALKS))
def test_a_topic_is_used_up_before_a_talk_comes_again(topic: realism.Topic) -> None:
    size = len(TALKS[topic])
    talks = [realism.talk(3, topic, number) for number in range(size)]

    assert len({talk.title for talk in talks}) == size
    again = realism.talk(3, topic, size)
    assert again.title == f"{talks[0].title}, part 2"


def test_another_seed_deals_the_talks_in_another_order() -> None:
    def titles(seed: int) -> list[str]:
        return [realism.talk(seed, "lectures", number).title for number in range(12)]

    assert titles(1) == titles(1)
    assert titles(1) != titles(2)


def test_every_word_the_mock_says_fits_the_contract() -> None:
    for talks in TALKS.values():
        for title, description in talks:
            assert 3 <= len(title) <= 240
            assert description.endswith((".", "。", "”", "!"))
    assert all(3 <= len(title) <= 255 for titles in ROOM_TITLES.values() for title in titles)
    assert all(1 <= len(name) <= 50 for name in GUEST_NAMES)
    assert len(set(GUEST_NAMES)) == len(GUEST_NAMES)


def test_guests_differ_until_the_names_are_used_up() -> None:
    names = [realism.guest_name(5, number) for number in range(len(GUEST_NAMES))]

    assert sorted(names) == sorted(GUEST_NAMES)


def test_rooms_have_titles_of_their_own_even_when_there_are_many() -> None:
    titles = [realism.room_title(5, "lectures", number) for number in range(9)]

    assert len(set(titles)) == 9


@pytest.mark.parametrize("colour", BRAND_COLOURS)
def test_white_text_can_be_read_on_a_brand_colour(colour: str) -> None:
    # WCAG 2.2, relative luminance and contrast ratio; AA asks for 4.5.
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    assert 1.05 / (luminance + 0.05) >= 4.5


def test_a_container_id_looks_like_google_tag_managers() -> None:
    assert re.fullmatch(r"GTM-[A-Z0-9]{7}", realism.container_id(1, "room"))


def test_faker_is_only_imported_when_a_name_is_asked_for() -> None:
    code = (
        "import sys, mock_server.realism as r;"
        "r.talk(1, 'launches', 1); r.mailbox('Zoë'); r.preset_name(1, 'x');"
        "print('faker' in sys.modules); r.people(1, {'a': 'en_GB'}); print('faker' in sys.modules)"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert told.stdout.split() == ["False", "True"]
