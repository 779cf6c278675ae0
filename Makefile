# Sets up what it needs on a machine that has only Python, git and make. Two commands matter: make demo, make test.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
BENCH_READY := $(VENV)/.bench-ready

.PHONY: help demo test lint bench pictures clean
help:
	@echo "make demo   run the main job on sample footage (under five minutes on two cores)"
	@echo "make test   run all tests"
	@echo "make lint   style, types, import contracts"
	@echo "make bench  measure against other tools; takes long"

$(READY): pyproject.toml constraints.txt tools/system_check.py
	$(PYTHON) tools/system_check.py
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[dev]"
	touch $@

$(BENCH_READY): $(READY)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[dev,bench]"
	touch $@

demo: $(READY)
	$(BIN)/relecture demo

test: $(READY)
	QT_QPA_PLATFORM=offscreen $(BIN)/python -m pytest

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(BENCH_READY)
	$(BIN)/python -m benchmarks.synopsis layout

clean:
	rm -rf $(VENV) build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
