# Needs Python 3.11 or newer and make. Everything is installed into .venv; the network is used for the package registry
# only, and only until the stamp files in .venv are there.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
CASE ?= us-japan
OUT ?= brief/
LOCALE := src/didymium/locale

.DEFAULT_GOAL := help
.PHONY: help brief test check docs messages clean

help:  ## what can be made
	@sed -n 's/^\([a-z]*\):.*##/\1:/p' $(MAKEFILE_LIST)

brief: $(VENV)/.run  ## the brief of the bundled case (CASE=..., OUT=...)
	$(BIN)/didymium brief $(CASE) --out $(OUT)

test: check  ## style, types, import contract and tests (ARGS=... goes to pytest)
	$(BIN)/python -m pytest $(ARGS)

check: $(VENV)/.test  ## style, types and import contract
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

docs: $(VENV)/.docs  ## the reference pages, in build/docs
	$(BIN)/python -m sphinx -W -b html docs build/docs

messages: $(VENV)/.test  ## the catalogue of messages: template, translations, compiled
	$(BIN)/pybabel --quiet extract -F $(LOCALE)/babel.cfg --add-location=file --sort-by-file \
		--project=didymium --copyright-holder="The didymium contributors" -o $(LOCALE)/didymium.pot src/didymium
	for po in $(wildcard $(LOCALE)/*/LC_MESSAGES/didymium.po); do \
		language=$$(basename $$(dirname $$(dirname $$po))); \
		$(BIN)/pybabel --quiet update -N -l $$language -i $(LOCALE)/didymium.pot -o $$po && \
		$(BIN)/pybabel --quiet compile -l $$language -i $$po -o $${po%.po}.mo || exit 1; \
	done

clean:  ## removes .venv and all that was made, the brief too
	rm -rf $(VENV) build dist $(OUT) .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis

# One stamp file per set of packages: a second make installs nothing. A half-made environment is made anew.
$(VENV)/.python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "$(PYTHON) is missing or older than 3.11: make PYTHON=/path/to/newer/python3" >&2; exit 1; }
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv --clear $(VENV)
	@touch $@

$(VENV)/.run: pyproject.toml | $(VENV)/.python
	$(PIP) install --quiet -e .
	@touch $@

$(VENV)/.test: pyproject.toml | $(VENV)/.python
	$(PIP) install --quiet -e '.[test]'
	@touch $@ $(VENV)/.run

$(VENV)/.docs: pyproject.toml | $(VENV)/.python
	$(PIP) install --quiet -e '.[docs]'
	@touch $@ $(VENV)/.run
