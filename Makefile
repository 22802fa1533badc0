# setup, run and test need only Python 3.11, 3.12 or 3.13 and PyPI.
PYTHON ?= python3
BIN := .venv/bin
PORT ?= 8080
INSTALL := $(BIN)/python -m pip install --quiet --constraint requirements.lock --editable

# The starter's network, which the first start would compile otherwise.
COMPILE := $(BIN)/python -c 'from recommenders.engine import Engine; Engine.load()'

.PHONY: setup hashed run test coverage lint mutate lock

setup: .venv/.ready

# A graph is compiled for the very files that make it; setup does that, a service cannot store it.
.venv/.ready: pyproject.toml requirements.lock $(wildcard recommenders/backbones/*.py)
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "tag4pic needs Python 3.11 or newer; name one with: make PYTHON=python3.12"; exit 1; }
	@echo "Setting up .venv (a few minutes the first time) …"
	@test -x $(BIN)/pip || $(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --upgrade pip
	@$(INSTALL) .
	-@$(COMPILE)
	@touch $@

.venv/.dev: .venv/.ready
	@echo "Adding what tests and checks need …"
	@$(INSTALL) '.[dev]'
	@touch $@

# As setup, in a .venv that is not there yet: each file has to have its hash in requirements.hashes.
# PyTorch has none: its builds differ by machine.
hashed:
	@test -x $(BIN)/pip || $(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --require-hashes --no-deps --requirement requirements.hashes
	@# With the setuptools that was just checked.
	@$(INSTALL) . --no-build-isolation
	-@$(COMPILE)
	@touch .venv/.ready

run: setup
	@$(BIN)/tag4pic run --port $(PORT)

# Three processes on two cores: tests wait now and then, for others or for a while. A file stays in
# one of them, as what its tests share does, and the longest begin first (tests/conftest.py).
TESTS := pytest -q -n 3 --dist loadfile --no-loadscope-reorder

# Whatever the shell says: compiled once, modules start a hundred processes sooner.
test coverage: export PYTHONDONTWRITEBYTECODE :=

test: .venv/.dev
	@$(BIN)/python -m $(TESTS)

# The same, slower: which lines no test runs, and a floor of those that one does.
coverage: .venv/.dev
	@$(BIN)/python -m $(TESTS) --cov --cov-report=term-missing:skip-covered

# Changes a module in small ways, one after the other, and shows those that no test notices:
# make mutate OF=recommenders/hashtags.py BY=tests/recommenders/test_hashtags.py
mutate: .venv/.dev
	@.ci/mutate $(OF) $(BY)

lint: .venv/.dev
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo

# The newest versions that pyproject.toml allows; with Python 3.11, so that they fit every newer one.
lock: .venv/.dev
	@$(BIN)/python -m pip install --quiet --dry-run --ignore-installed --report .venv/report.json \
		--editable '.[dev]'
	@$(BIN)/python .ci/lock.py < .venv/report.json > .venv/lock && mv .venv/lock requirements.lock
	@$(BIN)/python .ci/hashes.py < requirements.lock > .venv/lock && mv .venv/lock requirements.hashes
