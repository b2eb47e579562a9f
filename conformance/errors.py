"""What can go wrong while a rule is tried.

AssertionError
└─ Mismatch          the target broke the rule: a failure
Exception
├─ Blocked           what the rule needs could not be set up: no verdict about the rule
├─ Unreachable       the network, not the target's answer: an error
│  └─ Busy           the target kept answering 429 for longer than we wait: an error
├─ ReadOnly          the rule would change something, and the run may not: unsupported
├─ Stopped           the run was stopped while the rule was tried: no verdict
└─ NotTestable       the target is not there, not this API, or refuses us: nothing is tried
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from conformance.reply import Reply

# What is expected of a request that was refused.
UNCHANGED = "nothing to change"


class Mismatch(AssertionError):
    """The target's answer is not what the rule requires."""

    def __init__(self, expected: str, received: str, reply: Reply | None = None) -> None:
        super().__init__(f"expected {expected}, received {received}")
        self.expected = expected
        self.received = received
        self.reply = reply


class Blocked(Exception):
    """A step before the rule's own subject failed."""

    def __init__(self, waits_for: str, received: str) -> None:
        super().__init__(f"waits for `{waits_for}`: {received}")
        self.waits_for = waits_for


class Unreachable(Exception):
    """The target gave no answer."""


class Busy(Unreachable):
    """The target answered 429 for longer than a request may wait."""


class ReadOnly(Exception):
    """The run may only read, and the request would not."""


class Stopped(Exception):
    """The run was stopped."""


class NotTestable(Exception):
    """No rule can be tried against this target."""
