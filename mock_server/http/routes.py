"""Which operation answers a path: static segments win, and 405 names every method of the path."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

O = TypeVar("O")  # noqa: E741


@dataclass(slots=True)
class _Node(Generic[O]):
    static: dict[str, _Node[O]] = field(default_factory=dict)
    parameter: _Node[O] | None = None
    methods: dict[str, O] = field(default_factory=dict)


class Routes(Generic[O]):
    """Hold operations by path template; `match` costs one dict lookup a segment."""

    def __init__(self) -> None:
        self._root: _Node[O] = _Node()

    def add(self, template: str, method: str, operation: O) -> None:
        """Register an operation under `/a/{id}/b`, the base path included."""
        node = self._root
        for segment in template.split("/")[1:]:
            if segment.startswith("{"):
                node.parameter = node.parameter or _Node()
                node = node.parameter
            else:
                node = node.static.setdefault(segment, _Node())
        node.methods[method.upper()] = operation

    def match(self, path: str) -> tuple[dict[str, O], str] | None:
        """Return the methods of a path and the value of its last parameter, None if unknown.

        A path of this API has one parameter at most.
        """
        node = self._root
        value = ""
        for segment in path.split("/")[1:]:
            following = node.static.get(segment)
            if following is None:
                if node.parameter is None or not segment:
                    return None
                following, value = node.parameter, segment
            node = following
        return (node.methods, value) if node.methods else None


def allow_header(methods: Iterable[str]) -> bytes:
    """Return the complete `Allow`: HEAD comes with GET, OPTIONS with every path."""
    allowed = {*methods, "OPTIONS"}
    if "GET" in allowed:
        allowed.add("HEAD")
    return ", ".join(sorted(allowed)).encode()
