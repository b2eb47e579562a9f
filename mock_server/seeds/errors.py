"""What can be wrong with a seed file, as one tree.

SeedError
├── SeedNotFound     no built-in seed and no readable file has this name
├── SeedSyntax       the file is not UTF-8 or not YAML
└── SeedMistake      the YAML is not a world: a field, a reference, a time
"""

from __future__ import annotations

from mock_server.errors import OperatorError


class SeedError(OperatorError):
    """Say what is wrong with a seed file: `demo.yaml:41: what is, what must be`.

    `line` counts from 1 and is None where the whole file is meant.
    """

    def __init__(self, file: str, line: int | None, sentence: str) -> None:
        place = file if line is None else f"{file}:{line}"
        super().__init__(f"{place}: {sentence}")
        self.file = file
        self.line = line


class SeedNotFound(SeedError):
    """Say that there is no such seed, and which there are."""


class SeedSyntax(SeedError):
    """Say where a file stops being YAML."""


class SeedMistake(SeedError):
    """Say which field, reference or time cannot be."""
