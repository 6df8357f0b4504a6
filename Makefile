# Everything that a person or CI runs.  `make` alone explains itself.

PYTHON ?= python3
BIN := .venv/bin
EXPLORER := gateway/web/explorer
CLIENTS := tests/clients
PIP := $(BIN)/python -m pip install -q --disable-pip-version-check --no-input
SOURCES := gateway adapters schema tests

.DEFAULT_GOAL := help
.PHONY: help demo test bench bench-catalogue bench-compiling bench-enrolment drill-crashes drill-drain drill-hanging drill-idle drill-partners drill-seats drill-slow soak fuzz-compiled fuzz-graphql fuzz-partners fuzz-refusals fuzz-validating lint format setup setup-dev setup-parquet explorer clients compiled adapter docs schema release-sdl pins clean

help:  ## Show what can be made
	@echo "Mitra: one GraphQL catalogue of many partners, one record of enrolments."
	@echo
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*##/\t/' | expand -t 14

demo: setup explorer  ## Start ten sandbox partners and the gateway, and show where they answer
	@$(BIN)/mitra demo

# In the order of their names the shortest files come last, so that no core waits for the other.
test: setup-dev explorer clients  ## Run every test, with real servers (about 10 minutes)
	@$(BIN)/python -m pytest -q -n 2 --dist loadfile --no-loadscope-reorder $(ARGS)

bench: setup  ## Compare a served gateway with its server's limit and plain Strawberry (6 minutes; ARGS="--workers 2")
	@$(BIN)/mitra bench speed --out bench-speed.json $(ARGS)

bench-compiling: setup  ## Compare compiled operations with plain Strawberry on the same data (half a minute)
	@$(BIN)/python -m gateway.bench.compiling

bench-catalogue: setup  ## Measure syncing and searching large catalogues (minutes; SIZES=1500,100000)
	@$(BIN)/mitra bench catalogue --sizes $(or $(SIZES),1500,100000) --out bench-catalogue.json

bench-enrolment: setup  ## Compare enrolling with bare inserts (minutes; LEARNERS=8400000 ENROLMENTS=10000000: an hour)
	@$(BIN)/mitra bench enrolment --learners $(or $(LEARNERS),0) --enrolments $(or $(ENROLMENTS),0) \
	  --out bench-enrolment.json

drill-crashes: setup-dev  ## Kill a gateway at eight points on both engines (long; ROUNDS=50)
	@$(BIN)/python -m tests.drills.crashes --rounds $(or $(ROUNDS),50)

drill-partners: setup-dev  ## Enrol while every partner fails and hangs, on both engines (long; COUNT=20000)
	@$(BIN)/python -m tests.drills.weather --count $(or $(COUNT),20000)

drill-hanging: setup-dev  ## Let one of ten partners hang under load, and compare what others wait (5 minutes)
	@$(BIN)/python -m tests.drills.hanging --pairs $(or $(PAIRS),5)

drill-drain: setup-dev  ## Restart two gateways behind a proxy under load, and count what clients notice (RESTARTS=5)
	@$(BIN)/python -m tests.drills.draining --restarts $(or $(RESTARTS),5)

drill-idle: setup-dev  ## Keep 5,000 silent connections open, and compare what others wait (2 minutes)
	@$(BIN)/python -m tests.drills.idle --connections $(or $(CONNECTIONS),5000)

drill-slow: setup-dev  ## Search beside thousands of slow clients; needs slowhttptest (5 minutes)
	@$(BIN)/python -m tests.drills.slow --connections $(or $(CONNECTIONS),15000)

soak: setup-dev  ## Serve a mixed load, and see that memory does not grow (10 minutes)
	@$(BIN)/python -m tests.drills.soak --minutes $(or $(MINUTES),10)

drill-seats: setup-dev  ## Let 10,000 learners rush for 100 seats from four processes (long; SEEDS=20)
	@$(BIN)/mitra drill seats --seeds $(or $(SEEDS),20)

fuzz-compiled: setup-dev  ## Compare compiled operations with graphql-core at random (10 minutes; CASES=20000 FIRST=1)
	@$(BIN)/python -m tests.fuzz.compiled --cases $(or $(CASES),20000) --first $(or $(FIRST),1)

fuzz-refusals: setup-dev  ## Look for the documents that are dearest to refuse (a minute)
	@$(BIN)/python -m tests.fuzz.dearest

fuzz-validating: setup-dev  ## Compare our validation with graphql-core's at random (20 minutes; CASES=100000 FIRST=1)
	@$(BIN)/python -m tests.fuzz.validating --cases $(or $(CASES),100000) --first $(or $(FIRST),1)

