# The words that the README, the CI and the docs use. `make help` lists them.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PACKAGES := loans conversion store adapters commands bot sandbox

.DEFAULT_GOAL := help
.PHONY: help install demo story test promises anyday check format docs lab lab-matrix lab-up lab-down bench lock clean

help:  ## show this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

install: $(VENV)/.installed  ## make .venv from the lock

$(VENV)/.installed: requirements-dev.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "lendbot needs Python 3.11 or newer; name one: make PYTHON=/path/to/python3.11 install" >&2; exit 2; }
	@echo "Making $(VENV) and filling it from requirements-dev.lock: about a minute the first time."
	@$(PYTHON) -m venv $(VENV)
	@# A package a line, as pip comes to it: the whole of what pip says would hide it.
	@$(BIN)/python -m pip install --disable-pip-version-check --require-hashes -r requirements-dev.lock > $(VENV)/install.log 2>&1 & \
	  pip=$$!; while kill -0 $$pip 2>/dev/null; do sleep 5; \
	    kill -0 $$pip 2>/dev/null && grep -c '^Collecting' $(VENV)/install.log | sed 's/^/  ... packages found so far: /'; done; \
	  wait $$pip || { tail -20 $(VENV)/install.log >&2; echo "pip failed; all it said is in $(VENV)/install.log" >&2; exit 1; }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@echo "Done."
	@touch $@

PORT ?= 8080
demo: install  ## a small site and lendbot, in the browser; PORT=8090 takes another port; Ctrl-C ends both
	@$(BIN)/python -m sandbox.demo --port $(PORT)

story: install  ## one whole loan through Slack's protocol, told as text; under 60 s
	@$(BIN)/python -m sandbox.story

# Six workers on two cores: the tests wait more than they compute.
PYTEST := $(BIN)/python -m pytest -n 6 --dist loadfile -m "not lab"
test: install  ## the tests that need no root, under 150 s
	$(PYTEST) --ignore tests/stories

promises: install  ## whole loans through crashes, outages, races and wrong clocks; they need no root either
	$(PYTEST) tests/stories

anyday: install  ## what knows the time, on eight days that break programs; MOMENTS="saturday fall-back" names some
	@$(BIN)/python -m tests.anyday $(MOMENTS)

check: install  ## format, lint, strict types, import contracts, generated docs current
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m tests.generated_docs --check

format: install  ## format and mend what can be mended
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

docs: install  ## write the generated pages anew
	$(BIN)/python -m tests.generated_docs

# Four labs on two cores: their tests wait more than they compute. The longest come first (tests/lab/conftest.py).
LAB := tests/contract tests/lab --timeout 1200 --durations 12
# Which Slurm: 22.05 is Debian 12's, on this machine; 24.11 and 26.05 have a root file system of their own each.
SLURM ?= 22.05
lab: install  ## root: the contract suites and stories on real daemons; SLURM=24.11 or 26.05 on another Slurm
ifeq ($(SLURM),22.05)
	@$(BIN)/python -m tests.lab.site run --labs 4 -- \
	  $(BIN)/python -m pytest -m lab $(LAB) -n 4 --dist loadgroup --no-loadscope-reorder -p no:cacheprovider
else
	@$(BIN)/python -m tests.lab.site.elsewhere $(SLURM) --labs 4 -- $(LAB)
endif

lab-matrix: install  ## root: the Slurm contract suite and one whole loan on Slurm 24.11 and on 26.05
	@$(BIN)/python -m tests.lab.site.elsewhere 24.11 26.05 -- tests/contract/test_slurm.py tests/lab/test_loan.py -k "test_slurm or gpu" --timeout 1200

lab-up: install  ## root: bring the lab up and leave it up; then `python -m tests.lab.product` plays on it
	$(BIN)/python -m tests.lab.site up

lab-down: install  ## root: end it
	$(BIN)/python -m tests.lab.site down

bench: install  ## ratios, taken in one run, written to docs/performance.md
	$(BIN)/python -m tests.bench

lock:  ## pin the dependencies anew, with hashes and without host names (needs uv)
	uv pip compile --quiet --upgrade --generate-hashes --no-header --no-annotate --no-emit-index-url --no-emit-find-links pyproject.toml -o requirements.lock
	uv pip compile --quiet --upgrade --generate-hashes --no-header --no-annotate --no-emit-index-url --no-emit-find-links --extra dev --extra build pyproject.toml -o requirements-dev.lock

clean:  ## remove what the other words made
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis run
