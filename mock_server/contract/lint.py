"""Check that the contract is whole: valid OpenAPI, and our own rules on top of it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from mock_server.contract.bundle import DOCUMENTS, KINDS, bundle, stale
from mock_server.contract.document import Document, Finding, Rule
from mock_server.contract.rules import examples, form, lifecycles, links, operations, serving
from mock_server.contract.sources import SourceError, load_yaml

__all__ = ["CONTROL_RULES", "RULES", "Finding", "lint", "lint_sources"]

# The other rules lean on these, so what they find is all that is told.
GATES: tuple[Rule, ...] = (form.references_resolve, form.version_is_3_0, form.valid_openapi)

# What holds for every document, the mock's own control plane included.
CONTROL_RULES: tuple[Rule, ...] = (
    form.operation_ids,
    form.names,
    form.plain_schemas,
    form.properties_exist,
    form.descriptions,
    form.components_are_used,
    form.provenance,
    operations.words,
    operations.one_success,
    operations.refusals,
    operations.headers,
    operations.envelopes,
    operations.roles,
    operations.security,
    examples.bodies_have_examples,
    examples.examples_keep_their_schema,
    examples.no_placeholders,
    links.creations_have_links,
    links.links_resolve,
    links.expressions_lead_somewhere,
    serving.bodies_are_json,
    serving.query_is_readable,
    serving.roles_are_names,
    lifecycles.states_are_the_statuses,
    lifecycles.moves_exist,
    lifecycles.moves_are_said_once,
    lifecycles.refusals_for_state_have_rows,
)
RULES: tuple[Rule, ...] = (*CONTROL_RULES, operations.busy, serving.sessions_have_moves)


def lint(document: Document, rules: Sequence[Rule] = RULES) -> list[Finding]:
    """List every place where a bundled document breaks a rule, each place and message once."""
    for gate in GATES:
        if found := list(gate(document)):
            return found
    return list(dict.fromkeys(finding for rule in rules for finding in rule(document)))


def lint_sources(root: Path) -> list[Finding]:
    """Lint what the sources under `root/openapi` make, and tell what is out of date or unused.

    A finding's pointer begins with the name of its bundle or source.
    """
    try:
        documents = {name: bundle(root, name) for name in DOCUMENTS}
    except SourceError as error:
        return [Finding("openapi", str(error))]
    found = []
    for name, document in documents.items():
        rules = RULES if name == "openapi" else CONTROL_RULES
        found += [Finding(f"{name}.json{f.pointer}", f.message) for f in lint(document, rules)]
    stale_bundles = [
        Finding(f"{path.name}#", "differs from its sources, run `greenroom contract bundle`")
        for path in stale(root)
    ]
    return [*found, *_unused_sources(root, list(documents.values())), *stale_bundles]


def _unused_sources(root: Path, documents: list[Document]) -> list[Finding]:
    return [
        Finding(f"{path.relative_to(root).as_posix()}#/{kind}/{name}", "is used by no document")
        for path in sorted((root / "openapi").glob("*/*.yaml"))
        for kind, members in load_yaml(path).items()
        if kind in KINDS
        for name in members
        if not any(name in document["components"].get(kind, {}) for document in documents)
    ]
