# What a developer types. `make help` lists it; everything runs from the clone, as any user, without uv.
SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory --no-builtin-rules

BIN := .venv/bin
DISTRIBUTIONS := libs/common services/ingest services/scoring services/orchestrator services/dispatcher deploy/local
LOCKS := deploy/requirements
PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input install --quiet --root-user-action=ignore

# deptry reads a distribution's name from its metadata; ours are called otherwise than their modules.
MODULES := cuestream-common=common,cuestream-ingest=ingest,cuestream-scoring=scoring,cuestream-orchestrator=orchestrator,cuestream-dispatcher=dispatcher

# Ours are resolved from the workspace (pyproject.toml) and left out of the locks.
COMPILE = $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --python $(BIN)/python --generate-hashes \
	--no-header --no-annotate $(if $(UPGRADE),--upgrade) \
	$(foreach name,cuestream cuestream-common cuestream-ingest cuestream-scoring cuestream-orchestrator cuestream-dispatcher,--no-emit-package $(name))

.PHONY: help install lint format test test-long test-fault bench demo env locks docs clean

help:  ## This list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-11s %s\n", $$1, $$2}' Makefile

install: .venv/.installed  ## Everything into .venv (any Python ≥ 3.11)

.venv/.installed: $(LOCKS)/dev.txt $(DISTRIBUTIONS:=/pyproject.toml)
	@python=; for candidate in $(PYTHON) python3.11 python3.12 python3.13 python3.14 python3; do \
		if "$$candidate" -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; \
		then python="$$candidate"; break; fi; \
	done; \
	if [ -z "$$python" ]; then \
		echo "No Python ≥ 3.11 with venv was found. Debian: apt install python3-venv; or say make install PYTHON=/path/to/python" >&2; exit 2; \
	fi; \
	echo "install: $$("$$python" --version) into .venv"; \
	"$$python" -m venv .venv
	@echo "install: the locked libraries (the first time takes a minute or two)"
	@$(PIP) --require-hashes --requirement $(LOCKS)/dev.txt
	@echo "install: cuestream itself"
	@$(PIP) --no-deps --no-build-isolation $(foreach folder,$(DISTRIBUTIONS),--editable ./$(folder))
	@touch $@
	@echo "install: done, $(BIN)/cuestream is there"

lint: install  ## Format, style, types, import contracts, declared dependencies (< 60 s)
	@echo "lint: ruff"
	@$(BIN)/ruff format --check --quiet .  || { echo "Run make format." >&2; exit 1; }
	@$(BIN)/ruff check --quiet .
	@echo "lint: mypy --strict"
	@$(BIN)/mypy --no-error-summary
	@echo "lint: import contracts"
	@$(BIN)/lint-imports --no-logo > .import_linter.log 2>&1 || { cat .import_linter.log; exit 1; }
	@echo "lint: declared dependencies"
	@for folder in $(DISTRIBUTIONS); do \
		(cd "$$folder" && ../../$(BIN)/deptry src --package-module-name-map $(MODULES) > .deptry.log 2>&1) \
			|| { cat "$$folder/.deptry.log"; exit 1; }; \
	done
	@echo "lint: good"

format: install  ## Format and repair what ruff can repair
	@$(BIN)/ruff format --quiet .
	@$(BIN)/ruff check --fix --quiet .

test: lint  ## Lint, then unit, integration and chain tests on real Kafka and PostgreSQL
	@$(BIN)/pytest -m "not long and not fault" $(PYTEST_ARGS)

test-long: install  ## What takes minutes: properties with other examples each time, each fault by itself, a demo for every kill, the images' install steps, the compose loader
	@$(BIN)/pytest -m "unit and hypothesis" --hypothesis-profile search $(PYTEST_ARGS)
	@$(BIN)/pytest -m long $(PYTEST_ARGS)

test-fault: export SIMULATION_SCHEDULES ?= 10000
test-fault: install  ## A million events under every fault, restore and replay (< 60 min); FAULT_SEED=… for other ones
	@$(BIN)/pytest -m fault $(PYTEST_ARGS)

bench: install  ## Our rates against bare loops that do the same work; BENCH="ingest resolve consume timers" leaves out the long one
	@for name in $(or $(BENCH),ingest resolve consume timers chain); do $(BIN)/cuestream bench "$$name" $(BENCH_ARGS); done

demo: install  ## The stack and a small shop; DEMO_SECONDS=60 make demo ends by itself
	@$(BIN)/cuestream demo $(DEMO_ARGS)

env:  ## Write .env for docker compose, with fresh secrets
	@python3 deploy/docker/environment.py

locks: install  ## Resolve deploy/requirements again from the pyproject files; UPGRADE=1 takes newer versions
	@echo "locks: dev"
	@$(COMPILE) --all-extras $(DISTRIBUTIONS:=/pyproject.toml) --group pyproject.toml:dev \
		--output-file $(LOCKS)/dev.txt > /dev/null
	@echo "locks: build"
	@$(COMPILE) --group pyproject.toml:build --constraints $(LOCKS)/dev.txt \
		--output-file $(LOCKS)/build.txt > /dev/null
	@for name in ingest scoring orchestrator dispatcher; do \
		echo "locks: $$name"; \
		$(COMPILE) "services/$$name/pyproject.toml" --constraints $(LOCKS)/dev.txt \
			--output-file "$(LOCKS)/$$name.txt" > /dev/null; \
	done
	@echo "locks: cuestream"
	@$(COMPILE) deploy/local/pyproject.toml --constraints $(LOCKS)/dev.txt \
		--output-file $(LOCKS)/cuestream.txt > /dev/null

docs: install  ## Write the generated pages of docs/ again
	@$(BIN)/python -m common.contracts.document docs/topics
	@$(BIN)/python -m docs.generator

clean:  ## Remove what the tools left; .venv and the local stack's data stay
	@rm -rf .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .import_linter.log
	@find . -path ./.venv -prune -o \( -name __pycache__ -o -name .deptry.log \) -print0 | xargs -0 rm -rf
