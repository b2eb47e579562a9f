"""Mistakes of the operator, told in one sentence and never with a stack trace.

OperatorError
├── ContractError    a contract can't be served      (mock_server/contract/load.py)
├── SourceError      the contract's sources are wrong (mock_server/contract/sources.py)
├── SeedError        a seed file has a mistake       (mock_server/seeds)
├── StorageError     a store can't be opened or used (mock_server/storage/protocol.py)
├── FaultError       no fault has this name          (mock_server/faults)
└── ServeError       the mock can't listen           (mock_server/serve.py)

Refusals of the API's own rules are another tree: `mock_server/domain/errors.py`.
"""

from __future__ import annotations


class OperatorError(Exception):
    """Say what is, what must be, and what to do."""
