# make run, make test, make lint: each sets up .venv first when it is missing or out of date.
PYTHON ?= python3
VENV := .venv
READY := $(VENV)/.ready
# Seconds that make gpu-check may take.
BUDGET ?= 520

.PHONY: run test lint docs gpu-check benchmark constraints clean

run: $(READY)
	$(VENV)/bin/dawnbench run quickstart

# Two at a time, each on one thread: trainings that share threads hold each other up.
test: $(READY)
	OMP_NUM_THREADS=1 $(VENV)/bin/python -m pytest -n 2 --dist worksteal

lint: $(READY)
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports

docs: $(READY)
	NO_MKDOCS_2_WARNING=1 $(VENV)/bin/mkdocs build --strict --quiet

benchmark: $(READY)
	$(VENV)/bin/python -m pytest benchmarks

# Sets nothing up, so that it runs without a network: takes .venv where it is there, or else any Python with
# torch and the packages of pyproject.toml.
gpu-check:
	PYTHONPATH=. $(or $(wildcard $(VENV)/bin/python),$(PYTHON)) benchmarks/gpu_check.py --budget $(BUDGET)

constraints: $(READY)
	$(VENV)/bin/uv pip compile --universal --python-version 3.11 --extra dev --no-annotate --no-header \
		--no-emit-index-url --no-emit-find-links --upgrade --quiet pyproject.toml -o constraints.txt

$(READY): pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "dawnbench needs Python 3.11 or newer")'
	$(PYTHON) -m venv $(VENV)
	$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check uv
	VIRTUAL_ENV=$(abspath $(VENV)) $(VENV)/bin/uv pip install --quiet -c constraints.txt -e '.[dev]'
	touch $@

clean:
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache
