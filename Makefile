# Two commands on a fresh machine: `make demo` and `make test`. Both install what is missing first.

CARGO   ?= cargo
DIST    := plugins/dist
PLUGINS := $(patsubst plugins/%/Cargo.toml,%,$(wildcard plugins/*/Cargo.toml))

.PHONY: demo test check build setup plugins bench cdnow fmt clean

demo: build ## build everything and serve a seeded agency on 127.0.0.1:7300
	exec target/release/posthouse demo $(DEMO)

test: setup ## every test, on both engines
	$(CARGO) build --locked -p posthouse
	@$(MAKE) --no-print-directory plugins POSTHOUSE=target/debug/posthouse
	$(CARGO) test --locked --workspace --exclude posthouse-bench --no-fail-fast
	cd plugins && $(CARGO) test --locked --no-fail-fast

build: ## target/release/posthouse and plugins/dist/NAME.wasm
	scripts/setup build
	$(CARGO) build --locked --release -p posthouse
	@$(MAKE) --no-print-directory plugins POSTHOUSE=target/release/posthouse

plugins: $(PLUGINS:%=plugin-%) ## the reference plugins, packed, by $(POSTHOUSE)

plugin-%:
	@mkdir -p $(DIST)
	$(POSTHOUSE) plugin pack plugins/$* -o $(DIST)/$*.wasm

setup:
	scripts/setup

check: ## format, clippy with warnings denied, docs, dependency audit
	$(CARGO) fmt --all --check
	cd plugins && $(CARGO) fmt --all --check
	$(CARGO) clippy --locked --workspace --all-targets -- -D warnings
	cd plugins && $(CARGO) clippy --locked --all-targets -- -D warnings
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --locked --workspace --no-deps
	scripts/audit

bench: build ## the rows of docs/benchmarks.md, measured here
	$(CARGO) run --locked --release -p posthouse-bench

cdnow: ## real purchases against an independent computation; downloads the data set
	@$(MAKE) --no-print-directory test-build
	POSTHOUSE_TEST_CDNOW=1 $(CARGO) test --locked -p posthouse-tests cdnow -- --nocapture

test-build: setup
	$(CARGO) build --locked -p posthouse
	@$(MAKE) --no-print-directory plugins POSTHOUSE=target/debug/posthouse

fmt:
	$(CARGO) fmt --all
	cd plugins && $(CARGO) fmt --all

clean:
	rm -rf target plugins/target plugins/dist data
