"""Names, words and colours of a product that could exist, as functions of (seed, id).

People's names come from Faker, which is imported when the first is asked for: it costs more than
the rest of a world. Everything else is written by hand, for no generator writes what a host would.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, TypeVar
from unicodedata import combining, normalize

from mock_server.domain.identity import derive_base57, derive_bytes, derive_number
from mock_server.realism.words import (
    BRAND_COLOURS,
    GUEST_NAMES,
    PRESET_NAMES,
    ROOM_TITLES,
    TALKS,
    Topic,
)

if TYPE_CHECKING:
    from faker.providers.person import Provider

T = TypeVar("T")

# The languages of names a seed file may ask for.
LOCALES = (
    *("bn_BD", "cs_CZ", "da_DK", "de_CH", "de_DE", "el_GR", "en_GB", "en_IE", "en_IN", "en_KE"),
    *("en_NG", "en_US", "es_ES", "es_MX", "fi_FI", "fr_CA", "fr_FR", "he_IL", "hi_IN", "hu_HU"),
    *("it_IT", "ja_JP", "ko_KR", "nl_NL", "no_NO", "pl_PL", "pt_BR", "pt_PT", "ro_RO", "sv_SE"),
    *("tr_TR", "uk_UA", "vi_VN", "zh_CN"),
)
# Few, because each locale that is used costs time at the start.
_USUAL_LOCALES = ("en_GB", "de_DE", "es_ES", "fr_FR", "pt_BR", "sv_SE", "ja_JP", "en_IN")
_FAMILY_FIRST = {"hu_HU": " ", "ja_JP": " ", "vi_VN": " ", "ko_KR": "", "zh_CN": ""}


@dataclass(frozen=True, slots=True)
class Person:
    """Hold a name as its bearer writes it, and the part of an email address made from it."""

    name: str
    mailbox: str


@dataclass(frozen=True, slots=True)
class Talk:
    """Hold what a session is called and what it is about."""

    title: str
    description: str


def people(seed: int, wanted: Mapping[str, str | None]) -> dict[str, Person]:
    """Return a person for each id; `wanted` gives the locale, None where any will do."""
    namers: dict[str, Provider] = {}
    found = {}
    for person_id, asked in wanted.items():
        locale = asked or pick(seed, "locale", person_id, pool=_USUAL_LOCALES)
        if locale not in namers:
            namers[locale] = _namer(locale)
        number = derive_number(seed, "person", person_id, below=1 << 32)
        namers[locale].generator.seed_instance(number)
        found[person_id] = _person(namers[locale], locale, derive_bytes(seed, "sex", person_id)[0])
    return found


def mailbox(name: str) -> str:
    """Return the part of an email address before the `@` that a person of this name would have."""
    ascii_name = _ascii(name)
    words = re.findall(r"[a-z0-9]+", ascii_name.lower().replace("'", ""))
    return ".".join(words) or "someone"


def guest_name(seed: int, number: int) -> str:
    """Return the display name the `number`th guest (from 0) typed; the first 40 all differ."""
    return _dealt(seed, "guest", pool=GUEST_NAMES, number=number)


def guest_email(box: str, user_id: str) -> str:
    """Return the address of a guest, who has none: unique by the id, valid by its length."""
    # A local part has 64 characters at most (RFC 5321, 4.5.3.1.1).
    return f"{box[:48].strip('.')}.{user_id[:8]}@guests.greenroom.test"


def talk(seed: int, topic: Topic, number: int) -> Talk:
    """Return the `number`th session (from 0) on a topic; a topic that is used up starts again."""
    talks = TALKS[topic]
    title, description = _dealt(seed, "talk", topic, pool=talks, number=number)
    round_ = number // len(talks) + 1
    return Talk(title if round_ == 1 else f"{title}, part {round_}", description)


def room_title(seed: int, topic: Topic, number: int) -> str:
    """Return what the `number`th room (from 0) on a topic is called."""
    titles = ROOM_TITLES[topic]
    title = _dealt(seed, "room", topic, pool=titles, number=number)
    round_ = number // len(titles) + 1
    return title if round_ == 1 else f"{title} {round_}"


def preset_name(seed: int, preset_id: str) -> str:
    """Return what a host would call a preset."""
    return pick(seed, "preset", preset_id, pool=PRESET_NAMES)


def brand_colour(seed: int, organization_id: str) -> str:
    """Return a colour that white text can stand on, as `#rrggbb`."""
    return pick(seed, "colour", organization_id, pool=BRAND_COLOURS)


def container_id(seed: int, room_id: str) -> str:
    """Return the id of a Google Tag Manager container, such as `GTM-K7Q2XWD`."""
    return "GTM-" + derive_base57(seed, "container", room_id, length=7).upper()


def pick(seed: int, *name: object, pool: Sequence[T]) -> T:
    """Return one of the pool's members."""
    return pool[derive_number(seed, *name, below=len(pool))]


def _dealt(seed: int, *name: object, pool: Sequence[T], number: int) -> T:
    # The pool as a shuffled pack of cards, so that neighbours never get the same.
    order = sorted(range(len(pool)), key=lambda at: derive_bytes(seed, *name, at))
    return pool[order[number % len(pool)]]


def _namer(locale: str) -> Provider:
    # `Faker(locale)` would go through every provider and language there is to find this one.
    from faker.generator import Generator  # noqa: PLC0415 - see the module's first paragraph

    provider: Provider = import_module(f"faker.providers.person.{locale}").Provider(Generator())
    # Common names are common: what `Faker` sets.
    provider.__use_weighting__ = True
    return provider


def _person(namer: Provider, locale: str, coin: int) -> Person:
    female = coin % 2 == 0
    given = namer.first_name_female() if female else namer.first_name_male()
    family = namer.last_name_female() if female else namer.last_name_male()
    joined = f"{given} {family}"
    if locale in _FAMILY_FIRST:
        joined = family + _FAMILY_FIRST[locale] + given
    latin = _romaji(given, family) if locale == "ja_JP" else f"{given} {family}"
    words = [re.sub("[^a-z0-9]", "", _ascii(word).lower()) for word in latin.rsplit(" ", 1)]
    return Person(joined, ".".join(word for word in words if word) or "someone")


def _romaji(given: str, family: str) -> str:
    # Reading the characters one by one would give Chinese syllables; Faker knows the readings.
    from faker.providers.person.ja_JP import Provider  # noqa: PLC0415 - as above

    readings = {kanji: latin for kanji, _, latin in Provider.first_name_pairs}
    families = {kanji: latin for kanji, _, latin in Provider.last_name_pairs}
    return f"{readings.get(given, given)} {families.get(family, family)}"


def _ascii(text: str) -> str:
    plain = "".join(c for c in normalize("NFKD", text) if not combining(c))
    if plain.isascii():
        return plain
    from faker.decode import unidecode  # noqa: PLC0415 - see the module's first paragraph

    return unidecode(plain)
