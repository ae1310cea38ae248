# Each target sets itself up: a virtual environment in .venv, with the versions of constraints.txt.
PYTHON ?= python3
BIN := .venv/bin
# As many processes as there are cores, four at most: each takes some two gigabytes.
SIDE_BY_SIDE := --numprocesses logical --maxprocesses 4 --dist loadfile

.PHONY: run test test-slow clean

# The main study on the scores that come with music21; run again, it goes on or shows its result.
run: .venv/installed
	$(BIN)/python -m experiments.four_composers --resume

test: .venv/installed
	$(BIN)/ruff check --line-length 120 --select E,F,I,W,B,UP . && $(BIN)/python -m pytest $(SIDE_BY_SIDE)

test-slow: .venv/installed
	$(BIN)/python -m pytest -m slow --hypothesis-profile searching
	$(BIN)/python -m pytest $(SIDE_BY_SIDE) --hypothesis-profile searching

.venv/installed: setup.cfg constraints.txt
	@$(PYTHON) -c "import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))" || \
		{ echo "Rollcall needs Python 3.11, 3.12 or 3.13; name one: make run PYTHON=python3.12"; exit 2; }
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --upgrade pip setuptools
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable ".[test]"
	touch $@

clean:
	rm -rf .venv .cache
