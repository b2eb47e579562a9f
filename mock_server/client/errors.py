"""What can go wrong between a test and its mock, as one tree.

MockError
├── Unreachable       nothing answers there
├── NotAMock          something answers that is no mock
├── Refused           the mock refuses, with a status and a sentence
├── NoSuchPersona     the world has nobody of this name
└── EventsLost        what happened meanwhile is no longer kept
"""

from __future__ import annotations


class MockError(Exception):
    """Say what is, what must be, and what to do."""


class Unreachable(MockError):
    """Report that nothing answers at the mock's address."""


class NotAMock(MockError):
    """Report an answer that no mock gives."""


class Refused(MockError):
    """Report what the mock refused: `status` and its `sentence`."""

    def __init__(self, operation: str, status: int, sentence: str) -> None:
        super().__init__(f"{operation} was refused with {status}: {sentence}")
        self.operation = operation
        self.status = status
        self.sentence = sentence


class NoSuchPersona(MockError):
    """Report a name that no persona of the world has."""


class EventsLost(MockError):
    """Report events that the mock no longer has, so that nobody takes a part for the whole."""
