# Two commands do everything on a fresh machine: `make demo` and `make test`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
WORKERS := -n 2 --dist loadfile

.PHONY: demo test test-fast test-faults test-page page lint format wheel clean

# Two workers share the machine: threads of both that wait for each other would take half of it.
test test-fast test-faults: export OMP_NUM_THREADS = 1

demo: $(VENV)/.installed
	$(BIN)/titlegraph demo

test: $(VENV)/.installed
	$(BIN)/pytest $(WORKERS)

test-fast: $(VENV)/.installed
	$(BIN)/pytest $(WORKERS) -m "not slow"

test-faults: $(VENV)/.installed
	$(BIN)/pytest $(WORKERS) -m faults

test-page: $(VENV)/.installed
	$(BIN)/pytest -m page

# What of the explorer's page is made rather than written: the outlines of countries. Wants npm and a network.
page: $(VENV)/.installed
	mkdir -p build && cd build && npm pack --silent world-atlas@2.0.2 && tar xzf world-atlas-2.0.2.tgz
	$(BIN)/python tools/make_world.py build/package/countries-50m.json

lint: $(VENV)/.installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python tools/make_world.py --check

format: $(VENV)/.installed
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

wheel: $(VENV)/.installed
	$(BIN)/python -m build --wheel

# Plain pip: it finds the CPU build of torch where the machine offers one.
$(VENV)/.installed: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --editable '.[all,dev]'
	touch $@

clean:
	rm -rf $(VENV) build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache
