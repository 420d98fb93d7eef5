# make setup | run | test | lint | format | bench | soak | clean
#
# Everything happens in .venv, which the first target that needs it creates (.ci/setup says how, and which
# variables it heeds: PYTHON, TORCH_INDEX). No target needs a display except `run`.

SHELL := bash
VENV ?= .venv
PY := $(VENV)/bin/python
READY := $(VENV)/.ready
TEST_JOBS ?= 2
PYTEST := QT_QPA_PLATFORM=offscreen $(PY) -m pytest

.DEFAULT_GOAL := help
.PHONY: help setup run test lint format bench soak clean

help:  ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(READY)  ## create .venv with everything in it

# The stamp makes every later call instant; a changed pyproject.toml or set-up script asks for it again.
$(READY): pyproject.toml .ci/setup
	@bash .ci/setup $(VENV)
	@touch $@

run: setup  ## open the window on LeNet, ready to train
	@$(PY) -m designer.command --new lenet

test: setup lint  ## lint, then all tests, without a display
	@$(PYTEST) -n $(TEST_JOBS)

lint: setup  ## ruff and mypy
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .
	@$(PY) -m mypy

format: setup  ## let ruff put the source in shape
	@$(PY) -m ruff check --fix .
	@$(PY) -m ruff format .

bench: setup  ## timings and their ratios (an otherwise idle machine)
	@$(PY) -c "import fvcore, OdenGraphQt, ptflops, torchinfo" 2>/dev/null || $(PY) -m pip install -q --editable ".[bench]"
	@$(PYTEST) tests/benchmarks --benchmark-only --benchmark-columns=min,median,max,rounds

soak: setup  ## the property tests with many examples, and the long tests
	@HYPOTHESIS_PROFILE=soak $(PYTEST) -n $(TEST_JOBS) -m "soak or hypothesis"

clean:  ## remove .venv and every cache
	@rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .benchmarks build dist *.egg-info
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
