# The only door: people, hooks and CI call the same targets. Bare `make` prints this help.
.DEFAULT_GOAL := help
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export ECRM_COMMAND = $(BIN)/ecrm
RUN_ARGS ?=
CLUSTER_ARGS ?=

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

.PHONY: help env run demo cluster cluster-stop
