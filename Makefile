# Everything a person does with this repository is a target here; `make` alone lists them.
.DEFAULT_GOAL := help
PYTHON_3_11 := $(shell command -v python3.11 || command -v python3)
VENV := .venv
PYTHON := $(VENV)/bin/python
READY := $(VENV)/.ready

# Sizes of the demo and the sample data: make demo CUSTOMERS=500 EVENTS=10000 SEED=3
CUSTOMERS ?= 5000
PRODUCTS ?= 200
TRANSACTIONS ?= 50000
EVENTS ?= 100000
SEED ?= 7
SIZES = --customers $(CUSTOMERS) --products $(PRODUCTS) --transactions $(TRANSACTIONS) --events $(EVENTS) --seed $(SEED)

.PHONY: help setup demo demo-down local-up sample-data test test-fast lint types format bench lock clean

help: ## List the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  \033[1m%-14s\033[0m %s\n", $$1, $$2}'

setup: $(READY) ## Make .venv with the pinned packages (done by the other targets when needed)

$(READY): pyproject.toml constraints.txt
	@$(PYTHON_3_11) -c 'import sys; sys.exit(0 if sys.version_info[:2] == (3, 11) else f"Python 3.11 is needed (Lambda and Glue run it); found {sys.version.split()[0]} at {sys.executable}")'
	$(PYTHON_3_11) -m venv $(VENV)
	$(PYTHON) -m pip install --quiet --disable-pip-version-check --constraint constraints.txt '.[local,dev]'
	@touch $@

demo: $(READY) ## The whole platform on this machine: two days of data from stream and files to the star schema
	@$(PYTHON) -m localcloud demo $(SIZES) $(ARGS)

demo-down: ## Stop a demo that was kept running (ARGS=--keep) and delete what it left
	@test ! -x $(PYTHON) || $(PYTHON) -m localcloud down --work-dir build/demo
	@rm -rf build/demo

local-up: $(READY) ## The platform on this machine in the foreground, to play with by hand
	@$(PYTHON) -m localcloud up $(ARGS)

sample-data: $(READY) ## Two days of sample data as files in build/sample
	@$(PYTHON) -m sample_data --out build/sample --day 1 $(SIZES)
	@$(PYTHON) -m sample_data --out build/sample --day 2 $(SIZES)

test: $(READY) ## All tests
	$(PYTHON) -m pytest -n 2 --dist loadfile

test-fast: $(READY) ## The tests of the inner loop, under a minute
	$(PYTHON) -m pytest -m "not slow" -n 2 --dist loadfile -q

lint: $(READY) ## Style of the code
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .

types: $(READY) ## Static types
	$(VENV)/bin/mypy

format: $(READY) ## Bring the code into the project's format
	$(VENV)/bin/ruff check --fix .
	$(VENV)/bin/ruff format .

bench: $(READY) ## Speed of ingestion and transforms, as tables with a ratio to a baseline
	@$(PYTHON) benchmarks/consumer.py
	@$(PYTHON) benchmarks/transforms.py

lock: ## Pin the versions of a fresh install into constraints.txt
	rm -rf build/lock && $(PYTHON_3_11) -m venv build/lock && build/lock/bin/pip install --quiet '.[local,dev]'
	build/lock/bin/pip freeze --exclude customer-data-platform > constraints.txt

clean: ## Delete the environment and everything built
	rm -rf $(VENV) build *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
