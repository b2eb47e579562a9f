"""Targets that cannot be checked: each is told in one sentence, with exit 2 and nothing left."""

from __future__ import annotations

import datetime as dt
import io
import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from conformance import check

OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s"
ROOMS = b'{"success": true, "data": {"rooms": [], "total": 0}, "timestamp": 1}'
Serve = Callable[..., str]


def told(url: str, *more: str) -> str:
    """Check a target and return the one sentence that says why it cannot be."""
    out, err = io.StringIO(), io.StringIO()
    begun = time.monotonic()
    options = ("--greenroom-rule=time.clock", "--greenroom-timeout=0.5", *more)
    assert check.run([f"--base-url={url}", *options], out, err) == 2
    assert time.monotonic() - begun < 30
    assert out.getvalue() == ""
    assert err.getvalue().startswith("greenroom check: ")
    assert err.getvalue().count("\n") == 1
    return err.getvalue()


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Start a server of raw bytes: a function from a connection, and TLS where it is given."""
    listening: list[socket.socket] = []

    def started(answer: Callable[[socket.socket], None], tls: ssl.SSLContext | None = None) -> str:
        server = socket.create_server(("127.0.0.1", 0))
        listening.append(server)

        def loop() -> None:
            with suppress(OSError):
                while True:
                    link, _ = server.accept()
                    threading.Thread(target=one, args=(link,), daemon=True).start()

        def one(link: socket.socket) -> None:
            with suppress(OSError), link:
                answer(tls.wrap_socket(link, server_side=True) if tls else link)

        threading.Thread(target=loop, daemon=True).start()
        scheme = "https" if tls else "http"
        return f"{scheme}://127.0.0.1:{server.getsockname()[1]}"

    yield started
    for server in listening:
        server.close()


def always(content: bytes) -> Callable[[socket.socket], None]:
    def answer(link: socket.socket) -> None:
        while link.recv(65536):
            link.sendall(content)

    return answer


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with a key and a certificate of 127.0.0.1 that signs itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "server.pem"
    pem = serialization.Encoding.PEM
    secret = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path.write_bytes(secret + made.public_bytes(pem))
    return path


@pytest.fixture
def tls(certificate: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


def test_a_certificate_nobody_trusts_is_told_with_the_option_that_helps(serve, tls) -> None:
    said = told(serve(always(OK % (len(ROOMS), ROOMS)), tls))
    assert "is not trusted: self-signed certificate; `--ca FILE` must name" in said


def test_a_certificate_of_ones_own_is_trusted_when_it_is_named(serve, tls, certificate) -> None:
    url = serve(always(OK % (len(ROOMS), ROOMS)), tls)
    out, err = io.StringIO(), io.StringIO()
    options = ("--greenroom-rule=time.clock", f"--greenroom-ca={certificate}")
    assert check.run([f"--base-url={url}", *options], out, err) == 1
    assert "received `1`" in out.getvalue()


@pytest.mark.parametrize("content", [None, b"no certificate"])
def test_a_file_of_certificates_that_holds_none_is_told(tmp_path, content: bytes | None) -> None:
    path = tmp_path / "ca.pem"
    if content is not None:
        path.write_bytes(content)
    said = told("https://127.0.0.1:9", f"--greenroom-ca={path}")
    assert f"`--ca {path}` cannot be used" in said
    assert "must be a PEM file" in said


def test_plain_http_where_tls_is_spoken_and_the_other_way_round_are_told(serve, tls) -> None:
    assert "perhaps to `https://`" in told(serve(always(b""), tls).replace("https", "http"))
    said = told(serve(always(OK % (len(ROOMS), ROOMS))).replace("http", "https"))
    assert "does not speak TLS" in said


def test_where_a_target_redirects_to_is_told_and_not_followed(serve) -> None:
    asked: list[bytes] = []

    def elsewhere(link: socket.socket) -> None:
        while said := link.recv(65536):
            asked.append(said.split(b" ")[1])
            path = asked[-1]
            where = b"Location: https://new.test/api" + path
            link.sendall(b"HTTP/1.1 308 Moved\r\nContent-Length: 0\r\n" + where + b"\r\n\r\n")

    said = told(serve(elsewhere))
    assert "redirects to `https://new.test/api/rooms?limit=1`, which is not followed" in said
    assert said.endswith("check `https://new.test/api`\n")
    assert len(asked) == 6


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 6\r\n\r\n<html>", "html"),
        (OK % (10_000_000, b"x" * 10_000_000), "more than 5,000,000 bytes"),
        (OK % (2, b"[]"), "200 with application/json"),
        (b"SSH-2.0-OpenSSH_9.6\r\n\r\n", "gives no HTTP answer"),
    ],
    ids=["a page", "ten megabytes", "another JSON", "another protocol"],
)
def test_what_is_not_this_api_is_told(serve, content: bytes, words: str) -> None:
    # Ten megabytes take a loaded machine a while.
    assert words in told(serve(always(content)), "--greenroom-timeout=10")


def test_a_target_that_drops_connections_is_told(serve) -> None:
    said = told(serve(lambda link: link.close()))
    assert "accepts connections and gives no HTTP answer" in said


def test_a_target_that_never_answers_is_given_up(serve) -> None:
    said = told(serve(lambda _: threading.Event().wait(20)))
    assert "does not answer within 0.5 s; start it, or wait longer with `--timeout`" in said


def test_a_target_whose_answer_trickles_in_is_given_up(serve) -> None:
    def trickle(link: socket.socket) -> None:
        link.recv(65536)
        link.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        while True:
            link.sendall(b"x")
            time.sleep(0.05)

    assert "does not answer within 0.5 s" in told(serve(trickle))


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("http://127.0.0.1:9", "nothing answers"),
        ("http://no.such.host.invalid", "nothing answers"),
        ("127.0.0.1:4010", "is no URL"),
        ("http://127.0.0.1:99999", "is no URL"),
        ("http://127.0.0.1:9/v1?x=1", "no `?`"),
        ("http://me:secret@127.0.0.1:9", "no user before the host"),
    ],
)
def test_addresses_without_a_server_are_told(url: str, words: str) -> None:
    assert words in told(url)


def test_nothing_is_left_on_this_machine_either(state: Path) -> None:
    told("http://127.0.0.1:9")
    assert not state.exists()


def test_a_prefix_before_the_api_is_part_of_its_base(stub) -> None:
    stub.answers = {
        path.replace("/v1/webinar", "/staging/v1/webinar"): answer
        for path, answer in stub.answers.items()
    }
    for url in (f"{stub.url}/staging", f"{stub.url}/staging/v1/webinar/"):
        out, err = io.StringIO(), io.StringIO()
        assert check.run([f"--base-url={url}", "--greenroom-rule=time.clock"], out, err) == 0
        assert f"{stub.url}/staging/v1/webinar ·" in out.getvalue()
