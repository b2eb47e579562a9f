from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from textwrap import dedent

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mock_server.errors import OperatorError
from mock_server.seeds import SeedError, SeedFile, load_seed, names
from mock_server.seeds.errors import SeedMistake, SeedNotFound, SeedSyntax

SEED = dedent("""\
    version: 1
    schedule_step: 5m
    organizations:
      harbour: {domain: harbour.test, colour: '#0f766e'}
    people:
      ada: {role: host, organization: harbour, email: ada@harbour.test}
      bo: {role: host, organization: harbour, locale: de_DE}
      cy: {role: viewer, organization: harbour, name: Cy}
      di: {role: viewer}
    personas:
      host: {person: ada, description: Owns it, password: let-me-in, api_key: harbour-key}
      viewer: {person: cy, description: Watches}
    presets:
      desk:
        owner: ada
        type: whip
        settings: {max_join_limit: 2, chat_enabled: false}
    rooms:
      hall: {host: ada, topic: lectures}
    sessions:
      past: {room: hall, preset: desk, started: -3h, broadcast: -2h50m, ended: -2h}
      launch:
        room: hall
        preset: desk
        title: The launch
        starts: -30m
        started: -30m
        joined: [cy, di]
    """)

Write = Callable[[str], str]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def write(text: str) -> str:
        path = tmp_path / "world.yaml"
        path.write_text(text, encoding="utf-8")
        return str(path)

    return write


def test_a_file_is_read_into_values(write: Write) -> None:
    seed = load_seed(write(SEED))

    assert isinstance(seed, SeedFile)
    assert seed.name == "world"
    assert seed.schedule_step == timedelta(minutes=5)
    assert seed.people["bo"].locale == "de_DE"
    assert seed.presets["desk"].settings == {"max_join_limit": 2, "chat_enabled": False}
    assert seed.sessions["launch"].joined == ("cy", "di")
    assert seed.sessions["launch"].times.started == timedelta(minutes=-30)
    assert seed.sessions["past"].times.starts is None


def test_personas_come_in_the_files_order_with_what_they_sign_in_with(write: Write) -> None:
    host, viewer = load_seed(write(SEED)).personas

    assert (host.name, host.person_key, host.email) == ("host", "ada", "ada@harbour.test")
    assert (host.password, host.api_key) == ("let-me-in", "harbour-key")
    assert (viewer.name, viewer.email, viewer.password) == ("viewer", None, None)


def test_the_built_in_seeds_have_names() -> None:
    assert names() == ("demo", "empty")
    assert load_seed("demo").name == "demo"


def test_a_version_is_all_a_file_needs(write: Write) -> None:
    assert load_seed(write("version: 1\n")).sessions == {}


def test_yaml_that_would_be_another_type_elsewhere_is_text_when_quoted(write: Write) -> None:
    seed = load_seed(write(SEED.replace("title: The launch", "title: 'Yes'")))

    assert seed.sessions["launch"].title == "Yes"


