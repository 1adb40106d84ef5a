# Needs only make and Python 3.11 or later; everything else goes into .venv. `make` alone tells what there is.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed
CODE    = $(wildcard connector adapters mappings sandbox bench commands tests cli.py composition.py)
ARGS   ?=

.DEFAULT_GOAL := help
.PHONY: help venv demo test check lint fmt types bench soak image lock browser clean

help: ## tell what there is (the default)
	@echo "make TARGET, where TARGET is one of:"
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  \1|\2/p' Makefile | awk -F'|' '{ printf "%-10s%s\n", $$1, $$2 }'

venv: $(STAMP) ## make .venv with everything pinned in constraints.txt
	@:

# pip is called with -qq: an operator's own pip configuration may make it warn at every package; errors still show.
$(STAMP): constraints.txt pyproject.toml tools/check-python
	@sh tools/check-python "$(PYTHON)"
	@echo "Installing into $(VENV) ..."
	@test -x $(BIN)/python || "$(PYTHON)" -m venv $(VENV)
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --require-hashes -r constraints.txt
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

demo: $(STAMP) ## run the whole thing against stand-ins, without tokens (options: ARGS=...)
	@$(BIN)/connector demo $(ARGS)

test: $(STAMP) browser ## run every test, on SQLite and on a real PostgreSQL (options: ARGS="-k word")
	@$(BIN)/python -m pytest -q -n 4 --dist loadgroup $(ARGS)

check: lint types test ## lint, format, types and tests: what a change must pass

lint: $(STAMP) ## look for faults and for files not formatted
	@$(BIN)/ruff check --quiet $(CODE)
	@$(BIN)/ruff format --check --quiet $(CODE) || { echo "Not formatted: run 'make fmt'."; exit 1; }
	@echo "lint: clean"

fmt: $(STAMP) ## format the code and mend what can be mended
	@$(BIN)/ruff check --fix --quiet $(CODE) || true
	@$(BIN)/ruff format --quiet $(CODE)

types: $(STAMP) ## check the types, strictly
	@$(BIN)/mypy $(CODE)

bench: $(STAMP) ## measure events per second and delays on this machine
	@$(BIN)/connector bench $(ARGS)

soak: $(STAMP) ## the proofs for long: weather, kills, power cuts, the outbox against its model (an hour or two)
	@$(BIN)/pytest tests/weather tests/store tests/bars tests/domain/test_ladder_month.py tests/process/test_kill.py tests/process/test_two_ways.py --timeout 7200 \
		--weather 20000 --rules 200 --months 20 --outbox 1000 --soak 5 --kills 200 --two-ways 40 $(ARGS)

image: $(STAMP) ## build the image, run it, the compose files and the unit (docker or podman; minutes)
	@$(BIN)/python -m pytest tests/deploy --image --unit $(ARGS)

browser: # what the browser test drives; where it cannot be had the test is skipped with its reason
	@sh tools/install-browser

lock: ## pin every dependency anew into constraints.txt
	@sh tools/check-python "$(PYTHON)"
	@test -x $(VENV)-lock/bin/uv || { "$(PYTHON)" -m venv $(VENV)-lock && $(VENV)-lock/bin/pip install -qq uv; }
	@printf '%s\n' "# Every package pinned, with its hashes. Written by 'make lock', installed by 'make venv'." > constraints.new
	@$(VENV)-lock/bin/uv pip compile --quiet --upgrade --universal --python-version 3.11 --extra dev \
		--generate-hashes --no-header --no-emit-index-url --no-emit-find-links pyproject.toml >> constraints.new
	@mv constraints.new constraints.txt
	@rm -rf $(VENV)-lock
	@echo "constraints.txt is written: run 'make check', then commit it."

clean: ## remove what make and the tools made
	@rm -rf $(VENV) $(VENV)-lock constraints.new dist .mypy_cache .pytest_cache .ruff_cache .hypothesis
	@find connector adapters mappings sandbox tests -name __pycache__ -prune -exec rm -rf {} + 2>/dev/null || true
