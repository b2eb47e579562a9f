# Two commands do everything on a machine with Python >= 3.11: `make serve` and `make test`.
# Both keep to .venv; the machine's own Python is left alone.
PYTHON ?= python3
BIN := .venv/bin
.DEFAULT_GOAL := help
# What tries the whole suite again and again, or compares with others, is for `make check`.
LONG := tests/cluster tests/stock tests/test_rules_can_fail.py tests/test_reports_hide_credentials.py \
	tests/test_outside.py tests/conformance/test_other_servers.py
# With MEASURE=1, as in CI, tests measure coverage on the way, and `make check` reads what they found. Not
# those of faults, which take twice as long with it: that each fault has a test is a test itself.
PLAIN := $(if $(MEASURE),tests/faults tests/e2e)
PYTEST := $(BIN)/python $(if $(MEASURE),-m coverage run )-m pytest

.PHONY: help serve test check faults format lock bench figures peers

help: ## list the targets
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

serve: .venv/installed ## start the mock server (options in ARGS)
	@$(BIN)/greenroom serve $(ARGS)

test: .venv/ready ## run the tests, then the conformance suite against the mock
	$(if $(MEASURE),$(BIN)/python -m coverage erase)
	$(PYTEST) tests $(LONG:%=--ignore %) $(PLAIN:%=--ignore %) -n auto --dist worksteal -q -rs
	$(if $(PLAIN),$(BIN)/python -m pytest $(PLAIN) -n auto --dist worksteal -q -rs)
	$(BIN)/python -m pytest -q

check: .venv/ready ## format, lint, types, import rules, contract, faults, replicas, coverage, speed
	$(BIN)/python -m ruff format --check .
	$(BIN)/python -m ruff check .
	$(BIN)/python -m mypy
	$(BIN)/lint-imports
	$(BIN)/greenroom contract lint
	$(BIN)/python -m pytest $(filter-out tests/cluster,$(LONG)) -n auto --dist worksteal -q -rs
	$(BIN)/python -m pytest tests/cluster -q -rs
	$(if $(MEASURE),,$(MAKE) test MEASURE=1)
	$(BIN)/python -m coverage combine -q
	$(BIN)/python -m coverage report
	$(BIN)/python -m benchmarks.gate

faults: .venv/ready ## try each deliberate fault against the rules that must see it (make check: two of a family)
	GREENROOM_FAULTS=all $(BIN)/python -m pytest tests/test_rules_can_fail.py tests/stock -n auto --dist worksteal -q

format: .venv/ready ## format and mend what can be mended
	$(BIN)/python -m ruff check --fix .
	$(BIN)/python -m ruff format .

peers: .venv/ready ## install the servers that bench compares with into the folder PEERS
	$(BIN)/python -m benchmarks.peers $(or $(PEERS),$(error PEERS must name a folder: make peers PEERS=/tmp/peers))

bench: .venv/ready ## measure what the README claims, beside the servers in PEERS
	$(BIN)/python -m benchmarks $(ARGS)

figures: .venv/ready ## measure it all, and write it into docs/figures.md
	$(BIN)/python -m benchmarks --million --json docs/figures.json
	$(BIN)/python -m benchmarks.figures

lock: ## pin dependencies anew, with hashes (needs uv)
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
		--custom-compile-command "make lock" pyproject.toml -o requirements.txt
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
		--custom-compile-command "make lock" --extra dev -c requirements.txt pyproject.toml -o requirements-dev.txt

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "greenroom needs Python 3.11 or newer: make PYTHON=/path/to/python3.12")'
	$(PYTHON) -m venv .venv

.venv/installed: .venv/bin/python requirements.txt pyproject.toml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

.venv/ready: .venv/installed requirements-dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	@touch $@
