# Two commands make a newcomer happy: `make demo`, `make test`. `make help` lists the rest.
PYTHON ?= python3
VENV   ?= .venv
# TORCH=cpu takes PyTorch's CPU build (a fraction of the download); empty takes the registry's default.
TORCH  ?=
# Of `make serve`: OPTIONS=--no-dashboard (docs/operations.md), OPTIONS=--help lists them.
OPTIONS ?=
BIN    := $(VENV)/bin
PIP    := $(BIN)/python -m pip
# Else each of the many processes of a test run or of a service compiles its Python anew.
unexport PYTHONDONTWRITEBYTECODE
TORCH_INDEX := $(if $(filter cpu,$(TORCH)),--index-url https://download.pytorch.org/whl/cpu,)

.DEFAULT_GOAL := help
.PHONY: browser help setup setup-dev demo serve job-demo test lint types fast docs bench image-requirements release clean

help: ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 20

$(BIN)/.base:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed")'
	$(PYTHON) -m venv $(VENV)
	$(PIP) install -q --upgrade 'pip>=25'
	touch $@

$(BIN)/.server: $(BIN)/.base pyproject.toml constraints.txt
	@echo "Installing the service into $(VENV) (minutes, once) ..."
	$(PIP) install -q -c constraints.txt $(TORCH_INDEX) torch
	$(PIP) install -q -c constraints.txt -e '.[server,faces,heif,cli]'
	touch $@

$(BIN)/.dev: $(BIN)/.server
	$(PIP) install -q -c constraints.txt -e '.[server,faces,heif,cli,dev,training,bench]'
	# Beside the packages, not among them: diffusers would import it (docs/provenance.md).
	$(PIP) install -q --no-deps --upgrade --target $(VENV)/share/inferloop-watermark -c constraints.txt invisible-watermark
	touch $@

setup: $(BIN)/.server ## install what the service needs into .venv
setup-dev: $(BIN)/.dev ## the same, and what tests and benchmarks need

demo: $(BIN)/.server ## start the service, make and check two images, export them, stop
	$(BIN)/python -m deployments.local.demo

serve: $(BIN)/.server ## run the service in the foreground on configs/local.yaml
	$(BIN)/python -m deployments.local.launch --config configs/local.yaml $(OPTIONS)

job-demo: $(BIN)/.server ## 200 prompts through `ray job submit`, killed once, resumed, complete and exact
	$(BIN)/python -m batch.demo

lint: $(BIN)/.dev ## ruff
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(BIN)/.dev ## mypy, strict
	$(BIN)/mypy

# One thread an operator (OpenCV would wait actively for its own: 8 of 36 s in the tests of quality).
PYTEST := OMP_NUM_THREADS=1 OPENCV_FOR_THREADS_NUM=1 $(BIN)/python -m pytest -q
# Three processes keep two cores busy, as one of them often waits for a server, a disk or a lock.
fast: $(BIN)/.dev ## the tests that need neither a Ray cluster nor half a second of processor time each
	$(PYTEST) -n 3 --dist loadfile -m 'not ray and not slow and not s3_real and not gpu'

# The studio is tested in a real browser. Nobody who is not root is asked for anything: without a browser those tests
# are skipped, and say so.
browser:
	@for name in chromium chromium-browser google-chrome; do command -v $$name >/dev/null && exit 0; done; \
	  [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && timeout 600 sh -c 'apt-get -q update && apt-get -qy install chromium' >/dev/null 2>&1 \
	  || echo "No Chromium: the studio's tests are skipped (Debian: apt-get install chromium)"

test: browser lint types fast ## lint, types, architecture rules, the whole suite
	$(PYTEST) -n 2 --dist loadfile -m 'slow and not ray and not s3_real and not gpu'
	$(PYTEST) -m ray

docs: $(BIN)/.dev ## the site of the documents, strictly, into build/site
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --strict

bench: $(BIN)/.dev ## the benchmarks; results go to benchmarks/RESULTS.md by hand
	$(BIN)/python -m benchmarks.serving

image-requirements: $(BIN)/.dev ## write down the image's packages with their hashes (requirements/)
	$(BIN)/python requirements/lock.py

release: $(BIN)/.dev ## check version, changelog and tag, and build the wheel
	$(BIN)/python .github/release.py

clean: ## remove caches (not .venv, not data)
	rm -rf .mypy_cache .ruff_cache .pytest_cache .hypothesis build
