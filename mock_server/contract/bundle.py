"""Join the contract's split sources into one document whose references are all local.

The rule is short. A reference `file.yaml#/<kind>/<Name>`, where kind is one of OpenAPI's component
kinds, becomes the component of that name. Any other reference is replaced by what it points at,
and keys written beside it win over the target's keys: so path items are inlined, and an example
can say "that session, but live".
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mock_server.contract.sources import SourceError, load_yaml

DOCUMENTS = ("openapi", "control")
KINDS = ("schemas", "responses", "parameters", "examples", "headers", "links", "securitySchemes")


@dataclass(slots=True)
class _Bundling:
    """One bundling under way: the files read and the components met so far."""

    files: dict[Path, Any] = field(default_factory=dict)
    components: dict[tuple[str, str], Any] = field(default_factory=dict)
    origins: dict[tuple[str, str], Path] = field(default_factory=dict)
    inlining: list[str] = field(default_factory=list)

    def file(self, path: Path) -> Any:
        if path not in self.files:
            self.files[path] = load_yaml(path)
        return self.files[path]

    def resolve(self, node: Any, here: Path) -> Any:
        if isinstance(node, list):
            return [self.resolve(item, here) for item in node]
        if not isinstance(node, dict):
            return node
        reference = node.get("$ref")
        if not isinstance(reference, str):
            return {key: self.resolve(value, here) for key, value in node.items()}
        relative, _, pointer = reference.partition("#")
        path = (here.parent / relative).resolve() if relative else here
        parts = pointer.split("/")[1:]
        if len(parts) != 2 or parts[0] not in KINDS:  # noqa: PLR2004  a kind and a name
            return self.inline(node, parts, path, here)
        if len(node) > 1:
            raise SourceError(f"`{here}`: `{reference}` has keys beside it, must stand alone")
        self.component(parts[0], parts[1], path, here)
        return {"$ref": f"#/components/{parts[0]}/{parts[1]}"}

    def component(self, kind: str, name: str, path: Path, here: Path) -> None:
        key = (kind, name)
        origin = self.origins.setdefault(key, path)
        if origin != path:
            raise SourceError(f"`{name}` is in `{origin}` and `{path}`, must be in one of {kind}")
        if key not in self.components:
            self.components[key] = {}  # met: a schema may refer to itself
            self.components[key] = self.resolve(self.look_up([kind, name], path, here), path)

    def inline(self, node: dict[str, Any], parts: list[str], path: Path, here: Path) -> Any:
        place = f"{path}#/{'/'.join(parts)}"
        if place in self.inlining:
            raise SourceError(f"`{here}`: `{place}` leads back to itself, must end somewhere")
        self.inlining.append(place)
        target = self.resolve(self.look_up(parts, path, here), path)
        self.inlining.pop()
        if len(node) == 1:
            return target
        merged: dict[str, Any] = {}
        for key, value in node.items():
            if key != "$ref":
                merged[key] = self.resolve(value, here)
                continue
            for inherited in target:
                merged.setdefault(inherited, target[inherited])
        return merged

    def look_up(self, parts: list[str], path: Path, here: Path) -> Any:
        node = self.file(path)
        for part in parts:
            if not isinstance(node, dict) or part not in node:
                place = f"{path}#/{'/'.join(parts)}"
                raise SourceError(f"`{here}`: `{place}` leads nowhere, `{part}` is not there")
            node = node[part]
        return node


def bundle(root: Path, name: str = "openapi") -> dict[str, Any]:
    """Join `root/openapi/<name>.yaml` and all it refers to; raise `SourceError`.

    Paths keep the order of the route table; components are sorted by kind and name.
    """
    source = (root / "openapi" / f"{name}.yaml").resolve()
    state = _Bundling()
    document: dict[str, Any] = state.resolve(state.file(source), source)
    own = document.pop("components", {})
    merged = {
        kind: own.get(kind, {}) | {n: v for (k, n), v in state.components.items() if k == kind}
        for kind in KINDS
    }
    components = {kind: dict(sorted(merged[kind].items())) for kind in KINDS if merged[kind]}
    return {**document, "components": components}


def render(document: dict[str, Any]) -> str:
    """Write a document as the text of its file: JSON, indented by one, newline at the end."""
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"


def write_bundle(root: Path) -> list[Path]:
    """Write every document's bundle to `root/openapi/dist` and return the paths.

    Nothing is written when a source is wrong; raises `SourceError` then.
    """
    texts = {_target(root, name): render(bundle(root, name)) for name in DOCUMENTS}
    for path, text in texts.items():
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return list(texts)


def stale(root: Path) -> list[Path]:
    """List the bundles that are missing or differ from what their sources make."""
    return [
        path
        for name in DOCUMENTS
        if not (path := _target(root, name)).is_file()
        or path.read_text(encoding="utf-8") != render(bundle(root, name))
    ]


def is_fresh(root: Path) -> bool:
    """Tell whether every committed bundle is what its sources make."""
    return not stale(root)


def _target(root: Path, name: str) -> Path:
    return root / "openapi" / "dist" / f"{name}.json"