# What is changed in the file above, what it becomes, the line of the mistake, and its message.
MISTAKES = [
    ("version: 1", "version: 2", 1, "`version` is `2`, must be `1`, the version of"),
    ("version: 1\n", "", 1, "the file has no `version`, must have one"),
    ("people:", "peple:", 5, "the file has the unknown field `peple`, nearest is `people`"),
    ("topic: lectures", "subject: x", 19, "room `hall` has the unknown field `subject`, known ar"),
    ("room: hall, ", "", 21, "session `past` has no `room`, must have one"),
    ("type: whip", "type: web", 16, "preset `desk`: `type` is `web`, must be `whip` or `rtm"),
    ("title: The launch", "title: Hi", 25, "session `launch`: `title` is 2 characters long"),
    ("title: The launch", "title: no", 25, "`title` is `no`, must be text (in quotes, if"),
    ("title: The launch", "title:", 25, "session `launch`: `title` is empty, must be text"),
    ("title: The launch", "title: [a]", 25, "`title` is a list, must be text"),
    ("max_join_limit: 2", "max_join_limit: 101", 17, "whole number from 1 to 100"),
    ("max_join_limit: 2", "max_join_limit: 1.5", 17, "`1.5`, must be a whole number"),
    ("chat_enabled: false", "chat_enabled: 0", 17, "`0`, must be `true` or `false`"),
    ("chat_enabled: false", "chatty: true", 17, "unknown field `chatty`, known are `sta"),
    ("starts: -30m", "starts: 30m", 26, "`starts` is `30m`, must be a time such as `-35m`"),
    ("starts: -30m", "starts: {}", 26, "`starts` is a mapping, must be a time"),
    ("schedule_step: 5m", "schedule_step: 5", 2, "must be a length of time such as `5m`"),
    ("'#0f766e'", "teal", 4, "`colour` is `teal`, must be a colour such as"),
    ("harbour.test,", "harbour.com,", 4, "must be a domain that ends with `.test`"),
    ("ada@harbour.test", "ada@harbour", 6, "must be an address on a domain ending with"),
    ("locale: de_DE", "locale: xx_XX", 7, "`locale` is `xx_XX`, must be one of bn_BD, "),
    ("harbour-key", "short", 11, "`api_key` is `short`, must be 8 to 200 letters"),
    ("joined: [cy, di]", "joined: cy", 28, "`joined` is `cy`, must be a list"),
    ("hall: {host", "Hall!: {host", 19, "`Hall!` is no key, must be a lower case letter"),
    ("topic: lectures}", "topic: sport}", 19, "`topic` is `sport`, must be `launches` or"),
    ("preset: desk\n", "preset: dsk\n", 24, "names preset `dsk`, which is not in `presets`"),
    ("room: hall\n", "room: hal\n", 23, "names room `hal`, which is not in `rooms`"),
    ("host: ada,", "host: eve,", 19, "room `hall` names host `eve`, which is not in `people`"),
    ("person: cy", "person: eve", 12, "persona `viewer` names person `eve`, which is not in"),
    ("[cy, di]", "[cy, eve]", 28, "session `launch` names joined `eve`, which is not in"),
    ("organization: harbour, locale", "organization: hbr, locale", 7, "in `organizations`"),
    ("host: ada,", "host: cy,", 19, "room `hall`: `host` is `cy`, a viewer, must be a host"),
    ("owner: ada", "owner: bo", 21, "names preset `desk` of `bo`, must be one of `ada`"),
    ("  launch:\n", "  past:\n", 22, "session `past` is there twice, first on line 21"),
    ("  launch:\n", "  hall:\n", 22, "session `hall` has the key of a room, must have i"),
    ("  bo: {", "  ada: {", 7, "person `ada` is there t"),
    ("name: Cy}", "email: ada@harbour.test}", 8, "which line 6 has, must be its own"),
    ("person: cy", "person: ada", 12, "`person` is `ada`, which line 11 has"),
    (
        "description: Watches}",
        "description: Watches, api_key: harbour-key}",
        12,
        "persona `viewer`: `api_key` is `harbour-key`, which line 11 has, must be its own",
    ),
    ("title: The launch", "audience: -5", 25, "`audience` is `-5`, must be a whole number from 0"),
    ("title: The launch", "audience: 50001", 25, "must be a whole number from 0 to 50000"),
    ("title: The launch", "shape: square", 25, "`shape` is `square`, must be `steady` or"),
    (
        "title: The launch",
        "encoder: [{action: explode}]",
        25,
        "`action` is `explode`, must be `con",
    ),
    (
        "title: The launch",
        "encoder: [{action: drop, every: 9}]",
        25,
        "`every` is not for `drop`, must be left out (it is for `flap`)",
    ),
    (
        "title: The launch",
        "encoder: [{action: drop}, {action: connect}]",
        25,
        "has two changes `after` the same time, must have one",
    ),
    (
        "title: The launch",
        f"encoder: [{', '.join(f'{{action: flap, times: 100, after: {n}}}' for n in range(11))}]",
        25,
        "has 1,100 changes, must have 1,000 at most",
    ),
    ("title: The launch", "preset: desk\n    room: hall", 25, "`preset` is there twice"),
    ("locale: de_DE", "locale: de_DE, role: host", 7, "`role` is there twice, first on line 7"),
    ("role: host, organization: harbour, locale", "role: host, locale", 7, "has no `organiz"),
    (", email: ada@harbour.test", "", 11, "has a password, but person `ada` has no `em"),
    ("ended: -2h}", "ended: -4h}", 21, "has `ended` at `-4h`, must be after `started` at `"),
    ("-2h50m", "-90m", 21, "has `ended` at `-2h`, must be after `broadcast` at `-90m`"),
    ("-2h50m", "-4h", 21, "has `broadcast` at `-4h`, must be after `started` at `-3h`"),
    ("ended: -2h}", "ended: +2h}", 21, "would be live and ended at once: it has `ended` at"),
    ("started: -30m", "started: +30m", 27, "has `started` at `+30m`, in the future, must be"),
    ("started: -30m", "created: +1s", 27, "`launch` has `created` at `+1s`, in the future"),
    ("started: -3h, ", "", 21, "session `past` has `broadcast`, so must have `started`"),
    ("starts: -30m", "starts: -25h", 27, "when it had expired, must be within a day"),
    ("starts: -30m", "created: -30m", 27, "must be well after `created` at `-30m`"),
    ("starts: -30m", "starts: +2m\n    created: -2m", 26, "must be well after `created`"),
    (", ended: -2h", "", 22, "sessions `past` and `launch` are live in room `hall` at the"),
    ("ended: -2h}", "ended: -10m}", 22, "sessions `past` and `launch` are live in room `"),
    ("[cy, di]", "[cy, di, bo]", 28, "has 3 in `joined`, must have 2 at most, its"),
    ("[cy, di]", "[cy, cy]", 28, "has somebody in `joined` twice, must have each once"),
    ("[cy, di]", "[ada]", 28, "has its own host `ada` in `joined`, must not"),
    ("    started: -30m\n", "", 27, "session `launch` has `joined`, so must have `started`"),
    (
        "joined: [cy, di]",
        "joined: [cy]\n    overrides: {max_join_limit: 0}",
        28,
        "has 1 in `joined`, must have 0 at most, its `max_join_limit`",
    ),
    ("type: whip", "type: [whip", 17, "is not YAML: "),
    ("type: whip", "type: \t- whip: :", 16, "is not YAML: "),
    ("title: The launch", "title: *nobody", 25, "is not YAML: found undefined alias"),
]


