# Every command of this project; `make` alone lists them. Works with GNU make 3.81 and newer.

SHELL = /bin/sh
.DEFAULT_GOAL = help
.PHONY: help study test lint docs setup lock clean

# The study to run, and what to add to a pytest command: make study STUDY=my-study; make test ARGS="-k roster"
STUDY = colorado-child-care
ARGS =

help: ## List these commands.
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-7s %s\n", $$1, $$2 }' Makefile

study: setup ## Set up, then run a study; STUDY=name chooses another than the example.
	@.venv/bin/ci-analysis run "$(STUDY)"

test: setup ## Set up, then run every test; ARGS="-k word" chooses some.
	@.venv/bin/python -m pytest -n auto --dist loadfile $(ARGS)

lint: setup ## Set up, then check the code's style and that notebooks hold no results.
	@.venv/bin/ruff check .
	@.venv/bin/ruff format --check .
	@.venv/bin/python scripts/check_notebooks.py

docs: setup ## Write the documents that are made from the code: data dictionary and commands.
	@.venv/bin/python scripts/make_docs.py

setup: ## Make .venv as requirements.lock says; at once where it is already made.
	@sh scripts/setup.sh

# Settings of this machine or person that could bring their own packages or addresses into the locks are put aside.
LOCK = env -u UV_FIND_LINKS -u UV_INDEX -u UV_EXTRA_INDEX_URL -u UV_NO_CONFIG -u UV_CONFIG_FILE \
	XDG_CONFIG_HOME="$$PWD/.tools" XDG_CONFIG_DIRS="$$PWD/.tools" UV_PYTHON_DOWNLOADS=never \
	.tools/py/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-build \
	--no-emit-index-url --no-emit-find-links --custom-compile-command 'make lock' $(if $(UPGRADE),--upgrade)

lock: ## Write requirements.lock and setup.lock anew; UPGRADE=1 takes the newest versions.
	@sh scripts/setup.sh tools
	@$(LOCK) --group dev pyproject.toml --output-file requirements.lock
	@echo uv | $(LOCK) --no-annotate - --output-file setup.lock

clean: ## Remove .venv, .tools and what tools leave behind; data and reports stay.
	@rm -rf .venv .tools .pytest_cache .ruff_cache .hypothesis build dist
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
