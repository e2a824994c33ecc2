# `make check` is what CI runs. PYTHON may name another interpreter.
PYTHON ?= python

.PHONY: check lint types contracts test docs integration nightly

check: lint types contracts docs test

lint:
	$(PYTHON) -m ruff check .
	$(PYTHON) -m ruff format --check .

types:
	$(PYTHON) -m mypy

contracts:
	lint-imports

docs:
	$(PYTHON) docs/generate.py --check

test:
	$(PYTHON) -m pytest

nightly:
	$(PYTHON) -m pytest -m nightly

integration:
	$(PYTHON) -m pytest -m integration
