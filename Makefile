# Each target builds what it needs by itself and may be repeated.
.DEFAULT_GOAL := help
SHELL := /bin/sh
.DELETE_ON_ERROR:

VENV := .venv
PYTHON := $(VENV)/bin/python
VAR_DIR ?= var
STATIC_ROOT ?= $(VAR_DIR)/static

RUN_READY := $(VENV)/ready
DEV_READY := $(VENV)/ready-dev
STATIC_READY := $(STATIC_ROOT).collected
PIP := $(PYTHON) -m pip install --quiet --no-input --disable-pip-version-check --require-hashes
TEMPLATES := $$(find templates -name '*.html')
PYTHON_SOURCES := chatsite conversations tests bench manage.py

.PHONY: help run test lint fix bench screenshots lock clean

help: ## List these targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: $(RUN_READY) $(STATIC_READY) ## Start Roundtable on http://127.0.0.1:8000
	@exec $(PYTHON) manage.py serve --migrate

test: $(DEV_READY) ## Run every test, the browser's and PostgreSQL's included
	@exec $(PYTHON) -m tests

lint: $(DEV_READY) ## Check style, types, layers, templates, migrations and deployment
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/lint-imports
	$(VENV)/bin/djade --check --target-version 5.2 $(TEMPLATES)
	$(VENV)/bin/djlint --lint --quiet templates
	$(VENV)/bin/mypy $(PYTHON_SOURCES)
	VAR_DIR=$(VENV)/lint $(PYTHON) manage.py makemigrations --check --dry-run
	VAR_DIR=$(VENV)/lint SITE_URL=https://chat.example TRUSTED_PROXY_COUNT=1 $(PYTHON) manage.py check --deploy --fail-level WARNING

fix: $(DEV_READY) ## Format the code and repair what can be repaired
	$(VENV)/bin/ruff check --fix .
	$(VENV)/bin/ruff format .
	$(VENV)/bin/djade --target-version 5.2 $(TEMPLATES)

bench: $(DEV_READY) ## Measure the server against a bare relay, and what contexts cost
	@exec $(PYTHON) -m bench

screenshots: $(DEV_READY) ## Take the README's screenshot, and one of every screen
	@exec $(PYTHON) -m tests.browser.screenshots

lock: $(DEV_READY) ## Resolve pyproject.toml into the two lock files
	$(LOCK) --upgrade pyproject.toml -o requirements.lock
	$(LOCK) --upgrade pyproject.toml -c requirements.lock --group dev -o requirements-dev.lock

clean: ## Remove the environment and the caches; conversations stay
	rm -rf $(VENV) .coverage .coverage.* .hypothesis .mypy_cache .pytest_cache .ruff_cache .import_linter_cache

LOCK := $(VENV)/bin/uv pip compile --quiet --universal --python-version 3.11 \
	--generate-hashes --no-header --no-emit-index-url --no-emit-find-links

$(PYTHON):
	@.ci/venv $(VENV)

$(RUN_READY): requirements.lock | $(PYTHON)
	@echo "Installing what Roundtable runs on …"
	@$(PIP) -r requirements.lock
	@touch $@

$(DEV_READY): requirements-dev.lock $(RUN_READY)
	@echo "Installing what the tests need …"
	@$(PIP) -r requirements-dev.lock
	@touch $@

# Directories are listed too: their times change when a file is added or removed.
$(STATIC_READY): $(RUN_READY) $(shell find static chatsite/staticfiles.py 2>/dev/null)
	@$(PYTHON) manage.py collectstatic --noinput --verbosity 0
	@touch $@
