"""YAML as JSON sees it, for the contract's sources.

Keys are text, dates are text, and of the unquoted words only `true`, `false`, `null` and plain
numbers mean anything: `on`, `yes`, `12:30` and `2032-05-20` stay what was written.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

from mock_server.errors import OperatorError

_WORDS: dict[str, bool | None] = {"true": True, "false": False, "null": None}
_INTEGER = re.compile(r"-?(?:0|[1-9][0-9]*)")
_DECIMAL = re.compile(r"-?(?:0|[1-9][0-9]*)\.[0-9]+")
# The same loader in C, where PyYAML was built with it: ten times as fast.
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class SourceError(OperatorError):
    """Say which source of the contract is wrong, where, and what must be."""


def load_yaml(path: Path) -> Any:
    """Read one source file; raise `SourceError` with file and line."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise SourceError(f"`{path}` can't be read ({error.strerror}), must be a file") from error
    try:
        node = yaml.compose(text, Loader=_LOADER)
    except yaml.YAMLError as error:
        raise SourceError(f"`{path}` is not YAML: {error}") from error
    if node is None:
        raise SourceError(f"`{path}` is empty, must be YAML")
    return _value(node, path)


def _value(node: yaml.Node, path: Path) -> Any:
    if isinstance(node, yaml.SequenceNode):
        return [_value(item, path) for item in node.value]
    if not isinstance(node, yaml.MappingNode):
        return _scalar(node, path)
    result: dict[str, Any] = {}
    for key, value in node.value:
        if key.value in result:
            raise SourceError(
                f"{_line(path, key)}: `{key.value}` is there twice, must be there once"
            )
        result[key.value] = _value(value, path)
    return result


def _scalar(node: yaml.Node, path: Path) -> Any:
    text = str(node.value)
    if getattr(node, "style", None):  # quoted, or a block
        return text
    if not text:  # an unquoted sentence in `{…}` that has a comma leaves these behind
        raise SourceError(f"{_line(path, node)}: a value is missing, must be given or quoted")
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.fullmatch(text):
        return int(text)
    return float(text) if _DECIMAL.fullmatch(text) else text


def _line(path: Path, node: yaml.Node) -> str:
    return f"`{path}`, line {node.start_mark.line + 1}"