@pytest.mark.parametrize(("old", "new", "line", "message"), MISTAKES)
def test_a_mistake_is_reported_with_file_and_line(
    write: Write, old: str, new: str, line: int, message: str
) -> None:
    assert old in SEED
    path = write(SEED.replace(old, new, 1))

    with pytest.raises(SeedError) as refused:
        load_seed(path)

    assert refused.value.line == line
    assert str(refused.value).startswith(f"{path}:{line}: ")
    assert message in str(refused.value)
    assert not str(refused.value).endswith(".")


def test_the_name_of_a_built_in_file_is_short(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "demo.yaml").write_text("version: 1\nrooms: []\n", encoding="utf-8")
    monkeypatch.setattr("mock_server.seeds.load.fixtures", lambda _: tmp_path)

    with pytest.raises(SeedMistake, match=r"^demo\.yaml:2: `rooms` is a list, must be a mapping$"):
        load_seed("demo")


@pytest.mark.parametrize("name", ["nothing", "no/such.yaml", "Demo", "", ".."])
def test_a_name_of_nothing_is_answered_with_the_names_there_are(name: str) -> None:
    with pytest.raises(SeedNotFound, match="must be one of `demo`, `empty` or the path of a"):
        load_seed(name)


def test_a_file_that_cannot_be_opened_is_named(
    monkeypatch: pytest.MonkeyPatch, write: Write
) -> None:
    def refuse(_: Path) -> bytes:
        raise PermissionError(13, "Permission denied")

    path = write(SEED)
    monkeypatch.setattr(Path, "read_bytes", refuse)

    with pytest.raises(SeedNotFound, match="cannot be read: permission denied"):
        load_seed(path)


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (b"", r"world\.yaml: is empty, must be a seed"),
        (b"# only a comment\n", r"world\.yaml: is empty, must be a seed"),
        (b"version: 1\n---\nversion: 1\n", r"world\.yaml:2: is not YAML: "),
        (b"version: 1\ndescription: \xff\n", r"world\.yaml:2: is not UTF-8"),
        (b"version: 1\n\ndescription: \x00\n", r"world\.yaml:3: has a character that YAML does"),
        (b"- version: 1\n", r"world\.yaml:1: the file is a list, must be a mapping"),
        (b"? [a]\n: 1\n", r"world\.yaml:1: the file has a key that is no word"),
        (b"a: " + b"[" * 50_000, r"world\.yaml:1: is nested deeper than 20"),
        (b"#" * (1 << 20) + b"#", r"world\.yaml: has 1048577 bytes, must have 1048576 at most"),
    ],
)
def test_what_is_no_document_is_refused(tmp_path: Path, raw: bytes, message: str) -> None:
    path = tmp_path / "world.yaml"
    path.write_bytes(raw)

    with pytest.raises((SeedSyntax, SeedMistake), match=message):
        load_seed(str(path))


def test_a_byte_order_mark_is_no_mistake(tmp_path: Path) -> None:
    path = tmp_path / "world.yaml"
    path.write_text(SEED, encoding="utf-8-sig")

    assert load_seed(str(path)).name == "world"


@settings(
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(data=st.data())
def test_no_damage_to_a_file_gives_anything_but_a_seed_error(
    write: Write, data: st.DataObject
) -> None:
    start = data.draw(st.integers(0, len(SEED)))
    length = data.draw(st.integers(0, 12))
    junk = data.draw(st.text(alphabet="{}[]:,-&*!|>'\"%@` \n\t#?ab1", max_size=6))

    with suppress(SeedError):
        load_seed(write(SEED[:start] + junk + SEED[start + length :]))


def test_a_section_with_nothing_under_it_is_empty(write: Write) -> None:
    assert load_seed(write("version: 1\nrooms:\nsessions: {}\n")).rooms == {}


def test_a_mistake_is_told_to_the_operator_without_a_stack_trace() -> None:
    assert issubclass(SeedError, OperatorError)
