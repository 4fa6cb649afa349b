# make demo   set up a virtual environment and play the main job
# make check  the fast loop: format, lint, types, layers, quick tests (two minutes on two cores)
# make test   set up everything and pass all tests
# make soak   kill servers and break their world for MINUTES=10; SEED=n, ROUNDS=1 and KIND='…' play a round again
# make bench  measure, beside Alertmanager; QUICK=1 for small sizes
# make mutants  put deliberate bugs into the product, one at a time, and see that the tests catch each (minutes)
PYTHON ?= python3
VENV := .venv
RUN := $(VENV)/bin

# Compiled tests are kept for the next run.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo check test bench soak mutants lint quick setup servers lock clean

demo: $(VENV)/.runtime
	$(RUN)/tocsin demo

check: $(VENV)/.dev lint quick

test: $(VENV)/.dev servers lint
	$(RUN)/pytest -n auto tests

MINUTES ?= 10
soak: $(VENV)/.dev servers
	$(RUN)/python -m tests.system.soak --minutes $(MINUTES) \
		$(if $(SEED),--seed $(SEED)) $(if $(ROUNDS),--rounds $(ROUNDS)) $(if $(KIND),--kind '$(KIND)')

# QUICK=1 for small sizes, in under two minutes; ONLY='storm pages' for these alone.
bench: $(VENV)/.dev servers
	$(RUN)/python -m bench $(if $(QUICK),--quick) $(ONLY)

setup: $(VENV)/.dev

lint:
	$(RUN)/ruff check src tests bench
	$(RUN)/ruff format --check src tests bench
	$(RUN)/mypy
	$(RUN)/lint-imports --no-logo

# The databases of quick tests lie in memory where there is room for them; `make test` has all of them on a disk.
IN_MEMORY := $(shell df -Pm /dev/shm 2>/dev/null | awk 'NR == 2 && $$4 > 4000 { print "TMPDIR=/dev/shm" }')
# Many of them wait for a moment: twice as many workers as cores take two thirds of the time.
quick:
	$(IN_MEMORY) TOCSIN_HYPOTHESIS=quick $(RUN)/pytest -n $$((2 * $$(nproc))) -m "not system and not slow and not postgres" tests

mutants: $(VENV)/.dev
	$(RUN)/python -m tests.mutants

# Debian packages that the system tests start for real (Prometheus, Chromium, shellcheck) and npm's mermaid.
servers:
	tools/install-servers

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.runtime: $(VENV)/bin/python requirements.lock pyproject.toml
	$(RUN)/pip install -q --require-hashes --no-deps -r requirements.lock
	$(RUN)/pip install -q --no-deps --no-build-isolation -e .
	touch $@

$(VENV)/.dev: $(VENV)/.runtime requirements-dev.lock
	$(RUN)/pip install -q --require-hashes --no-deps -r requirements-dev.lock
	touch $@

LOCK := uv pip compile -q --generate-hashes --no-header --no-annotate --universal

# Needs uv; run it after changing pyproject.toml.
lock:
	printf 'hatchling\neditables\n' | $(LOCK) pyproject.toml - -o requirements.lock
	$(LOCK) pyproject.toml --extra dev -c requirements.lock -o requirements-dev.lock

clean:
	rm -rf $(VENV) dist
