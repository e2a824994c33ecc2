# `make check` is what CI runs. PYTHON may name another interpreter.
PYTHON ?= python

.PHONY: check lint types contracts test docs book integration nightly

check: lint types contracts docs book test

lint:
	$(PYTHON) -m ruff check .
	$(PYTHON) -m ruff format --check .

types:
	$(PYTHON) -m mypy

contracts:
	lint-imports

docs:
	$(PYTHON) docs/generate.py --check

book:
	NO_MKDOCS_2_WARNING=1 $(PYTHON) -m mkdocs build --strict --quiet

test:
	$(PYTHON) -m pytest

nightly:
	$(PYTHON) -m pytest -m nightly

integration:
	$(PYTHON) -m pytest -m integration
