"""What is served beside operations: the contract, pages, and a clear 404 for all the rest."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from time import time
from typing import Protocol

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Receive, Scope, Send

from mock_server.env import Clock
from mock_server.http.answer import Answer, refused, send_answer
from mock_server.http.errors import Refusal
from mock_server.http.log import RequestLog
from mock_server.http.media import Content, send_content
from mock_server.http.near import NearMisses
from mock_server.http.web import Page, Web, has_it

_READING = ("GET", "HEAD")
_ALLOW = ((b"allow", b"GET, HEAD"),)


class Note(Protocol):
    """Note an exchange down in its world's journal."""

    def __call__(self, scope: Scope, path: str, answer: Answer, began: float) -> None:
        """Note it down (`journal.Journals.note`)."""


class Pages:
    """Serve documents by exact path, hand UI paths to the next app, refuse the others."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        documents: Mapping[str, bytes],
        web: Web,
        ui_paths: tuple[str, ...],
        near: NearMisses,
        clock: Clock,
        note: Note,
        log: RequestLog,
    ) -> None:
        self._app = app
        self._documents = documents
        self._web = web
        self._ui_paths = ui_paths
        self._near = near
        self._clock = clock
        self._note = note
        self._log = log

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer an HTTP request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = time()
        path: str = scope["path"]
        page = self._web.find(path)
        if page is not None and scope["method"] in _READING:
            await self._send_page(scope, send, page)
            return
        if scope["method"] in _READING and self._is_ui(path):
            try:
                await self._app(scope, receive, send)
            except HTTPException as error:
                answer = self._unknown(path, scope["method"], self._clock(), error.status_code)
            else:
                return
        else:
            answer = self._answer(path, scope["method"], self._clock())
        self._log.request(scope, answer)
        if answer.reason is not None:
            self._note(scope, path, answer, began)
        await send_answer(scope, send, answer)

    async def _send_page(self, scope: Scope, send: Send, page: Page) -> None:
        known = has_it(scope, page)
        content = Content(304 if known else 200, page.headers, () if known else (page.body,))
        self._log.request(scope, content)
        await send_content(scope, send, content)

    def _is_ui(self, path: str) -> bool:
        return any(path == ui or path.startswith(f"{ui}/") for ui in self._ui_paths)

    def _answer(self, path: str, method: str, now: datetime) -> Answer:
        document = self._documents.get(path)
        if document is None and not self._is_ui(path) and self._web.find(path) is None:
            return self._unknown(path, method, now)
        if document is None or method not in _READING:
            sentence = f"{method} is not an operation of this path, must be one of GET, HEAD"
            return refused(Refusal(405, sentence, headers=_ALLOW), now)
        return Answer(200, document)

    def _unknown(self, path: str, method: str, now: datetime, status: int = 404) -> Answer:
        said = self._near.refusal(method, path)
        return refused(Refusal(status, said), now)
