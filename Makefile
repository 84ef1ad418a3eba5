# Everything happens in .venv; all that is needed beforehand is Python 3.10 or later with pip and venv, and make.

PYTHON ?= python3
BIN := .venv/bin
CLIENTS := poetry flit hatch twine
# uv's own header would name the paths of this machine.
define lock
$(BIN)/uv pip compile --quiet $(1) --universal --python-version 3.10 --generate-hashes --no-header --no-annotate \
  --default-index https://pypi.org/simple/ | sed '1i # $(3) of the registry'"'"'s image, by hash; `make locks` writes it anew.' >registry/$(2)
endef
PACKSE := .venv/conformance/packse-0.3.59.tar.gz
DEBIAN := .venv/conformance/debian/.unpacked
GROUPS := .venv/conformance/groups.snapshot

.DEFAULT_GOAL := help
.PHONY: help demo test conformance nightly clients energy hooks engine engine-large locks fuzz test-postgres bench-images bench-resolver bench-uploads bench-registry bench-check bench-faults doctors lint clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: .venv/.demo ## Publish, install, check and plan the example models, in under three minutes
	@$(BIN)/python examples/demo.py

test: .venv/.dev ## Run the test suite
	$(BIN)/pytest -n logical --maxprocesses 4 --dist loadfile $(PYTEST_ARGS)

conformance: .venv/.dev $(PACKSE) $(DEBIAN) $(GROUPS) ## Compare verdicts with those of others (docs/conformance.md)
	$(BIN)/pytest -m heavy tests/conformance $(PYTEST_ARGS)

nightly: .venv/.dev ## Try the laws of the resolver on 20,000 random worlds each, fresh ones every time
	HYPOTHESIS_PROFILE=nightly $(BIN)/pytest -m "heavy or not heavy" \
	  tests/resolver/test_against_brute_force.py tests/resolver/test_certificate.py tests/resolver/test_tampering.py \
	  tests/resolver/test_trusted_base.py tests/resolver/test_conditions.py tests/resolver/test_admission.py \
	  tests/conformance/test_second_solver.py $(PYTEST_ARGS)

clients: .venv/.dev $(CLIENTS:%=.venv/clients/%/.done) ## Upload and install over TLS with pip, uv, twine, poetry, flit and hatch; follow the how-to pages
	$(BIN)/pytest -m heavy tests/end_to_end/test_registry_tls.py tests/end_to_end/test_how_to_pages.py $(PYTEST_ARGS)

energy: .venv/.dev ## Check candidates of every level against a recorded fleet of forty models, in every format
	$(BIN)/pytest -m "heavy or not heavy" tests/scenarios/test_energy_40.py $(PYTEST_ARGS)

hooks: .venv/.dev .venv/clients/pre-commit/.done ## Let pre-commit run the hook that teams use
	$(BIN)/pytest -m heavy tests/end_to_end/test_pre_commit.py $(PYTEST_ARGS)

engine: .venv/.dev ## Build real images with buildah and a Docker Engine (root on Debian; installs what it needs)
	$(BIN)/pytest -m "heavy and not large" tests/engine $(PYTEST_ARGS)

engine-large: .venv/.dev ## Build the smallest base of forty models, 3 GB of wheels, twice by both (root on Debian, 36 GB of disk)
	$(BIN)/pytest -m large tests/engine $(PYTEST_ARGS)

fuzz: .venv/.dev .venv/clients/schemathesis/.done ## Throw thousands of wrong requests at a registry, some by its own OpenAPI document
	HYPOTHESIS_PROFILE=fuzz $(BIN)/pytest -m heavy tests/fuzz $(PYTEST_ARGS)

test-postgres: .venv/.dev ## Run the registry's tests on a real PostgreSQL: WHEELYARD_TEST_DATABASE, or one of its own
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[postgresql]'
	$(BIN)/python -m tests.registry.on_postgresql tests/registry tests/end_to_end $(PYTEST_ARGS)

bench-images: .venv/.dev ## Measure how long base images take to write, and to install into (root on Debian)
	$(BIN)/python bench/base_images.py --write docs/benchmarks/base-images.md $(BENCH_ARGS)

