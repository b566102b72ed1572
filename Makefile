# Each target makes .venv and installs what it needs, once; all it asks of the machine is python3 (3.11 to 3.13) with venv,
# a C compiler and make. PYTHON=/path/to/python chooses another python, PORT= another port for the demo,
# SPEED= how much faster than in real life its cases come (20; 1 for the rhythm of a real day).

PORT ?= 8000
VENV := .venv
BIN := $(VENV)/bin
CHROMIUM ?= /usr/bin/chromium
PYTEST_ARGS ?=
# Three runs at a time, since many tests wait for processes; each keeps to its part of the tests until others have none.
PYTEST := $(BIN)/python -m pytest -n 3 --dist worksteal

# durable_rules 2.0.28 calls a function that Python 3.13 removed; this gives it the one that stayed.
install = CC="cc -DPyEval_CallObject=PyObject_CallObject" $(BIN)/python -m pip install --disable-pip-version-check --quiet -c requirements.lock

.PHONY: demo test lint bench help
.DELETE_ON_ERROR:

help:
	@echo "make demo   the product with sample cases on http://127.0.0.1:$(PORT)/"
	@echo "make test   all tests, on SQLite or on the server that DATABASE_URL names"
	@echo "make lint   format, style, types, direction of imports, migrations, deployment check"
	@echo "make bench  the benchmarks (intake and throughput need PostgreSQL: DATABASE_URL)"

demo: $(VENV)/.for-demo
	@DEMO=1 PORT=$(PORT) $(BIN)/python manage.py demo $(if $(SPEED),--speed $(SPEED))

# Browser tests need Chromium; without it they are left out, and said to be.
test: $(VENV)/.for-test
	@if [ -x "$(CHROMIUM)" ]; then \
	    $(PYTEST) $(PYTEST_ARGS); \
	else \
	    echo "make test: no $(CHROMIUM) on this machine, so the browser tests are left out (Debian: apt-get install chromium)"; \
	    $(PYTEST) -m "not browser" $(PYTEST_ARGS); \
	fi

lint: $(VENV)/.for-test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	DEMO=1 $(BIN)/python manage.py makemigrations --check --dry-run
	@echo "$(BIN)/python manage.py check --deploy --fail-level WARNING   (as in production)"
	@env -u DATABASE_URL -u REDIS_URL DEBUG=0 ALLOWED_HOSTS=conductor.example \
	    SECRET_KEY="$$($(BIN)/python -c 'import secrets; print(secrets.token_urlsafe(64))')" \
	    $(BIN)/python -W error::UserWarning manage.py check --deploy --fail-level WARNING

bench: $(VENV)/.for-bench
	$(BIN)/python -m benchmarks.rules
	$(BIN)/python -m benchmarks.intake
	$(BIN)/python -m benchmarks.throughput
	$(BIN)/python -m benchmarks.authoring
	$(BIN)/python -m benchmarks.agents

$(VENV)/.for-demo: $(VENV)/.made pyproject.toml requirements.lock
	$(call put-in,.)

$(VENV)/.for-test: $(VENV)/.made pyproject.toml requirements.lock
	$(call put-in,.[test])

$(VENV)/.for-bench: $(VENV)/.made pyproject.toml requirements.lock
	$(call put-in,.[test$(comma)bench])

comma := ,

# $(1): what to install beside the product. What an earlier installation left here would hide new plugins. The import
# shows that the compiled engine fits this Python; a wheel that was built earlier without the flag does not, and is then
# built again.
define put-in
	@echo "Installing $(1) into $(VENV) (once, about two minutes)"
	@rm -rf django_conductor.egg-info
	@$(install) -e "$(1)"
	@$(BIN)/python -c "import durable_rules_engine" 2>/dev/null \
	    || $(install) --no-cache-dir --force-reinstall --no-deps durable_rules
	@$(BIN)/python -c "import durable_rules_engine"
	@touch $@
endef

$(VENV)/.made:
	@command -v cc >/dev/null || { \
	    echo "make: a C compiler is needed for the rule engine, and there is no cc (Debian: apt-get install build-essential)"; exit 1; }
	@for python in $(or $(PYTHON),python3 python3.13 python3.12 python3.11); do \
	    command -v "$$python" >/dev/null 2>&1 || continue; \
	    "$$python" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null || continue; \
	    found=$$python; break; \
	done; \
	if [ -z "$$found" ]; then \
	    echo "make: Python 3.11, 3.12 or 3.13 is needed; this machine has: $$(command -v $(or $(PYTHON),python3) >/dev/null && $(or $(PYTHON),python3) --version 2>&1 || echo no python3). PYTHON=/path/to/python names another."; exit 1; \
	fi; \
	"$$found" -c 'import ensurepip, venv' 2>/dev/null || { \
	    echo "make: $$found has no venv (Debian: apt-get install python3-venv)"; exit 1; }; \
	echo "Making $(VENV) with $$("$$found" --version)"; \
	"$$found" -m venv $(VENV)
	@touch $@
