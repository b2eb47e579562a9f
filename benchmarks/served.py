"""Any application served as the mock is, by the same function with the same settings.

Usage: python -m benchmarks.served MODULE:NAME PORT
"""

from __future__ import annotations

import importlib
import sys

from mock_server.http.limits import Limits
from mock_server.serve import bind, run


def main(app: str, port: int) -> None:
    """Serve until a signal."""
    module, _, name = app.partition(":")
    found = getattr(importlib.import_module(module), name)
    run(found, bind("127.0.0.1", port), Limits(), lambda *_: None, lambda: None)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