bench-resolver: .venv/.dev ## Measure verdicts and plans against uv and against size; records a snapshot of PyPI first
	$(BIN)/python -m pip install --quiet --disable-pip-version-check 'matplotlib>=3.9'
	$(BIN)/python bench/resolver_growth.py docs/benchmarks/resolver.svg
	$(BIN)/python bench/resolver.py --write docs/benchmarks/resolver.md $(BENCH_ARGS)

bench-uploads: .venv/.dev ## Measure uploads against devpi and pypiserver, which it installs into .bench
	$(BIN)/python bench/registry_uploads.py --write docs/benchmarks/registry-uploads.md $(BENCH_ARGS)

bench-registry: .venv/.dev ## Measure reads against nginx serving the same bytes, beside four indexes (nginx, wrk)
	$(BIN)/python bench/registry_reads.py --write docs/benchmarks/registry-reads.md $(BENCH_ARGS)

bench-check: .venv/.dev ## Measure checks that a server answers, on 40 and on 1,000 models (wrk; make bench-resolver first)
	$(BIN)/python bench/server_checks.py --write docs/benchmarks/server-checks.md $(BENCH_ARGS)

bench-faults: .venv/.dev ## Kill, fill and fail uploads and caches, here and at devpi, pypiserver and proxpi (root or user namespaces, strace, curl)
	$(BIN)/pytest -m heavy tests/end_to_end/test_registry_durability.py $(PYTEST_ARGS)
	PYTHONPATH=. $(BIN)/python bench/registry_faults.py --write docs/benchmarks/registry-faults.md $(BENCH_ARGS)

doctors: .venv/.dev ## Examine PyPI, devpi, pypiserver and Wheelyard; writes docs/doctor.md
	$(BIN)/python bench/index_doctors.py --write docs/doctor.md

lint: .venv/.dev ## Check style, format, types and the arrows between the packages
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

locks: .venv/.dev ## Lock the packages of the registry's image anew, by hash
	@$(call lock,pyproject.toml --extra registry,requirements.txt,The packages)
	@echo hatchling | $(call lock,-,build-requirements.txt,What builds the wheel)

clean: ## Remove the environment and everything that was made
	rm -rf .venv .bench demo-out dist .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10))' || \
	  { echo "error: $(PYTHON) is older than Python 3.10, or missing; name another: make PYTHON=python3.11" >&2; exit 1; }
	@$(PYTHON) -m venv .venv || \
	  { rm -rf .venv; echo "error: $(PYTHON) cannot make environments; on Debian and Ubuntu: apt install python3-venv" >&2; exit 1; }

.venv/.demo: pyproject.toml | .venv/bin/python
	@echo "installing wheelyard into .venv ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[registry]' build hatchling twine
	@touch $@

.venv/.dev: pyproject.toml | .venv/bin/python
	@echo "installing wheelyard and its development tools into .venv ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]' hatchling
	@touch $@ .venv/.demo

# The last twine that does not keep --skip-existing to PyPI.
.venv/clients/twine/.done: CLIENT := twine<6.1

# Clients with many dependencies, each in an environment of its own. Without one its tests say that they are skipped.
.venv/clients/%/.done: | .venv/bin/python
	@echo "installing $* into .venv/clients/$* ..."
	-@$(PYTHON) -m venv .venv/clients/$* && \
	  .venv/clients/$*/bin/python -m pip install --quiet --disable-pip-version-check '$(or $(CLIENT),$*)' && touch $@

# The scenarios of uv's resolver: data of others, used and not kept. Without them their tests say that they are skipped.
$(PACKSE): | .venv/.dev
	@echo "downloading packse's scenarios ..."
	-@$(BIN)/python -m pip download --quiet --disable-pip-version-check --no-deps --no-binary :all: \
	  --ignore-requires-python --dest $(@D) packse==0.3.59

# What pip and wheelyard read of PyPI to answer for some groups of requirements: texts of others, used and not kept.
$(GROUPS): tests/conformance/groups.toml | .venv/.dev
	@mkdir -p $(@D)
	@echo "recording what pip and wheelyard read of PyPI, some minutes ..."
	-@$(BIN)/python -m tests.conformance.groups $@

# Debian's solvers need neither root nor installing: unpacked, they run.
$(DEBIAN): | .venv/.dev
	@echo "downloading coinst and dose-debcheck ..."
	-@mkdir -p $(@D) && cd $(@D) && apt-get download --quiet=2 coinst dose-distcheck && \
	  for package in *.deb; do dpkg -x $$package . || exit 1; done && touch $(@F)
