# make run, make test, make lint: each sets up .venv first when it is missing or out of date.
PYTHON ?= python3
VENV := .venv
READY := $(VENV)/.ready
LOWEST := .venv-lowest
# Where Python keeps no bytecode, each process compiles 2,000 modules of torch anew, for some ten seconds.
unexport PYTHONDONTWRITEBYTECODE
# Seconds that make gpu-check may take.
BUDGET ?= 520

.PHONY: run test test-lowest lint docs gpu-check benchmark constraints clean

run: $(READY)
	$(VENV)/bin/dawnbench run quickstart

# Two at a time, each on one thread: trainings that share threads hold each other up.
test: $(READY)
	OMP_NUM_THREADS=1 $(VENV)/bin/python -m pytest -n 2 --dist worksteal

# With the lowest versions that pyproject.toml allows, and without trackers and a browser: what needs them is
# skipped.
test-lowest: $(LOWEST)/.ready
	OMP_NUM_THREADS=1 $(LOWEST)/bin/python -m pytest -n 2 --dist worksteal

lint: $(READY)
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports

docs: $(READY)
	NO_MKDOCS_2_WARNING=1 $(VENV)/bin/mkdocs build --strict --quiet

benchmark: $(READY)
	$(VENV)/bin/python -m pytest benchmarks -k "not load"

# Sets nothing up, so that it runs without a network: takes .venv where it is there, or else any Python with
# torch and the packages of pyproject.toml.
gpu-check:
	PYTHONPATH=. $(or $(wildcard $(VENV)/bin/python),$(PYTHON)) benchmarks/gpu_check.py --budget $(BUDGET)

constraints: $(READY)
	$(VENV)/bin/uv pip compile --universal --python-version 3.11 --extra dev --no-annotate --no-header \
		--no-emit-index-url --no-emit-find-links --upgrade --quiet pyproject.toml -o constraints.txt

# An environment in the folder of the target, into which uv installs what the first argument says.
define set-up
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "dawnbench needs Python 3.11 or newer")'
	$(PYTHON) -m venv $(@D)
	$(@D)/bin/python -m pip install --quiet --disable-pip-version-check uv
	VIRTUAL_ENV=$(abspath $(@D)) $(@D)/bin/uv pip install --quiet $(1)
	touch $@
endef

$(READY): pyproject.toml constraints.txt
	$(call set-up,-c constraints.txt -e '.[dev]')

# Of a package whose lowest version has no wheel for this Python, the lowest that has one: numpy 1.26 on
# Python 3.13, say, which nobody would build.
$(LOWEST)/.ready: pyproject.toml
	$(call set-up,--resolution lowest-direct --upgrade --only-binary :all: --no-binary dawnbench -e '.[test]')

clean:
	rm -rf $(VENV) $(LOWEST) .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache
