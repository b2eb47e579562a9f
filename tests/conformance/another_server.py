"""Serve the contract as somebody else would: the mock, seen through other people's habits.

`python another_server.py VARIANT IDENTITIES` starts a mock, a server in front of it that is
correct too but differs in everything the contract leaves free, writes the callers' credentials
into the file and says `Ready URL`. There is no control plane.
"""

from __future__ import annotations

import asyncio
import json
import random
import re
import signal
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import uvicorn
from starlette.types import Receive, Scope, Send

from conformance.mock import running
from mock_server.faults import tokens
from mock_server.settings import Settings

Json = Any

BASE = "/v1/webinar"
PREFIX = "/api/live"
UUID = re.compile(r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b")
DATE = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d+)?Z")
RESOURCE = {"id", "created_at"}
SECRETS = {"access_token": Settings().token_secret, "livekit_token": Settings().livekit_secret}


def talkative(document: Json) -> Json:
    """Say more of every resource, differently each time, and refuse in other words."""
    if document.get("success") is False:
        sentence = "Das geht so nicht; bitte prüfen Sie Ihre Anfrage."
        return {"timestamp": document["timestamp"], "error": sentence, "success": False}
    return _within(document, _with_more)


def _with_more(node: Json) -> Json:
    if not node.keys() >= RESOURCE:
        return node
    more = {"etag": random.getrandbits(32), "views": time.time_ns(), "_links": {"self": "x"}}
    return {**more, **node, "labels": [random.random()], "read_at": str(time.time_ns())}


def far(document: Json) -> Json:
    """Give other hosts, key formats and address forms, and dates with an offset."""
    return _within(_texts(document, _dated), _elsewhere)


def _dated(text: str) -> str:
    found = DATE.fullmatch(text)
    return f"{found[1]}{found[2] or '.'}000+00:00" if found else text


def _elsewhere(node: Json) -> Json:
    changed = dict(node)
    key = node.get("stream_key")
    if isinstance(key, str):
        changed["stream_key"] = f"{key}?token=sk_live_{key[::-1]}"
    for name, value in (("url", node.get("url")), ("server", node.get("server"))):
        if isinstance(value, str) and value.startswith("rtmp"):
            changed[name] = "rtmps://ingest-eu-3.live.example:443/x/app"
    if isinstance(node.get("rtmp_url"), str):
        changed["rtmp_url"] = "rtmps://ingest-eu-3.live.example:443/x/app"
    if isinstance(node.get("whip_url"), str):
        changed["whip_url"] = f"https://whip.live.example/w?k={node['whip_url'][-12:]}"
    if isinstance(node.get("hls_url"), str):
        name = node["hls_url"].split("/")[-2]
        changed["hls_url"] = f"https://cdn.live.example/v/{name[::-1]}/master.m3u8?sig=abc"
    return changed


def _within(node: Json, change: Callable[[Json], Json]) -> Json:
    if isinstance(node, list):
        return [_within(part, change) for part in node]
    if not isinstance(node, dict):
        return node
    return change({name: _within(value, change) for name, value in node.items()})


def _texts(node: Json, change: Callable[[str], str]) -> Json:
    if isinstance(node, list):
        return [_texts(part, change) for part in node]
    if isinstance(node, dict):
        return {name: _texts(value, change) for name, value in node.items()}
    return change(node) if isinstance(node, str) else node


class Loud:
    """Spell every id in capitals, inside tokens too, and take them back in either case."""

    def __init__(self) -> None:
        self.known: dict[str, str] = {}

    def __call__(self, document: Json) -> Json:
        return _within(document, self._spelled)

    def _spelled(self, node: Json) -> Json:
        return {name: self._value(name, value) for name, value in node.items()}

    def _value(self, name: str, value: Json) -> Json:
        if not isinstance(value, str):
            return value
        if name in SECRETS:
            return self.token(value, SECRETS[name])
        return value if name in ("error", "message") else UUID.sub(lambda m: m[0].upper(), value)

    def token(self, token: str, secret: str) -> str:
        """Return a token with ids in capitals, which is known again when it comes back."""
        found = tokens.read(token)
        if found is None:
            return token
        loud = tokens.sign(
            secret, json.loads(UUID.sub(lambda m: m[0].upper(), json.dumps(found[1])))
        )
        self.known[loud] = token
        return loud


VARIANTS: dict[str, Callable[[], list[Callable[[Json], Json]]]] = {
    "talkative": lambda: [talkative, far],
    "loud": lambda: [Loud()],
}
HEADERS = [
    (b"etag", b'W/"33a64df5"'),
    (b"cache-control", b"no-store, private"),
    (b"x-request-id", b"01J9ZC2V"),
    (b"server", b"Live/2.1"),
    (b"vary", b"Origin, Accept-Encoding"),
    (b"set-cookie", b"lb=eu3; Path=/"),
    (b"strict-transport-security", b"max-age=31536000"),
]


