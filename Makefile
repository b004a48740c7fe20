# Everything a person does with this repository is a target here; `make` alone lists them.
.DEFAULT_GOAL := help
PYTHON_3_11 := $(shell command -v python3.11 || command -v python3)
VENV := .venv
PYTHON := $(VENV)/bin/python
# ENGINE=spark runs the jobs that transform on Spark: make demo ENGINE=spark
ENGINE ?= duckdb
READY := $(VENV)/.ready$(if $(filter spark,$(ENGINE)),-spark)
EXTRAS := local,dev,dashboard$(if $(filter spark,$(ENGINE)),$(shell printf ',spark'))
SPARK4 := build/spark4

# Sizes of the demo and the sample data: make demo CUSTOMERS=500 EVENTS=10000 SEED=3
CUSTOMERS ?= 5000
PRODUCTS ?= 200
TRANSACTIONS ?= 50000
EVENTS ?= 100000
SEED ?= 7
SIZES = --customers $(CUSTOMERS) --products $(PRODUCTS) --transactions $(TRANSACTIONS) --events $(EVENTS) --seed $(SEED)

.PHONY: help setup demo demo-down query queries dashboard contract-diff warehouse-plan warehouse-migrate warehouse-access-plan warehouse-access identity-merge identity-split identity-diff identity-explain identity-lookup identity-train local-up local-apply local-plan local-day check-wiring local-destroy sample-data test test-fast conformance-spark4 lint types format spark-answers bench triage replay history redrive backfill soak lock package plan deploy destroy terraform-check cdktf checkov clean

help: ## List the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  \033[1m%-22s\033[0m %s\n", $$1, $$2}'

setup: $(READY) ## Make .venv with the pinned packages (done by the other targets when needed)

$(READY): pyproject.toml constraints.txt
	@$(PYTHON_3_11) -c 'import sys; sys.exit(0 if sys.version_info[:2] == (3, 11) else f"Python 3.11 is needed (Lambda and Glue run it); found {sys.version.split()[0]} at {sys.executable}")'
	$(PYTHON_3_11) -m venv $(VENV)
	$(PYTHON) -m pip install --quiet --disable-pip-version-check --constraint constraints.txt '.[$(EXTRAS)]'
	@touch $(VENV)/.ready $@

demo: $(READY) ## The whole platform on this machine: two days of data from stream and files to the star schema
	@$(PYTHON) -m localcloud demo --engine $(ENGINE) $(SIZES) $(ARGS)

demo-down: ## Stop a demo that was kept running (ARGS=--keep) and delete what it left
	@test ! -x $(PYTHON) || $(PYTHON) -m localcloud down --work-dir build/demo
	@rm -rf build/demo

query: $(READY) ## One of the analysts' questions, asked of the demo's warehouse: make query NAME=monthly_revenue ROLE=analyst
	@$(PYTHON) -m localcloud query $(NAME) $(if $(ROLE),--role $(ROLE)) $(ARGS)

queries: $(READY) ## All of the analysts' questions with their times
	@$(PYTHON) -m localcloud queries $(if $(ROLE),--role $(ROLE)) $(ARGS)

# A steward's word, in the environment ENV of the account that the AWS variables or profile name.
identity-merge identity-split: ENV = local
identity-merge: $(READY) ## A steward: these are one human: make identity-merge IDS='shop:S1 crm:C7' BY=ann WHY='same passport'
	@$(PYTHON) -m cdp.aws.steward_request merge $(IDS) --by '$(BY)' --why '$(WHY)' --environment $(ENV)

identity-split: $(READY) ## A steward: the first is another human than the rest: make identity-split IDS='shop:S1 crm:C7' BY=ann WHY='…'
	@$(PYTHON) -m cdp.aws.steward_request split $(IDS) --by '$(BY)' --why '$(WHY)' --environment $(ENV)

contract-diff: $(READY) ## Whether a contract's change is additive or breaking: make contract-diff FROM=transaction.v1 TO=transaction.v2
	@$(PYTHON) -m cdp.contract_diff $(FROM) $(TO)

identity-diff identity-explain identity-lookup identity-train: ENV = local
identity-diff: $(READY) ## Whom other match rules would merge and split: make identity-diff FROM=v2 TO=v3
	@$(PYTHON) -m cdp.aws.identity_question diff $(FROM) $(TO) --environment $(ENV)

identity-explain: $(READY) ## Why two person records are one human or not: make identity-explain A=shop:S000001 B=crm:C000007
	@$(PYTHON) -m cdp.aws.identity_question explain $(A) $(B) --environment $(ENV) $(ARGS)