fuzz-partners: setup-dev  ## Call all that partners can call at random, from our OpenAPI (minutes; CASES=2000)
	@$(BIN)/python -m tests.fuzz.partners --cases $(or $(CASES),2000)

fuzz-graphql: setup-dev  ## Ask at random, and worse, by schemathesis and hypothesis-graphql (long; CASES=5000)
	@$(BIN)/python -m tests.fuzz.graphql --cases $(or $(CASES),5000) \
	  --documents $(or $(DOCUMENTS),20000) --bodies $(or $(BODIES),1000)

lint: setup-dev  ## Check style, types, imports, deployment files and generated documents
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo
	@$(BIN)/hadolint deploy/Dockerfile
	@$(BIN)/check-jsonschema --builtin-schema vendor.compose-spec deploy/compose.yaml
	@$(BIN)/yamllint --strict deploy
	@$(BIN)/python -m gateway.reference --check
	@$(BIN)/python -m gateway.contract

format: setup-dev  ## Put the code into its one layout
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

setup: .venv/.runtime compiled  ## Install what running needs into .venv

setup-dev: .venv/.dev compiled  ## Install what testing and linting need as well

# Processes read what they import, even where Python is told to write no bytecode: half a second each.
compiled: .venv/.runtime
	@$(BIN)/python -m compileall -q gateway adapters schema

setup-parquet: setup  ## Install what exporting Parquet needs as well (170 MB)
	@sed -n '/^pyarrow==/,/[^\\]$$/p' requirements/dev.txt | $(PIP) --require-hashes -r /dev/stdin

explorer: $(EXPLORER)/static/explorer.js  ## Bundle the explorer (needs Node 20; skipped without it)

clients: $(CLIENTS)/node_modules/.ready  ## Install the clients that frontends use, for the tests (needs Node 20)

adapter: setup  ## Start a new adapter: make adapter id=my_partner
	@$(BIN)/mitra adapter new $(id)

docs: setup-dev  ## Write the tables in the documents and the SDL anew
	@$(BIN)/python -m gateway.reference

release-sdl: setup-dev  ## Promise today's SDL to clients: a step of each release
	@$(BIN)/python -m gateway.contract --release

pins:  ## Renew the hashed pins in requirements/ (needs uv) and the locks of npm packages (needs Node)
	uv pip compile pyproject.toml --group build --universal --python-version 3.11 \
	  --generate-hashes --no-header --no-annotate --upgrade -q -o requirements/runtime.txt
	uv pip compile pyproject.toml --group build --group dev --universal --python-version 3.11 \
	  --generate-hashes --no-header --no-annotate -c requirements/runtime.txt --upgrade -q \
	  -o requirements/dev.txt
	for folder in $(EXPLORER) $(CLIENTS); do (cd $$folder \
	  && npm install --package-lock-only --ignore-scripts \
	  && node $(CURDIR)/$(EXPLORER)/strip-lock.mjs) || exit 1; done

clean:  ## Remove what was installed, built and stored here
	rm -rf .venv .mitra $(EXPLORER)/node_modules $(EXPLORER)/static $(CLIENTS)/node_modules

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Mitra needs Python 3.11 or newer: make PYTHON=/path/to/python3.11 …"; exit 1; }
	@echo "· making a virtual environment in .venv"
	@$(PYTHON) -m venv .venv

.venv/.runtime: requirements/runtime.txt pyproject.toml | .venv/bin/python
	@echo "· installing the gateway's packages (half a minute or so)"
	@$(PIP) --require-hashes -r requirements/runtime.txt
	@$(PIP) --no-deps --no-build-isolation -e .
	@touch $@

.venv/.dev: requirements/dev.txt .venv/.runtime
	@echo "· installing what tests and linters need"
	@$(PIP) --require-hashes -r requirements/dev.txt
	@touch $@

$(EXPLORER)/static/explorer.js: $(wildcard $(EXPLORER)/src/*) $(EXPLORER)/build.mjs $(EXPLORER)/package-lock.json
	@if command -v npm >/dev/null; then \
	  echo "· bundling the explorer" && cd $(EXPLORER) \
	  && npm ci --ignore-scripts --silent && npm run --silent build; \
	else \
	  echo "· no Node here: the explorer's page will say how to get it (all else works)"; \
	fi

$(CLIENTS)/node_modules/.ready: $(CLIENTS)/package-lock.json
	@if command -v npm >/dev/null; then \
	  echo "· installing the clients that frontends use" && cd $(CLIENTS) \
	  && npm ci --ignore-scripts --silent && touch node_modules/.ready; \
	else \
	  echo "· no Node here: the tests of frontends' clients will be skipped"; \
	fi
