# Aftershock's commands. Each makes .venv from the locks first if it is missing or out of date.
# PYTHON=python3.12 make test   chooses the interpreter (3.11 to 3.14)
# make replay ARGS="…"          passes arguments on
.DEFAULT_GOAL := help
.PHONY: run demo web test test-fast test-server fuzz lint format types lock setup site clean help

export PYTHON
unexport PYTHONHOME PYTHONPATH

ARGS ?=
EXTRAS ?=
UV_PROGRAM := $(or $(UV),uv)
python := .venv/bin/python

run: ## start the bot (ARGS="--config other.yaml")
	@sh tools/setup run $(EXTRAS) && exec $(python) main.py run $(ARGS)

demo: ## replay the DeepSeek week of January 2025 (ARGS="--speed 600x")
	@sh tools/setup run $(EXTRAS) && exec $(python) main.py replay deepseek-2025-01 $(ARGS)

web: ## the history in a browser (ARGS="--open")
	@sh tools/setup run web && exec $(python) main.py web $(ARGS)

test: ## run the tests (ARGS="tests/core -k hold")
	@sh tools/setup dev $(EXTRAS) && { sh tools/browser || true; } && exec $(python) -m pytest $(ARGS)

test-fast: ## the tests of core, config and render, in half a minute (ARGS="-k hold")
	@sh tools/setup dev $(EXTRAS) && exec $(python) -m pytest tests/core tests/config tests/render $(ARGS)

test-server: ## the tests that need a PostgreSQL, which they start themselves (ARGS="-k week")
	@sh tools/setup dev $(EXTRAS) && exec $(python) -m tests.server $(ARGS)

fuzz: ## hostile input for all that reads what others wrote, ten minutes (ARGS="--minutes 60")
	@sh tools/setup dev $(EXTRAS) && exec $(python) -m tests.fuzz $(ARGS)

lint: ## ruff: mistakes and format
	@sh tools/setup dev && $(python) -m ruff check . && $(python) -m ruff format --check .

format: ## ruff: fix the formatting
	@sh tools/setup dev && $(python) -m ruff check --fix-only --quiet . && $(python) -m ruff format .

types: ## mypy, strict, on bot/ and main.py
	@sh tools/setup dev && $(python) -m mypy

setup: ## only make the environment (EXTRAS="web parquet apprise server" adds them)
	@sh tools/setup run $(EXTRAS)

lock: ## recompile the locks from pyproject.toml (needs uv; UPGRADE=1 takes newer versions)
	@UV="$(UV_PROGRAM)" sh tools/lock $(if $(UPGRADE),--upgrade)

site: ## the documentation as a site, in build/site
	@cmp -s requirements-site.lock .venv-site/lock || { rm -rf .venv-site && $(or $(PYTHON),python3) -m venv .venv-site \
	&& .venv-site/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes --only-binary :all: \
	-r requirements-site.lock && cp requirements-site.lock .venv-site/lock; }
	@exec .venv-site/bin/python tools/site.py

clean: ## remove the environment and the caches; databases stay
	@rm -rf .venv .venv-site build .mypy_cache .ruff_cache .pytest_cache .hypothesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

help: ## this list
	@sed -n 's/^\([a-z-]*\): ## \(.*\)/  make \1|\2/p' Makefile | awk -F'|' '{ printf "%-17s %s\n", $$1, $$2 }'
