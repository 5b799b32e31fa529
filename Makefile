PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin

.PHONY: setup demo test test-slow test-robustness test-faults test-killloop test-history test-load test-workers check types pictures format bench goldens schemas lint-docker clean

setup: $(VENV)/.ready

$(VENV)/.ready: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "flerkjerne needs Python 3.11 or newer; set PYTHON=python3.12, say")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	@touch $@

demo: setup  ## solve the bundled Lillehammer scenario and write the plan under out/
	$(BIN)/flerkjerne demo

test: setup  ## the whole suite
	$(BIN)/pytest -n auto --dist loadfile -m "not slow"

test-slow: setup  ## what takes longer than the whole suite may
	$(BIN)/pytest -m slow

test-robustness: setup  ## the whole corpus of bad requests, and 20 000 that are generated
	$(BIN)/pytest tests/robustness -s

test-faults: setup  ## the long forms of the list of faults
	$(BIN)/pytest -m slow -s tests/integration

KILLS ?= 200

test-killloop: setup  ## kill processes and databases at random moments; every run ends, once
	$(BIN)/python -m tests.integration.killloop sqlite --kills $(KILLS)
	$(BIN)/python -m tests.integration.killloop postgresql --kills $(KILLS)

OPERATIONS ?= 10000

test-history: setup  ## what clients were told of their runs while processes are killed, checked run by run
	$(BIN)/python -m tests.integration.history sqlite --operations $(OPERATIONS)
	$(BIN)/python -m tests.integration.history postgresql --operations $(OPERATIONS)

test-load: setup  ## constant rates of reads and submits with a solve under way, and four times as much
	$(BIN)/python -m tests.benchmarks.load sqlite --submits 20
	$(BIN)/python -m tests.benchmarks.load postgresql --submits 50

test-workers: setup  ## a batch of forty by one worker, by two, and by two of which one is killed
	$(BIN)/python -m tests.benchmarks.workers

check: setup lint-docker  ## format, lint, types, architecture, fast tests
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pytest -q tests/unit -n auto

types: setup  ## types of the page's modules, against the service's own description of its documents
	.ci/page

pictures: setup  ## the pictures of the page that the documents show, taken anew
	$(BIN)/python -m tests.web.pictures

lint-docker: setup
	$(BIN)/hadolint Dockerfile

format: setup
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(VENV)/.bench  ## the figures of docs/performance.md, beside those of other libraries
	$(BIN)/python -m tests.benchmarks

$(VENV)/.bench: $(VENV)/.ready
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[bench]'
	@touch $@

goldens: setup  ## write the kept files anew; then read the diff
	FLERKJERNE_WRITE_GOLDENS=1 $(BIN)/pytest -q tests/component/test_constraints.py tests/unit/app/test_published_schemas.py

clean:
	rm -rf $(VENV) out .mypy_cache .ruff_cache .pytest_cache
