from __future__ import annotations

import argparse

import pytest

from mock_server import cli, options


@pytest.mark.parametrize(
    ("read", "text", "value"),
    [
        (options.port, "0", 0),
        (options.port, "65535", 65535),
        (options.seed, "9223372036854775807", 2**63 - 1),
        (options.connections, "1", 1),
        (options.publishers, "0", 0),
        (options.ice_server, "stun:stun.test", '<stun:stun.test>; rel="ice-server"'),
        (
            options.ice_server,
            "turn:ada:s3cret@turn.test:3478?transport=udp",
            (
                '<turn:turn.test:3478?transport=udp>; rel="ice-server"; username="ada"; '
                'credential="s3cret"; credential-type="password"'
            ),
        ),
        (options.origin, "*", "*"),
        (options.origin, "http://localhost:3000", "http://localhost:3000"),
        (options.public_url, "https://mock.test/base/", "https://mock.test/base/"),
        (options.public_url, "http://[::1]:4010", "http://[::1]:4010"),
    ],
)
def test_a_good_value_is_read(read, text, value):
    assert read(text) == value


@pytest.mark.parametrize(
    ("read", "text"),
    [
        (options.port, "65536"),
        (options.port, "70000"),
        (options.port, "-1"),
        (options.port, "80 "),
        (options.port, "٣"),
        (options.port, "9" * 5000),
        (options.seed, "9223372036854775808"),
        (options.seed, "1.5"),
        (options.connections, "0"),
        (options.publishers, "1001"),
        (options.ice_server, "stun.test"),
        (options.ice_server, "turn:turn.test"),
        (options.ice_server, "stun:ada:s3cret@stun.test"),
        (options.ice_server, 'stun:stun.test>; rel="x"'),
        (options.ice_server, "turn:a\r\nb:c@turn.test"),
        (options.origin, "studio.test"),
        (options.origin, "https://studio.test/path"),
        (options.origin, "://x"),
        (options.public_url, "nonsense"),
        (options.public_url, "ftp://mock.test"),
        (options.public_url, "http://mock.test:99999"),
        (options.public_url, "https://mock.test?x=1"),
    ],
)
def test_a_bad_value_is_refused_with_what_it_must_be(read, text):
    with pytest.raises(argparse.ArgumentTypeError, match="must be"):
        read(text)


@pytest.mark.parametrize("text", ["", "two words", "é", "x" * 201, "tab\t"])
def test_a_livekit_secret_that_is_none_is_not_repeated(text):
    with pytest.raises(argparse.ArgumentTypeError, match="must be") as refused:
        options.livekit_key(text)
    assert not text or text not in str(refused.value)


@pytest.mark.parametrize("given", ["option", "environment", "nothing"])
def test_livekits_key_and_secret_come_from_options_or_the_environment(given, monkeypatch):
    monkeypatch.delenv("GREENROOM_LIVEKIT_KEY", raising=False)
    monkeypatch.delenv("GREENROOM_LIVEKIT_SECRET", raising=False)
    started = []
    monkeypatch.setattr(
        cli, "_imported_start", lambda: lambda settings, **_: started.append(settings)
    )
    asked = ["serve"]
    if given != "nothing":
        monkeypatch.setenv("GREENROOM_LIVEKIT_KEY", "studio")
        monkeypatch.setenv("GREENROOM_LIVEKIT_SECRET", "of-the-environment")
    if given == "option":
        asked += ["--livekit-secret", "of-the-option"]
    cli.main(asked)
    assert (started[0].livekit_key, started[0].livekit_secret) == {
        "option": ("studio", "of-the-option"),
        "environment": ("studio", "of-the-environment"),
        "nothing": ("devkey", "secret"),
    }[given]


def test_the_command_says_it_in_its_usage(capsys):
    with pytest.raises(SystemExit) as end:
        cli.main(["serve", "--port", "70000"])
    assert end.value.code == 2
    assert "`70000` must be an integer from 0 to 65535" in capsys.readouterr().err


@pytest.mark.parametrize("text", ["5", "3601", "", "12s", "-6", "1e3"])
def test_a_window_of_a_broadcast_is_six_seconds_to_an_hour(text):
    assert (options.dvr_window("6"), options.dvr_window("3600")) == (6, 3600)
    with pytest.raises(argparse.ArgumentTypeError, match="must be an integer from 6 to 3600"):
        options.dvr_window(text)
