# The task list. `make demo` and `make test` do all the set-up they need; `make help` names the rest.
.DEFAULT_GOAL := help
.PHONY: help setup demo serve test lint format unit wheel bench docs picture proto lock clean

BIN := .venv/bin
OUT ?= demo
JOBS ?= 2
# make bench QUICK= takes the time that the published figures need.
QUICK ?= --quick
export PYTHON
# Keep what Python compiles, whatever the environment says: the processes that tests start would compile it all again.
unexport PYTHONDONTWRITEBYTECODE
# Where set-up puts an OpenMP library on a machine that has none.
export LD_LIBRARY_PATH := $(CURDIR)/.venv/openmp$(if $(LD_LIBRARY_PATH),:$(LD_LIBRARY_PATH))

help: ## name the tasks
	@sed -n 's/^\([a-z]*\):.*## /  make \1	/p' Makefile | expand -t 16

setup: ## make .venv with the locked packages; nothing to do when it stands
	@sh tools/setup.sh

demo: setup ## generate a region, run three policies on it, compare them, write $(OUT)/report.html
	@echo "demo: a generated region under three policies; results go to $(OUT)/"
	@$(BIN)/groupage demo --out $(OUT)

serve: setup ## start the service on embedded defaults: SQLite in groupage-data/, loopback (make serve ARGS=--help)
	@$(BIN)/groupage serve $(ARGS)

test: setup lint docs unit wheel ## everything: lint, types, layers, docs, tests, and once from an installed wheel
	@echo "test: all passed"

lint: setup ## ruff, mypy --strict, import layers, the wire contract
	@echo "lint: ruff, mypy, import layers, the wire contract"
	@$(BIN)/ruff check --output-format concise .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/python tools/proto.py check

format: setup ## let ruff rewrite what it can
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

unit: setup ## the tests alone, on $(JOBS) processes
	@sh tools/browser.sh
	@sh tools/postgres.sh
	@echo "unit: pytest on $(JOBS) processes; tests that are left out say why at the end"
	@$(BIN)/python -m pytest -n $(JOBS) --dist worksteal

wheel: setup ## build the wheel, install it apart from the checkout and use it there
	@$(BIN)/python tools/check_wheel.py

bench: setup ## every benchmark, quick (make bench QUICK= for the long runs)
	@for file in benchmarks/[a-z]*.py; do echo "bench: $$file"; $(BIN)/python "$$file" $(QUICK) || exit 1; done

docs: setup ## build the documentation into docs/_build/html
	@$(BIN)/python -m sphinx -W --keep-going -q -b html docs docs/_build/html
	@echo "docs: docs/_build/html/index.html"

picture: setup ## draw docs/demo.svg, README's picture, from the results of make demo in $(OUT)
	@$(BIN)/python tools/picture.py $(OUT)/results docs/demo.svg

proto: setup ## compile proto/groupage/v1 into groupage/v1 and proto/groupage.v1.binpb
	@$(BIN)/buf format -w proto
	@$(BIN)/python tools/proto.py write

lock: ## resolve pyproject.toml into requirements.lock (needs uv; make lock UPGRADE=--upgrade for newer versions)
	@command -v uv >/dev/null || { echo "make lock needs uv: pip install uv"; exit 1; }
	@uv pip compile pyproject.toml --extra dev --extra docs --universal --python-version 3.11 \
		--fork-strategy fewest --generate-hashes --no-emit-index-url --no-annotate --no-header \
		--quiet --output-file requirements.lock $(UPGRADE)

clean: ## remove what make made, .venv too
	@rm -rf .venv .setup.lock dist build docs/_build .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
