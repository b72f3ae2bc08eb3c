# Each target sets itself up on a fresh machine that has Python 3.11, 3.12 or 3.13 (with venv) and a C compiler.
# `make` alone lists the targets.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

VENV := .venv
BIN := $(VENV)/bin
SETUP := $(VENV)/.set-up
TYPES := .cache/types
PYTEST := $(BIN)/python -m pytest -n auto --maxprocesses 4 --dist loadfile
DATA := .data/complete_journey/transactions.parquet

# The first Python that runs and is new enough; `make PYTHON=python3.13 setup` chooses another.
PYTHON ?= $(shell for python in python3.12 python3.11 python3.13 python3; do \
	$$python -c 'import sys, venv; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null && echo $$python && break; done)

.PHONY: help setup check test test-postgresql soak mutants bench demo demo-cdnow demo-settle demo-stream cases data dist dist-check clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sort | awk 'BEGIN {FS = ":.*## "}; {printf "  make %-16s %s\n", $$1, $$2}'

$(SETUP): pyproject.toml requirements-dev.txt
	@test -n "$(PYTHON)" || { echo "Guerdon needs Python 3.11, 3.12 or 3.13" >&2; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	touch $@

setup: $(SETUP) ## a virtual environment in .venv with Guerdon and everything to work on it

check: $(SETUP) ## style, types, one-way imports
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	rm -rf $(TYPES) && mkdir -p $(TYPES)/guerdon
	ln -sfn "$$PWD"/engine "$$PWD"/rules $(TYPES)/guerdon/
	MYPYPATH=$(TYPES) $(BIN)/mypy -p guerdon.rules -p guerdon.engine
	$(BIN)/lint-imports

test: $(SETUP) ## every test; the cases too, each as one batch, event by event and cut in two
	$(PYTEST)

test-postgresql: $(SETUP) ## every test, its ledgers in PostgreSQL
	GUERDON_TEST_ENGINE=postgresql $(PYTEST)

soak: $(SETUP) $(DATA) ## kills, full disks, and years in monthly files, at length: about an hour on two cores
	GUERDON_SOAK=1 $(BIN)/python -m pytest tests/reliability tests/stream

mutants: $(SETUP) ## change rules and decide a little, 400 times, and see whether the cases notice
	$(BIN)/python -m tests.mutation --sample 400

cases: $(SETUP) ## the acceptance cases and those of the programmes in schemes/
	$(BIN)/guerdon test tests/cases schemes

$(DATA): | $(SETUP)
	$(BIN)/python -m benchmarks.data

data: $(DATA) ## fetch the two public data sets into .data/

bench: $(SETUP) $(DATA) ## the benchmarks, as ratios
	$(BIN)/guerdon bench

demo: $(SETUP) $(DATA) ## a year of grocery shopping (simulated data) into a verified ledger, and one award explained
	@./.ci/demo complete_journey $(BIN) .data/complete_journey

demo-cdnow: $(SETUP) $(DATA) ## the demo with 69,659 real purchases of a CD shop
	@./.ci/demo cdnow $(BIN) .data/cdnow

demo-settle: $(SETUP) $(DATA) ## a coalition's year: twelve months closed, paid, and checked by other programs
	@./.ci/demo-settle $(BIN) .data/complete_journey

demo-stream: $(SETUP) $(DATA) ## a month through NATS, doubled, shuffled, its worker killed twice: the batch's digest
	@./.ci/demo-stream $(BIN) .data/complete_journey

dist: $(SETUP) ## sdist, and the wheel built from it, in dist/
	rm -rf build dist *.egg-info
	$(BIN)/python -m build --quiet
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .

dist-check: dist ## install that wheel into clean environments of every Python here, and use it
	./.ci/dist-check

clean: ## remove what was built; .venv and .data stay
	rm -rf build dist .cache .pytest_cache .mypy_cache .ruff_cache .hypothesis