identity-lookup: $(READY) ## Which customer person records that are not in the lake would be: make identity-lookup RECORDS=people.jsonl
	@$(PYTHON) -m cdp.aws.identity_question lookup $(RECORDS) --environment $(ENV) $(ARGS)

identity-train: $(READY) ## Learn how much each field says from the published records; every later run scores with it
	@$(PYTHON) -m cdp.aws.identity_training --environment $(ENV) $(ARGS)

warehouse-plan: $(READY) ## The DDL between the contracts and the warehouse, and what is refused (docs/warehouse_load.md)
	@$(PYTHON) -m localcloud warehouse-plan $(ARGS)

warehouse-migrate: $(READY) ## Run that DDL; run again after it was killed, it goes on
	@$(PYTHON) -m localcloud warehouse-migrate $(ARGS)

warehouse-access-plan: $(READY) ## Roles, masks and row policies that the warehouse lacks, and all grants (docs/warehouse_access.md)
	@$(PYTHON) -m localcloud warehouse-access-plan $(ARGS)

warehouse-access: $(READY) ## Give every role its rights
	@$(PYTHON) -m localcloud warehouse-access $(ARGS)

dashboard: ROLE ?= data_steward
dashboard: $(READY) ## The desk over the demo's warehouse and runs, in a browser: make dashboard ROLE=viewer
	@$(PYTHON) -m localcloud dashboard --role $(ROLE) $(ARGS)

local-up: $(READY) ## The platform on this machine in the foreground, to play with by hand
	@$(PYTHON) -m localcloud up $(ARGS)

local-apply: $(READY) ## Terraform creates the platform on a cloud on this machine, or updates it; no account needed
	@$(PYTHON) -m localcloud apply $(ARGS)

local-plan: $(READY) ## What a change in terraform/ would do there
	@$(PYTHON) -m localcloud plan $(ARGS)

local-day: $(READY) ## The next day of sample data through it, held against the answer key; twice for both days
	@$(PYTHON) -m localcloud day $(SIZES) $(ARGS)

check-wiring: $(READY) ## Whether what Terraform made there fits together: names, permissions, failures, alarms
	@$(PYTHON) -m localcloud check-wiring $(ARGS)

local-destroy: $(READY) ## Terraform destroys it again, and the cloud ends
	@$(PYTHON) -m localcloud destroy $(ARGS)

sample-data: $(READY) ## Two days of sample data as files in build/sample; ARGS='--fault duplicate=0.01' (sample_data/README.md)
	@$(PYTHON) -m sample_data --out build/sample --day 1 $(SIZES) $(ARGS)
	@$(PYTHON) -m sample_data --out build/sample --day 2 $(SIZES) $(ARGS)

test: $(READY) ## All tests
	$(PYTHON) -m pytest -n 2 --dist loadfile --no-loadscope-reorder

test-fast: $(READY) ## The tests of the inner loop, under a minute
	$(PYTHON) -m pytest -m "not slow" -n 2 --dist loadfile -q

conformance-spark4: $(SPARK4)/.ready ## Every step on Spark 4.1, as in Glue 6.0, against DuckDB
	WITHOUT_ICEBERG=1 $(SPARK4)/bin/python -m pytest tests/engines/test_conformance.py -q

$(SPARK4)/.ready: pyproject.toml constraints.txt
	$(PYTHON_3_11) -m venv $(SPARK4)
	grep -v -e '^pyspark' -e '^py4j' constraints.txt > $(SPARK4)/constraints.txt
	$(SPARK4)/bin/pip install --quiet --disable-pip-version-check --constraint $(SPARK4)/constraints.txt '.[local,dev]' 'pyspark==4.1.1'
	@touch $@

lint: $(READY) ## Style of the code; SQL steps mean the same on both engines
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(PYTHON) -m tests.sql.lint

types: $(READY) ## Static types
	$(VENV)/bin/mypy

format: $(READY) ## Bring the code into the project's format
	$(VENV)/bin/ruff check --fix .
	$(VENV)/bin/ruff format .

spark-answers: $(READY) ## Ask Spark (extra `spark`, Java) for the answers in tests/engines/spark_answers.json
	@$(PYTHON) -m tests.engines.record_spark_answers

bench: $(READY) ## Speed of ingestion, transforms and golden records; accuracy of stitching, beside a baseline
	@$(PYTHON) benchmarks/consumer.py
	@$(PYTHON) benchmarks/transforms.py
	@$(PYTHON) -m benchmarks.questions
	@$(PYTHON) benchmarks/generator.py
	@$(PYTHON) benchmarks/stitching.py
	@$(PYTHON) benchmarks/golden_record.py

