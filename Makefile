# make run    the main job on the bundled sample, to a published portal in ./var
# make extra  a part that few need, EXTRA=spark, celery, rclone or ckan, at the versions that are tested
# make test   make check, then all tests that this machine allows, in parallel, with what was skipped and why
# make check  style, types, direction of imports
# make serve  preview the portal on 127.0.0.1
# make screenshots   pictures of the pages of ./var into ./var/screenshots, and those of the docs (needs chromium)
# make bench  every benchmark, for an hour on a quiet machine; exports are kept in ./build/bench (5 GB)
# make clean  remove what run and test made

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
UV     := $(BIN)/uv
STAMP  := $(VENV)/.installed
TESTED := $(VENV)/.installed-dev
SAMPLE := schemas/sample/inbox

.PHONY: run test check serve screenshots bench clean install extra lock
.DEFAULT_GOAL := run

# What was compiled is kept: a process that loads Dagster and Great Expectations costs twice as much without.
unexport PYTHONDONTWRITEBYTECODE

install: $(STAMP)

# What runs it, and no test package; uv itself by its hash.
$(STAMP): requirements-install.lock requirements.lock pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-install.lock
	$(UV) pip install --quiet --python $(BIN)/python --require-hashes -r requirements.lock
	$(UV) pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	$(UV) pip uninstall --quiet --python $(BIN)/python pip
	@touch $(STAMP)

# What tests it: the same versions, and the rest.
$(TESTED): $(STAMP) requirements-dev.lock
	$(UV) pip install --quiet --python $(BIN)/python --require-hashes -r requirements-dev.lock
	@touch $(TESTED)

# sign and postgres are installed already.
extra: $(STAMP)
	$(UV) pip install --quiet --python $(BIN)/python --no-build-isolation --constraints requirements-dev.lock --editable '.[$(EXTRA)]'

run: $(STAMP)
	$(BIN)/cchc run 2024-01 --to 2024-03 --inbox $(SAMPLE)
	$(BIN)/cchc run 2026-09 --inbox $(SAMPLE)
	$(BIN)/cchc status --inbox $(SAMPLE)

test: $(TESTED) check
	$(BIN)/python -m pytest -rs --numprocesses auto --dist loadfile --no-loadscope-reorder

check: $(TESTED)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

serve: $(STAMP)
	$(BIN)/cchc serve

screenshots: $(TESTED)
	$(BIN)/python -m tests.browser.screenshots var var/screenshots
	$(BIN)/python -m tests.browser.screenshots var docs/images --chosen

bench: $(TESTED)
	$(BIN)/python -m benchmarks.report --folder build/bench

# The locks record versions and hashes, never an address. The development lock is made first: what runs has its versions.
COMPILE := $(UV) pip compile --quiet --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --no-header

lock: $(TESTED)
	$(COMPILE) --extra dev -o requirements-dev.lock pyproject.toml
	sed 's/ \\$$//; /--hash/d' requirements-dev.lock > $(VENV)/versions.txt
	$(COMPILE) -c $(VENV)/versions.txt --extra sign --extra postgres -o requirements.lock pyproject.toml
	printf 'uv\nsetuptools>=77\n' | $(COMPILE) -o requirements-install.lock -

clean:
	rm -rf var build *.egg-info .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
