# Two commands do everything: `make demo` and `make test`. Both make their own .venv first.
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
POLICY := $(BIN)/imgpolicy
PLATFORMS := gemini openai flux midjourney stability openrouter
EXPLAINED := image-safety-waived

.PHONY: demo test check lint bench clean help

help: ## Print the targets
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/'

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade pip

$(VENV)/.installed: $(BIN)/python pyproject.toml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	@touch $@

$(VENV)/.tested: $(BIN)/python pyproject.toml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[test]'
	@touch $@ $(VENV)/.installed

$(VENV)/.linted: $(VENV)/.tested
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[test,dev]'
	@touch $@

demo: $(VENV)/.installed ## Decide native samples of every platform, explain one, compare all
	@for provider in $(PLATFORMS); do \
	  echo "== Verdicts on native samples of $$provider"; \
	  (cd providers/policyengine_$$provider/scenarios && \
	    $(abspath $(POLICY)) evaluate --provider $$provider */*.json 2>$(abspath $(VENV))/demo.err) \
	    || { cat $(VENV)/demo.err; exit 1; }; \
	  echo; \
	done
	@echo "== One of them explained"
	@$(POLICY) explain --provider gemini providers/policyengine_gemini/scenarios/gemini-api/$(EXPLAINED).json
	@echo "== What each failure of one same piece of work costs, and where"
	@$(POLICY) compare

test: $(VENV)/.tested ## Run the tests
	$(BIN)/python -m pytest -n auto

check: $(VENV)/.installed ## Check the rules and run their examples
	$(POLICY) check --proof
	$(POLICY) test

lint: $(VENV)/.linted ## Run ruff and mypy
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: $(VENV)/.installed ## Measure against the named references
	$(BIN)/python -m benchmarks

clean: ## Remove what was built
	rm -rf $(VENV) dist build .mypy_cache .ruff_cache .pytest_cache .hypothesis
