# erepo: `make help` lists the targets.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
DOCUMENTS ?= 60
REGISTRY ?= 1000000
KILLS ?= 20
export EREPO_HOME ?= var
export PREFECT_SERVER_ANALYTICS_ENABLED = false
export DO_NOT_TRACK = 1

.DEFAULT_GOAL := help
.PHONY: help demo demo-crash up test soak lint bench clean

help:  ## show the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 16

# One tested set of packages: constraints.txt pins the whole tree, pyproject.toml says what is needed.
$(VENV)/ready: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt setuptools wheel
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt --no-build-isolation -e '.[dev]'
	@touch $@

demo: $(VENV)/ready  ## set everything up on this machine and archive DOCUMENTS=60 documents, end to end
	@$(BIN)/erepo demo --documents $(DOCUMENTS)

demo-crash: DOCUMENTS = 1000
demo-crash: $(VENV)/ready  ## the same with 1000 documents, while worker and service are killed KILLS=20 times: nothing is lost
	@$(BIN)/erepo demo --documents $(DOCUMENTS) --kills $(KILLS)

up: $(VENV)/ready  ## start everything and stay; Ctrl-C ends it
	@$(BIN)/erepo up

# Machines are shared: what failed beside others is run once more, alone and in sight; failing twice fails, and
# what failed under a kill has no second chance.
test: $(VENV)/ready  ## the whole suite
	$(BIN)/python -m pytest -n 2 --dist loadgroup --cov --cov-report=term:skip-covered $(TESTS) || \
	{ test $$? -eq 1 && EREPO_ONCE_MORE=1 $(BIN)/python -m pytest -x --last-failed --last-failed-no-failures none $(TESTS); }

soak: $(VENV)/ready  ## the long forms: thousands of kills, hours of fuzzing
	EREPO_SOAK=1 $(BIN)/python -m pytest -m "soak or kill" --timeout 0 -o faulthandler_timeout=0 $(TESTS)

lint: $(VENV)/ready  ## style, types, and who may import whom
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/yamllint -s deployments
	$(BIN)/python tests/house.py

bench: $(VENV)/ready  ## compare with a naive script, ask a registry of REGISTRY=1000000 documents, archive and migrate in a growing archive, say what the time is made of; writes docs/reference/benchmarks.md
	$(BIN)/python -m tests.bench --registry $(REGISTRY)
	$(BIN)/python -m tests.bench.growth
	$(BIN)/python -m tests.bench.breakdown

clean:  ## remove the virtual environment and caches (never the state under EREPO_HOME)
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

.PHONY: lock
lock:  ## renew constraints.txt: resolve pyproject.toml afresh in an empty environment
	rm -rf .lock && $(PYTHON) -m venv .lock
	.lock/bin/pip install --quiet --upgrade setuptools wheel
	.lock/bin/pip install --quiet --no-build-isolation -e '.[dev]'
	.lock/bin/pip check
	(head -1 constraints.txt; .lock/bin/pip freeze --all --exclude pip --exclude-editable) > constraints.new
	mv constraints.new constraints.txt && rm -rf .lock
