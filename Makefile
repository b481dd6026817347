# make run    the main job on the bundled sample, to a published portal in ./var
# make test   make check, then all tests that this machine allows, in parallel, with what was skipped and why
# make check  style, types, direction of imports
# make serve  preview the portal on 127.0.0.1
# make screenshots   pictures of the pages of ./var into ./var/screenshots, and the four of the docs (needs chromium)
# make bench  every benchmark, for an hour on a quiet machine; exports are kept in ./build/bench (5 GB)
# make clean  remove what run and test made

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
UV     := $(BIN)/uv
STAMP  := $(VENV)/.installed
SAMPLE := schemas/sample/inbox

.PHONY: run test check serve screenshots bench clean install lock
.DEFAULT_GOAL := run

install: $(STAMP)

# The official Data Package 2.0 profile is data inside a package that asks for Python 3.12;
# only its JSON file is read, so it is installed without its code's requirements.
$(STAMP): requirements.lock requirements-profile.lock pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	$(UV) pip install --quiet --compile-bytecode --python $(BIN)/python --require-hashes -r requirements.lock
	$(UV) pip install --quiet --python $(BIN)/python --python-version 3.12 --no-deps --require-hashes -r requirements-profile.lock
	$(UV) pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@touch $(STAMP)

run: $(STAMP)
	$(BIN)/cchc run 2024-01 --to 2024-03 --inbox $(SAMPLE)
	$(BIN)/cchc run 2026-09 --inbox $(SAMPLE)
	$(BIN)/cchc status --inbox $(SAMPLE)

test: $(STAMP) check
	$(BIN)/python -m pytest -rs --numprocesses auto --dist worksteal

check: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

serve: $(STAMP)
	$(BIN)/cchc serve

screenshots: $(STAMP)
	$(BIN)/python -m tests.browser.screenshots var/portal/current var/screenshots
	$(BIN)/python -m tests.browser.screenshots var/portal/current docs/images --chosen

bench: $(STAMP)
	$(BIN)/python -m benchmarks.report --folder build/bench

# The lock records versions and hashes, never an address.
lock: $(STAMP)
	$(UV) pip compile --quiet --python-version 3.11 --extra dev --generate-hashes --no-emit-index-url --no-annotate --no-header -o requirements.lock pyproject.toml

clean:
	rm -rf var build *.egg-info .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
