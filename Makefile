BIN := .venv/bin
DEMO := resources/demos/bach.flac
PICTURE := build/bach.png

.PHONY: help run test test-lowest lint format docs clean
.DEFAULT_GOAL := help

help:  ## list the targets
	@awk -F ':|## ' '/^[a-z-]+:.*## / { printf "make %-11s %s\n", $$1, $$NF }' Makefile

run:  ## set up, then open a demo track
	@packaging/setup.sh run
	@if [ -n "$$DISPLAY$$WAYLAND_DISPLAY" ] || [ "$$(uname -s)" != Linux ]; then \
	    $(BIN)/msviz open $(DEMO); \
	else \
	    echo "There is no display for a window, so this draws the demo track to a picture instead."; \
	    mkdir -p $(dir $(PICTURE)) && $(BIN)/msviz render $(DEMO) -o $(PICTURE) && \
	    echo "Saved $(CURDIR)/$(PICTURE)"; \
	fi

test: lint  ## set up, then lint, types, contracts and tests
	$(BIN)/pytest -q

test-lowest:  ## set up the lowest allowed versions in build/lowest, then test
	@packaging/setup.sh lowest
	build/lowest/bin/pytest -q

lint:  ## set up, then lint, types and contracts
	@packaging/setup.sh test
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

format:  ## set up, then format the code
	@packaging/setup.sh test
	$(BIN)/ruff check --fix --exit-zero
	$(BIN)/ruff format

docs:  ## set up, then build the documentation site, build/docs/index.html
	@packaging/setup.sh test
	$(BIN)/sphinx-build -W --keep-going -q docs build/docs

clean:  ## remove everything that was built
	rm -rf .venv build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
