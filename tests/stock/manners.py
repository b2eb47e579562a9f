"""What the contract asks of every answer of ours, whatever connexion says."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import unquote

from contract_table import Operation
from draft import API
from exchange import Reply, Request


class Manners:
    """Know which methods each path of the contract has."""

    def __init__(self, table: Mapping[str, Operation]) -> None:
        methods: dict[str, set[str]] = {}
        for operation in table.values():
            head = {"HEAD"} if operation.method == "GET" else set()
            some = methods.setdefault(operation.template, {"OPTIONS"})
            some.update({operation.method, *head})
        # A path without a parameter is that path, and not an id of the other.
        self._paths = [
            (re.compile(f"{API}{template.replace('{id}', '[^/]+')}"), ", ".join(sorted(some)))
            for template, some in sorted(methods.items(), key=lambda each: "{" in each[0])
        ]

    def kept(self, request: Request, reply: Reply) -> bool:
        """Tell whether an answer has its envelope, its challenge, its complete `Allow`."""
        if reply.status in {204, 405} and reply.header(b"allow") != self._allow(request.path):
            return False
        if reply.status == 401 and not reply.header(b"www-authenticate"):
            return False
        if request.method == "HEAD":
            return not reply.content
        return reply.status < 400 or (reply.status < 500 and reply.refuses_in_envelope)

    def _allow(self, path: str) -> bytes:
        found = unquote(path)
        return next((allow for shape, allow in self._paths if shape.fullmatch(found)), "").encode()
