"""Install the peers from npm into a folder of their own: `python -m benchmarks.peers FOLDER`."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from benchmarks.peers.compared import PACKAGES


def main(folder: Path) -> int:
    """Install and return npm's exit code."""
    if shutil.which("npm") is None:
        raise SystemExit("peers come from npm, install it with: apt-get install nodejs npm")
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copy(PACKAGES, folder / "package.json")
    quiet = ("--no-package-lock", "--no-audit", "--no-fund", "--ignore-scripts")
    return subprocess.run(["npm", "install", *quiet], cwd=folder, check=False).returncode


if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit(__doc__)
    sys.exit(main(Path(sys.argv[1]).resolve()))
