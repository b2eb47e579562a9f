"""Write the table of docs/stock-connexion.md anew.

Usage: `PYTHONPATH=. python tests/stock/write_table.py`.
"""

from __future__ import annotations

from pathlib import Path

from comparison import COUNT, SEED, compared

from mock_server.contract.load import bundle_path, load_contract

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "stock-connexion.md"


def main() -> None:
    contract, control = (load_contract(bundle_path(name)) for name in ("openapi", "control"))
    run = compared(contract, control, seed=SEED, count=COUNT)
    if run.unexplained or run.bad_manners:
        raise SystemExit(
            "\n\n".join(["wrong, or of no class:", *run.unexplained, *run.bad_manners])
        )
    text, _, _ = DOCUMENT.read_text().partition("| requests |")
    DOCUMENT.write_text(f"{text}{run.table()}\n")


if __name__ == "__main__":
    main()
