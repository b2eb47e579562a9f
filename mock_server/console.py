"""What the command prints, also where nobody listens."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TextIO


def require_streams() -> None:
    """Give a process that was started without stdout or stderr (`>&-`) places to write to."""
    sys.stdout = sys.stdout or _nowhere()
    sys.stderr = sys.stderr or _nowhere()


def say(text: str) -> None:
    """Print a line at once; whoever read along (`| head`) may have left."""
    try:
        sys.stdout.write(f"{text}\n")
        sys.stdout.flush()
    except BrokenPipeError:
        # Python would complain once more at its end.
        sys.stdout = _nowhere()


def _nowhere() -> TextIO:
    return Path(os.devnull).open("w")
