# Everything works on a fresh machine: each target makes the virtual environment that it needs.
PYTHON ?= python3
VENV ?= .venv
PY := $(VENV)/bin/python
SECONDS ?= 600
TESTS ?=
MODE ?=
PROFILE ?= thorough
FIGURES ?=
PYTHONS ?= $(wildcard $(HOME)/.pyenv/versions/3.*/bin/python) $(foreach minor,11 12 13 13t 14 14t,python3.$(minor))
TAG := import sys, sysconfig as s; v = sys.version_info; \
	print("3.%d%s" % (v[1], "t" * bool(s.get_config_var("Py_GIL_DISABLED")))); sys.exit(v < (3, 11))
PIP := $(PY) -m pip install --quiet --disable-pip-version-check
# uv takes a tenth of pip's time. It does not read pip's settings: where it finds no index, pip does it.
INSTALL := install() { $(VENV)/bin/uv pip install --quiet --python $(VENV) "$$@" || $(PIP) "$$@"; }; install

# Without bytecode files every process that a test starts compiles all that it imports, so they are written whatever the
# environment says.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: help demo test test-long test-all test-others test-lowest lint types mypy pyright build messages bench soak reliability fuzz mutation bench-gate redis-server node-client valgrind clean sbom audit api-diff docs

help:  ## say what there is to make
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 13

demo: $(VENV)/.demo  ## check every phone of examples/phones.csv against the sandbox, into results.csv
	$(VENV)/bin/etelecom demo examples/phones.csv -o results.csv || test $$? -eq 3

# One process more than there are cores, since some tests wait for other processes.
# MODE="-X dev" is Python's development mode, in which asyncio is twenty times as slow. Processes of `-n` would not have it.
WORKERS ?= $(shell expr $$(getconf _NPROCESSORS_ONLN) + 1)
PROCESSES = $(if $(MODE),--tx '$(WORKERS)*popen//python=$(abspath $(PY)) $(MODE)',-n $(WORKERS))
PYTEST = $(PY) $(MODE) -m pytest --dist worksteal $(PROCESSES)
test: $(VENV)/.dev redis-server  ## run the tests but the long ones, or all of some: TESTS=tests/unit/test_codec.py
	$(PYTEST) $(or $(TESTS),-m "not long")

test-long: $(VENV)/.dev redis-server node-client  ## run the long tests, and those of properties with all their examples; PROFILE=search tries new ones
	$(PYTEST) -m "long or hypothesis" --hypothesis-profile=$(PROFILE) $(TESTS)

test-all: test $(if $(TESTS),,test-long) test-others  ## run the tests under every Python from 3.11 up that is found, or some: TESTS=tests/unit/test_codec.py

# Each has a virtual environment of its own, .venv-3.13 and so on; 3.13t is the free-threaded one.
test-others:
	@tag() { "$$1" -c '$(TAG)' 2>/dev/null; }; \
	own=$$(tag $(PYTHON)); tested=" "; \
	for python in $(PYTHONS); do \
		version=$$(tag $$python) || continue; \
		case " $$own$$tested" in *" $$version "*) continue ;; esac; \
		echo "Python $$version: $$python"; \
		$(MAKE) --no-print-directory test PYTHON=$$python VENV=.venv-$$version || exit 1; \
		tested="$$tested$$version "; \
	done; \
	echo "The tests passed under:$$tested"

# What uses more of aiohttp, cattrs and httpx than they promise, or what they had not before.
test-lowest: TESTS = tests/unit/test_codec.py tests/unit/transport/test_stale_connections.py \
	tests/unit/transport/test_aiohttp_transport.py tests/unit/transport/test_transports.py \
	tests/unit/contrib
test-lowest: $(VENV)-lowest/.done  ## run some tests with the lowest versions that pyproject.toml allows
	$(VENV)-lowest/bin/python -m pytest -n auto $(TESTS)

lint: $(VENV)/.dev  ## ruff, as linter and as formatter; imports point downwards
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(VENV)/bin/lint-imports --no-logo

types: mypy pyright  ## mypy --strict and pyright strict; make -j 2 types runs both at once
mypy: $(VENV)/.dev
	$(PY) -m mypy
pyright: $(VENV)/.dev
	$(VENV)/bin/basedpyright --pythonpath $(PY)

messages: $(VENV)/.dev  ## bring the catalogue of messages up to date with the code, and compile it
	$(PY) -m tests.support.catalogue

