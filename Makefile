.DEFAULT_GOAL := help
SHELL := bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
CUSTOMERS ?= 5000
MADE := examples/acme/.exports.json
CONFIG ?= examples/acme/config.yaml
AS_OF ?= 2026-10-31

# Images of containers set it: each process would compile hundreds of modules anew, and three workers the tests.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help setup example run ui test test-all lint docs bench clean

help:  ## Show what can be made
	@test -t 1 && bold=1 || bold=; awk -v bold=$$bold 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf bold ? "  \033[1m%-8s\033[0m %s\n" : "  %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(READY)  ## Create .venv from the locked requirements, and parse the dbt project
	@$(BIN)/python -m orchestration.dbt

$(READY): requirements.lock
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Rapport needs Python 3.11 or newer: make PYTHON=python3.12 setup"; exit 2; }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	@$(BIN)/uv pip install --quiet --compile-bytecode --python $(BIN)/python --require-hashes -r requirements.lock
	@touch $@

# What was made is said last, so that exports whose making was stopped are made again. Another number of customers is another company.
example: $(READY)
	@test -e $(MADE) -a -d examples/acme/exports || $(BIN)/python -m examples.acme.generate --customers $(CUSTOMERS)
	@test '$(origin CUSTOMERS)' = file || grep -q '"customers": $(CUSTOMERS),' $(MADE) || { echo "examples/acme/exports are of another number of customers: $$(cat $(MADE)); make clean, then make run CUSTOMERS=$(CUSTOMERS) begins anew"; exit 2; }

run: example  ## Run one night of the example company and publish a release
	@$(BIN)/python -m orchestration run --config $(CONFIG) --as-of $(AS_OF)

ui: example  ## Open the Dagster UI with the same job on http://127.0.0.1:3000
	@RAPPORT_CONFIG=$${RAPPORT_CONFIG:-$(abspath $(CONFIG))} $(BIN)/python -m orchestration ui

test: $(READY)  ## Run the tests: under ten minutes on two cores
	@$(BIN)/python -m pytest -n 3 --dist loadfile -m "not thorough"

test-all: $(READY)  ## Run the thorough tests as well, as CI does
	@$(BIN)/python -m pytest -n 3 --dist loadfile

lint: $(READY)  ## Style, types and import contracts
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

docs: $(READY)  ## Write the generated pages under docs/
	@$(BIN)/python -m orchestration docs

bench: $(READY)  ## Print what a night of 20,000 customers costs; docs/benchmarks.md has the other commands
	@$(BIN)/python -m benchmarks.nightly --customers 20000

clean:  ## Remove what was generated, the environment excepted
	@! test -e data/state/company.json || grep -qE '"(Acme|CDNOW)"' data/state/company.json || { echo "data/ is the home of a company of yours, its landing included; remove it by hand if that is meant"; exit 2; }
	@rm -rf data examples/acme/exports*/ examples/acme/truth*/ examples/acme/.exports*.json dbt_project/target dbt_project/logs