class Front:
    """An ASGI application that passes requests on and changes what comes back."""

    def __init__(self, target: str, name: str) -> None:
        self.changes = VARIANTS[name]()
        self.loud = next((each for each in self.changes if isinstance(each, Loud)), None)
        self.slow = name == "talkative"
        self.target = target.removesuffix(BASE)
        self.http = httpx.AsyncClient(timeout=30, limits=httpx.Limits(max_connections=64))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        status, headers, body = await self._answer(scope, await _body(receive))
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    async def _answer(self, scope: Scope, body: bytes) -> tuple[int, list[Any], bytes]:
        raw = scope["raw_path"].decode("latin-1")
        path = BASE + raw.removeprefix(PREFIX + BASE)
        if not raw.startswith(PREFIX + BASE) or raw.startswith("/_mock"):
            path = f"{BASE}/no-such-path"
        if scope["query_string"]:
            path += "?" + scope["query_string"].decode("latin-1")
        if self.slow:
            await asyncio.sleep(random.uniform(0, 0.01))
        headers = [(n, self._known(n, v)) for n, v in scope["headers"] if n != b"host"]
        answer = await self.http.request(
            scope["method"], self.target + path, headers=headers, content=body or None
        )
        return answer.status_code, *self._changed(answer)

    def _known(self, name: bytes, value: bytes) -> bytes:
        scheme, _, token = value.decode("latin-1").partition(" ")
        if self.loud is None or name != b"authorization" or token not in self.loud.known:
            return value
        return f"{scheme} {self.loud.known[token]}".encode()

    def _changed(self, answer: httpx.Response) -> tuple[list[Any], bytes]:
        kept = ("content-type", "allow", "retry-after", "www-authenticate")
        headers = [(n.encode(), v.encode()) for n, v in answer.headers.items() if n in kept]
        if "json" not in answer.headers.get("content-type", "") or not answer.content:
            return headers, answer.content
        document = answer.json()
        for change in self.changes:
            document = change(document)
        typed = [pair for pair in headers if pair[0] != b"content-type"]
        typed.append((b"content-type", b"application/json;charset=UTF-8"))
        return [*typed, *HEADERS], json.dumps(document, indent=2).encode()


async def _body(receive: Receive) -> bytes:
    body = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            return body


def others(target: str, key: str) -> None:
    """Create, start, end and delete without pause, as other people do."""
    # Until the mock is gone.
    with (
        suppress(httpx.TransportError),
        httpx.Client(base_url=target, headers={"X-API-Key": key}, timeout=30) as http,
    ):
        body = {"name": "Theirs", "type": "rtmp", "primary_color": "#000000"}
        preset = http.post("/presets", json=body).json()["data"]["id"]
        while True:
            room = http.post("/rooms", json={"title": "Theirs"}).json()["data"]["room"]["id"]
            body = {"title": "Theirs", "preset_id": preset}
            made = http.post(f"/rooms/{room}/sessions", json=body).json()["data"]["session"]["id"]
            for move in ("go_live", "end"):
                http.post(f"/sessions/{made}/{move}")
                time.sleep(0.05)
            http.delete(f"/rooms/{room}")


def write_identities(path: Path, target: str, front: Front) -> str:
    """Write who may call into a file, and return another host's API key."""
    personas = httpx.get(target.removesuffix(BASE) + "/_mock/personas").json()["data"]["personas"]
    lines = []
    for each in personas:
        if each["name"] in ("host", "other_host", "viewer"):
            token = each["access_token"]
            if front.loud:
                token = front.loud.token(token, SECRETS["access_token"])
            lines += [f"[{each['name']}]", f'token = "{token}"']
    path.write_text("\n".join(lines))
    return next(str(each["api_key"]) for each in personas if each["name"] == "other_host")


def main(name: str, identities: Path) -> None:
    """Serve a variant until the process is ended."""
    # Ended as by Ctrl+C, so that the mock behind is ended too; uvicorn gives the signal back.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with suppress(KeyboardInterrupt), running() as target:
        front = Front(target, name)
        key = write_identities(identities, target, front)
        if name == "loud":
            threading.Thread(target=others, args=(target, key), daemon=True).start()
        config = uvicorn.Config(front, port=0, lifespan="off", log_level="error", access_log=False)
        server = uvicorn.Server(config)
        bound = config.bind_socket()
        port = bound.getsockname()[1]
        sys.stdout.write(f"Ready http://127.0.0.1:{port}{PREFIX}{BASE}\n")
        sys.stdout.flush()
        server.run(sockets=[bound])


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
