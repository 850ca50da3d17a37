# `make` lists what there is.

export HJM_PYTHON := $(CURDIR)/.venv/bin/python

BIN := $(or $(CARGO_TARGET_DIR),target)/debug
MEASURED := $(or $(CARGO_TARGET_DIR),target)/measure
NEXTEST := $(shell cargo nextest --version 2>/dev/null)
RUN_TESTS := $(if $(NEXTEST),cargo nextest run --workspace,cargo test --workspace)

.PHONY: help
help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 14

.PHONY: demo
demo: need ## build, and play both stories and a generated year
	@tools/python-venv.sh || echo 'Going on: only the calls printed last need it.'
	cargo build --workspace --bin hjm
	$(BIN)/hjm demo

.PHONY: test
test: need python ## build, and run every test around one private server
	cargo build --workspace --bins --tests
	$(BIN)/with-server --no-fsync --bootstrap -- $(RUN_TESTS)

.PHONY: test-long
test-long: ## the free card against its slow reference, on 100 000 random accounts
	FREE_CARD_LOGS=100000 cargo test -p hjm-free-card --test it reference::

.PHONY: bench-catalogue
bench-catalogue: need ## import 100 000 articles and search them, measured
	cargo build --profile measure -p hjm --bin hjm
	$(MEASURED)/hjm bench catalogue $(ARGS)

.PHONY: sim
sim: ## the same on 10 000 000, optimised: it takes both cores for long
	FREE_CARD_LOGS=10000000 cargo test --profile measure -p hjm-free-card --test it reference::

.PHONY: bench-free-card
bench-free-card: need ## free-card against PostgreSQL alone; ARGS='--rounds 1 --seconds 1' is quick
	cargo build --profile measure -p hjm -p free-card-service --bins
	$(MEASURED)/hjm bench free-card $(ARGS)

.PHONY: bench-decisions
bench-decisions: need ## decisions of each kind a second, one thread serving
	cargo build --profile measure -p hjm --bin hjm
	$(MEASURED)/hjm bench decisions $(ARGS)

.PHONY: fmt
fmt: ## format the code
	cargo fmt --all

.PHONY: lint
lint: need python ## clippy and buf, warnings denied
	cargo clippy --workspace --all-targets -- -D warnings
	.venv/bin/buf lint

.PHONY: sqlx
sqlx: need ## make the .sqlx cache anew
	tools/sqlx-cache.sh

.PHONY: sqlx-check
sqlx-check: need ## compare the .sqlx cache with the code and the migrations
	tools/sqlx-cache.sh --check

.PHONY: ci
ci: ## everything a change has to pass
	.ci/run

# What the targets above stand on.

.PHONY: need
need:
	@tools/need.sh

.PHONY: python
python:
	@tools/python-venv.sh
