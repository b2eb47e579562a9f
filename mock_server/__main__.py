"""Run the `greenroom` command as `python -m mock_server`."""

from __future__ import annotations

import sys

from mock_server.cli import main

sys.exit(main())
