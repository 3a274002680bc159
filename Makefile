# Every verb is one line that works without make, too; README.md has them.
PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin

.PHONY: help install demo test test-pythons lint types docs manifests bench e2e control-plane lock clean

help: ## show the verbs
	@grep -hE '^[a-z0-9-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

install: $(VENV)/installed ## make .venv with the locked dependencies

$(VENV)/installed: requirements-dev.lock pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements-dev.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps -e .
	@touch $@

demo: install ## both servers before a simulated Kubernetes, to try everything out
	$(BIN)/cnpg-mcp-demo $(DEMO)

test: install ## run every tier that this machine can run, and say why others are skipped
	$(BIN)/python -m pytest -n 2

test-pythons: ## run the unit tier on every supported Python that is installed
	$(PYTHON) -m test.pythons

lint: install ## ruff, and which room may import which
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports --no-cache

types: install ## mypy, strict
	$(BIN)/mypy

docs: install ## write the generated parts of docs/, and of the chart's schema
	$(BIN)/python -m test.docs

manifests: install ## write the two manifests at the top from the chart (needs Helm, or Go)
	$(BIN)/python -m test.deploy.manifests

bench: install ## time the tools beside their floors
	$(BIN)/python -m test.bench.bench

control-plane: install ## build etcd, kube-apiserver and the operator once (needs Go)
	$(BIN)/python -m test.controlplane.binaries

e2e: install ## run the end-to-end tests on the cluster that KUBECONFIG names
	CNPG_MCP_E2E=1 $(BIN)/python -m pytest test/e2e

lock: install ## resolve the dependencies anew and pin them with hashes
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --custom-compile-command "make lock" pyproject.toml -o requirements.lock
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --custom-compile-command "make lock" --extra demo --extra test --extra dev pyproject.toml -o requirements-dev.lock

clean: ## remove what the other verbs made
	rm -rf $(VENV) $(VENV)-* build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis
