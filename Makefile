# setup, run and test need only Python 3.11 or newer, make and PyPI.
PYTHON ?= python3
BIN := .venv/bin
PORT ?= 8080

.PHONY: setup run test lint

setup: .venv/.ready

.venv/.ready: pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "tag4pic needs Python 3.11 or newer; name one with: make PYTHON=python3.12"; exit 1; }
	@echo "Setting up .venv (a few minutes the first time) …"
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --upgrade pip
	@$(BIN)/python -m pip install --quiet --editable .
	@touch $@

.venv/.dev: .venv/.ready
	@echo "Adding what tests and checks need …"
	@$(BIN)/python -m pip install --quiet --editable '.[dev]'
	@touch $@

run: setup
	@$(BIN)/tag4pic run --port $(PORT)

test: .venv/.dev
	@$(BIN)/python -m pytest -q

lint: .venv/.dev
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