ENV ?= dev
# Which records: make triage, then make replay ENV=dev DATASET=transaction REASON=enum FIX=fix.json
SELECT = $(if $(DATASET),--dataset $(DATASET)) $(if $(STAGE),--stage $(STAGE)) $(if $(REASON),--reason $(REASON)) \
	$(if $(SOURCE),--source $(SOURCE)) $(if $(SINCE),--since $(SINCE)) $(if $(UNTIL),--until $(UNTIL)) $(if $(HELD),--held)

triage: $(READY) ## What lies in quarantine and why; DATASET=… REASON=… FOLDER=build/demo/lake/cdp-local-quarantine
	@$(PYTHON) -m operations.triage --env $(ENV) $(SELECT) $(if $(FOLDER),--folder $(FOLDER))

replay: $(READY) ## Quarantined records back into raw: make replay DATASET=… REASON=… FIX=rule.json or EDITED=lines.jsonl
	@$(PYTHON) -m operations.replay --env $(ENV) $(SELECT) $(if $(FIX),--fix $(FIX)) $(if $(EDITED),--edited $(EDITED))

history: $(READY) ## What became of a quarantined record: make history RECORD=<record id>
	@$(PYTHON) -m operations.history --env $(ENV) $(if $(FOLDER),--folder $(FOLDER)) $(RECORD)

redrive: $(READY) ## What functions could not take, given to them again: on-failure objects and dead letters
	@$(PYTHON) -m operations.redrive --env $(ENV)

backfill: $(READY) ## Raw of a period through the next run again: make backfill FROM=2026-03-01 TO=2026-03-07
	@$(PYTHON) -m operations.backfill --env $(ENV) --from $(FROM) --to $(TO)

soak: $(READY) ## A million records over 200 random schedules, and kills everywhere; SCHEDULES=20 RECORDS=100000 SEED=3 for less
	@PYTHONPATH=.:localcloud/glue_shim $(PYTHON) -m tests.conservation.soak $(if $(SCHEDULES),--schedules $(SCHEDULES)) $(if $(RECORDS),--records $(RECORDS)) $(if $(KILLS),--kills $(KILLS)) $(if $(PROCESSES),--processes $(PROCESSES)) $(if $(filter-out 7,$(SEED)),--seed $(SEED))

package: $(READY) ## The deployment zips in build/package: platform, functions' layer, jobs' wheels
	@$(PYTHON) terraform/package.py --out build/package

plan: ## What a deployment would change: make plan ENV=dev (see docs/runbooks/deploy.md)
	@terraform -chdir=terraform/environments/$(ENV) plan

deploy: ## Deploy an environment, after asking: make deploy ENV=dev
	@terraform -chdir=terraform/environments/$(ENV) apply

destroy: ## Destroy an environment, after asking: make destroy ENV=dev
	@terraform -chdir=terraform/environments/$(ENV) destroy

terraform-check: $(READY) ## Format, validity and tests of terraform/, with no account
	@CI=true $(PYTHON) -m pytest tests/terraform -q

CDKTF := build/cdktf
cdktf: $(CDKTF)/.ready ## The environments composed in Python instead of HCL (needs Node): build/cdktf/out/stacks/<ENV>
	@$(CDKTF)/bin/python terraform/cdktf/app.py $(CDKTF)/out

$(CDKTF)/.ready: pyproject.toml
	$(PYTHON_3_11) -m venv $(CDKTF)
	$(CDKTF)/bin/pip install --quiet --disable-pip-version-check 'cdktf==0.21.0'
	@touch $@

CHECKOV := build/checkov
checkov: $(CHECKOV)/.ready ## Static analysis of terraform/: nothing that fails without a reason beside the resource
	@$(PYTHON) terraform/static_analysis.py $(CHECKOV)/bin/checkov

$(CHECKOV)/.ready: Makefile
	$(PYTHON_3_11) -m venv $(CHECKOV)
	$(CHECKOV)/bin/pip install --quiet --disable-pip-version-check 'checkov==3.3.2'
	@touch $@

lock: ## Pin the versions of a fresh install into constraints.txt
	rm -rf build/lock && $(PYTHON_3_11) -m venv build/lock && build/lock/bin/pip install --quiet '.[local,dev,dashboard,spark]'
	build/lock/bin/pip freeze --exclude customer-data-platform > constraints.txt

clean: ## Delete the environment and everything built
	rm -rf $(VENV) build *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
