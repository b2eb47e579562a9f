"""The bundled contracts, in a checkout or an installed package."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from mock_server.errors import OperatorError

_PACKAGE = Path(__file__).resolve().parent.parent


class ContractError(OperatorError):
    """Say why a contract can't be served: what is, what must be, what to do."""


def bundle_path(name: str) -> Path:
    """Return where the bundle `openapi` or `control` is kept."""
    packaged = _PACKAGE / "_data" / f"{name}.json"
    return packaged if packaged.exists() else _PACKAGE.parent / "openapi" / "dist" / f"{name}.json"


def load_contract(path: Path) -> dict[str, Any]:
    """Read a bundle; raises ContractError when it is no JSON object with `paths`."""
    try:
        document = json.loads(path.read_bytes())
    except OSError as error:
        raise ContractError(
            f"contract `{path}` can't be read ({error.strerror}), must be a bundled OpenAPI file"
        ) from None
    except ValueError as error:
        raise ContractError(f"contract `{path}` is not JSON: {error}") from None
    except RecursionError:
        raise ContractError(f"contract `{path}` is nested too deeply to be read") from None
    for name in ("openapi", "info", "paths"):
        if not isinstance(document, dict) or not document.get(name):
            raise ContractError(
                f"contract `{path}` has no `{name}`, must be a bundled OpenAPI file"
            )
    checked: dict[str, Any] = document
    return checked