# Files in the archives bear the time of the last commit, so the same commit makes the same bytes.
BUILD = SOURCE_DATE_EPOCH=$(or $(shell git log -1 --format=%ct 2>/dev/null),1767225600) $(PY) -m build --outdir
build: $(VENV)/.dev  ## wheel and sdist into dist/, checked; a second build has to give the same bytes
	rm -rf dist
	$(BUILD) dist .
	$(BUILD) dist/again .
	for file in dist/*.*; do cmp "$$file" "dist/again/$${file##*/}" || exit 1; done
	rm -r dist/again
	$(PY) -m twine check --strict dist/*
	$(VENV)/bin/check-wheel-contents dist/*.whl

# Read anew as a whole: a page that did not change would keep its old navigation.
docs: $(VENV)/.docs  ## the site into build/site/: pages, and a reference from the docstrings; a warning is an error
	$(PY) -m sphinx --fresh-env --jobs auto --fail-on-warning --keep-going --quiet -d build/doctrees -c docs/site . build/site

sbom: $(VENV)/.dev  ## dist/sbom.json: what an installation with all extras consists of, in CycloneDX
	$(PYTHON) -m venv $(VENV)-sbom
	$(VENV)-sbom/bin/python -m pip install --quiet --disable-pip-version-check '.[all]'
	@$(INSTALL) --group trust
	mkdir -p dist
	$(VENV)/bin/cyclonedx-py environment --pyproject pyproject.toml --output-reproducible --of JSON \
		--output-file dist/sbom.json $(VENV)-sbom

audit: sbom  ## ask the advisory database of PyPI about every package of the SBOM; needs the network
	$(VENV)-sbom/bin/python -m pip freeze --exclude etelecom-async >dist/audited.txt
	$(PY) -m pip_audit --disable-pip --no-deps --strict --requirement dist/audited.txt

BASE ?= $(shell git merge-base HEAD origin/main 2>/dev/null || git merge-base HEAD main)
api-diff: $(VENV)/.dev  ## which changes since BASE, the last landed commit, break the public API?
	@$(INSTALL) --group trust
	$(VENV)/bin/griffe check etelecom_async --against $(BASE)

bench: $(VENV)/.bench valgrind  ## measure everything and write docs/internals/performance.md; BENCH=--quick only prints
	$(PY) -m benchmarks performance $(BENCH)

soak: $(VENV)/.dev  ## fifteen minutes of faults and restarts: is every call accounted for?
	$(PY) -m benchmarks soak

reliability: $(VENV)/.dev  ## write docs/internals/reliability.md from what the fault tests see
	$(PY) -m tests.faults

fuzz: $(VENV)/.fuzz  ## ten minutes (SECONDS=600) of search for bytes that break the codec, the error parser or a call
	$(PY) -m tests.fuzz --seconds $(SECONDS)

mutation: $(VENV)/.mutation  ## put mistakes into the code one by one, and write docs/internals/mutation.md: which does no test notice?
	$(PY) -m tests.mutation $(MODULES)

bench-gate: $(VENV)/.dev valgrind  ## fail if a call takes more instructions than benchmarks/gate.json says, or some: FIGURES=typed
	$(PY) -m benchmarks gate $(FIGURES)

# The tests start a Redis of their own. No package of PyPI has one that is kept up to date, so it is the system's.
redis-server:
	@command -v redis-server >/dev/null || \
		if command -v apt-get >/dev/null && [ "$$(id -u)" = 0 ]; then \
			apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends redis-server >/dev/null; \
		else \
			echo "The tests need redis-server: install it first (Debian: apt-get install redis-server; macOS: brew install redis)."; \
			exit 1; \
		fi

# A client that is generated from the OpenAPI document, under Node: npm has its packages.
node-client:
	@command -v npm >/dev/null || \
		if command -v apt-get >/dev/null && [ "$$(id -u)" = 0 ]; then \
			apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends nodejs npm >/dev/null; \
		else \
			echo "The long tests need Node 18 or newer with npm: install them first (Debian: apt-get install nodejs npm; macOS: brew install node)."; \
			exit 1; \
		fi
	@[ tests/e2e/openapi_client/node_modules -nt tests/e2e/openapi_client/package-lock.json ] || \
		{ npm ci --prefix tests/e2e/openapi_client --no-audit --no-fund --silent && touch tests/e2e/openapi_client/node_modules; }

valgrind:
	@command -v valgrind >/dev/null || \
		if command -v apt-get >/dev/null && [ "$$(id -u)" = 0 ]; then \
			apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends valgrind >/dev/null; \
		else \
			echo "The gate needs valgrind: install it first (Debian: apt-get install valgrind)."; \
			exit 1; \
		fi

clean:  ## remove what the other targets made
	rm -rf $(VENV) $(VENV)-lowest $(VENV)-sbom .venv-3.* benchmarks/node/node_modules tests/e2e/openapi_client/node_modules
	rm -rf build dist docs/reference results.csv results.csv.job .results.csv*.part .pytest_cache .mypy_cache .ruff_cache .hypothesis

$(PY):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or newer is needed: make PYTHON=python3.11 ..."; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(PIP) --upgrade pip uv

$(VENV)/.demo: pyproject.toml | $(PY)
	@$(INSTALL) --editable '.[cli]'
	@touch $@

$(VENV)/.dev: pyproject.toml | $(PY)
	@$(INSTALL) --editable '.[cli,excel,fast,httpx,otel,parquet,phone,prometheus,ray,redis,report]' --group dev --group examples
	@touch $@ $(VENV)/.demo

$(VENV)-lowest/.done: pyproject.toml
	$(PYTHON) -m venv $(VENV)-lowest
	$(VENV)-lowest/bin/python -m pip install --quiet --disable-pip-version-check uv
	$(VENV)-lowest/bin/uv pip install --quiet --python $(VENV)-lowest --resolution lowest-direct \
		--editable '.[cli,fast,httpx,otel,prometheus]' 'opentelemetry-sdk>=1.30'
	$(VENV)-lowest/bin/uv pip install --quiet --python $(VENV)-lowest \
		hypothesis pytest pytest-asyncio pytest-xdist sybil trustme
	@touch $@

$(VENV)/.docs: pyproject.toml | $(VENV)/.dev
	@$(INSTALL) --group docs
	@touch $@

$(VENV)/.fuzz: pyproject.toml | $(VENV)/.dev
	@$(INSTALL) --group fuzz
	@touch $@

$(VENV)/.mutation: pyproject.toml | $(VENV)/.dev
	@$(INSTALL) --group mutation
# The clients under Node are left out where there is no npm.
$(VENV)/.bench: pyproject.toml benchmarks/node/package-lock.json $(VENV)/.dev
	@$(INSTALL) --group bench
	@if command -v npm >/dev/null; then npm ci --prefix benchmarks/node --no-audit --no-fund --silent; fi
	@touch $@
