"""The operations a step can name, as the contracts write them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from mock_server.contract.load import bundle_path, load_contract
from mock_server.http.operation import resolve

# Of the control plane, what a step can ask for: what is of the world and a function of it alone.
CONTROL_STEPS = ("add_fault", "get_encoder", "set_audience", "set_encoder")
_JSON = "application/json"


@dataclass(frozen=True, slots=True)
class Documented:
    """Hold an operation as a document writes it; `method` in lower case."""

    document: Mapping[str, Any]
    control: bool
    path: str
    method: str
    written: Mapping[str, Any]

    @property
    def success(self) -> int:
        """Return the status of its success."""
        return min(int(status) for status in self.written["responses"] if status.startswith("2"))

    @property
    def public(self) -> bool:
        """Tell whether it asks for no credentials."""
        return not self.written.get("security", self.document.get("security", []))

    @property
    def parameters(self) -> list[Mapping[str, Any]]:
        """Return its parameters, those of its path included."""
        shared = self.document["paths"][self.path].get("parameters", [])
        return [self.resolve(each) for each in (*shared, *self.written.get("parameters", []))]

    @property
    def body_schema(self) -> Mapping[str, Any] | None:
        """Return the schema of its body, None where it takes none."""
        if "requestBody" not in self.written:
            return None
        body = self.resolve(self.written["requestBody"])
        schema: Mapping[str, Any] = self.resolve(body["content"][_JSON]["schema"])
        return schema

    @property
    def body_required(self) -> bool:
        """Tell whether it can't be asked without a body."""
        body = self.resolve(self.written.get("requestBody", {}))
        return bool(body.get("required", False))

    @property
    def data_schema(self) -> Mapping[str, Any]:
        """Return the schema of `data` in the answer of its success."""
        answer = self.resolve(self.written["responses"][str(self.success)])
        envelope = self.resolve(answer["content"][_JSON]["schema"])
        schema: Mapping[str, Any] = self.resolve(envelope["properties"]["data"])
        return schema

    @property
    def moments(self) -> Iterator[str]:
        """Yield the fields of the body that are a date and a time."""
        for name, schema in (self.body_schema or {}).get("properties", {}).items():
            if self.resolve(schema).get("format") == "date-time":
                yield name

    def resolve(self, value: Any) -> Any:
        """Follow references of the document until there is a value."""
        return resolve(self.document, value)


class Catalogue:
    """Find operations by their ids: all of the API, and some of the control plane."""

    def __init__(self, contract: Mapping[str, Any]) -> None:
        self._found = _operations(contract, control=False)
        self._control: dict[str, Documented] | None = None

    def find(self, operation_id: str) -> Documented | None:
        """Return an operation, None where no step can name it."""
        found = self._found.get(operation_id)
        if found is None and operation_id in CONTROL_STEPS:
            # The control plane's document is read when the first scenario needs it.
            if self._control is None:
                control = load_contract(bundle_path("control"))
                self._control = _operations(control, control=True)
            found = self._control[operation_id]
        return found

    def unknown(self, operation_id: str) -> str:
        """Return a sentence that says that no step can name an operation, and which is near."""
        near = get_close_matches(operation_id, [*self._found, *CONTROL_STEPS], n=1)
        hint = f"nearest is `{near[0]}`" if near else "`greenroom routes` lists them"
        return f"no operation has the name `{operation_id}`, {hint}"


def _operations(document: Mapping[str, Any], *, control: bool) -> dict[str, Documented]:
    return {
        written["operationId"]: Documented(document, control, path, method, written)
        for path, methods in document["paths"].items()
        for method, written in methods.items()
        if "operationId" in written
    }
