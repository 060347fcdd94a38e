# Few words; everything also works without make.
.PHONY: help setup ready run test lint format types unit stories browser postgres messages lock clean prove-adviser prove-cold-start prove-drift prove-requests prove-first-week prove-load prove-spotter

help:        ## these words
	@sed -n 's/^\([a-z-]*\): *.*## /\1	/p' $(MAKEFILE_LIST)

setup:       ## everything between a fresh clone and a program that starts
	@setup/prepare run

run:         ## serve the demo until Ctrl-C
	@./run

test:        ## all of it: lint, types, contracts, tests
	@./test

ready:
	@setup/prepare test

lint: ready  ## ruff and the import contracts
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/lint-imports --no-logo

format: ready ## let ruff mend what it can
	.venv/bin/ruff check --fix .
	.venv/bin/ruff format .

types: ready ## mypy
	.venv/bin/mypy

unit: ready  ## the quick tests
	.venv/bin/pytest -n 2 -q -m "not browser and not postgres"

stories: ready ## the newspaper's scenes
	.venv/bin/pytest -n 2 -q tests/stories

browser: ready ## through a real browser
	.venv/bin/pytest -q -m browser

postgres: ready ## on a real PostgreSQL
	.venv/bin/pytest -q -m postgres

messages: ready ## collect the screens' texts into the .po files and compile them
	.venv/bin/python setup/messages.py collect

prove-adviser: ## the adviser's figures, reckoned anew (needs ../shared/data)
	@.venv/bin/python bench/adviser/prove.py $(ARGS)

prove-cold-start: ## from a district's lists alone: who really answered (needs ../shared/data), left-out utterances, speed
	@.venv/bin/python bench/adviser/cold_start.py $(ARGS)

prove-drift: ## 200 drifting streams with late and false returns past several policies (about an hour; ARGS="--streams 20")
	@.venv/bin/python bench/adviser/drift.py $(ARGS)

prove-requests: ## town, leaf and lead unit of our own 1,000 requests
	@.venv/bin/python bench/requests/score.py $(ARGS)

prove-first-week: ready ## five days of 300 orders a day between a simulated city, the desk and the units
	FENZHEN_FIRST_WEEK_ORDERS=300 .venv/bin/pytest -q -s -p no:xdist tests/stories/test_first_week.py $(ARGS)

prove-city: ready ## rows of the city's files a second: new, changed, moved, withdrawn (ARGS="--rows 2000")
	@.venv/bin/python bench/city_rows.py $(ARGS)

prove-load: ready ## 20 clerks and 5 dispatchers for ten minutes, on SQLite and on PostgreSQL (ARGS="--seconds 60")
	@.venv/bin/python bench/first_week.py $(ARGS)

prove-pages: ready ## every page with a list, as everybody who may, at 60,000 tickets (ARGS="20000 --role dispatcher --slow 50")
	@.venv/bin/python bench/pages.py $(ARGS)

prove-windows: ready ## the forty-four windows among 300 other calls a day, through the pages
	FENZHEN_STORY_DAY=300 .venv/bin/pytest -q -s -p no:xdist tests/stories/test_windows_too_small.py $(ARGS)

prove-locator: ## places as callers say them: accepted answers right, coverage (ARGS="--half 1 --seed 2")
	@.venv/bin/python bench/locator/prove.py $(ARGS)

prove-spotter: ## events, alarms, surges, speed (needs ../shared/data; ARGS="--list FILE" to read each alarm)
	@PYTHONPATH=. .venv/bin/python bench/spotter/prove.py $(ARGS)
	@PYTHONPATH=. .venv/bin/python bench/spotter/surges.py
	@PYTHONPATH=. .venv/bin/python bench/spotter/speed.py

lock:        ## write the lock files anew (make lock ARGS=--upgrade)
	setup/lock $(ARGS)

clean:       ## remove what set-up and tools made; data/ stays
	rm -rf .venv .setup.lock .cache .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache
	rm -rf fenzhen/web/static/vendor build dist
	find fenzhen tests demo setup -name __pycache__ -prune -exec rm -rf {} + 2>/dev/null || true
	find fenzhen -name '*.mo' -delete
