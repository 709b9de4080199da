# Two commands on a fresh machine: `make demo` and `make test`. Both install what is missing first.

CARGO   ?= cargo
DIST    := plugins/dist
FUZZ_SECONDS ?= 60
# What is built for tests: one choice of packages, or each has features of its own and everything is compiled twice.
TESTED  := --workspace --exclude posthouse-bench
PLUGINS := $(patsubst plugins/%/Cargo.toml,%,$(wildcard plugins/*/Cargo.toml))

.PHONY: demo test test-build check build dist setup plugins bench cdnow million torture fuzz screenshots fmt clean

demo: build ## build everything and serve a seeded agency on 127.0.0.1:7300
	exec target/release/posthouse demo $(DEMO)

test: test-build ## every test, on both engines
	$(CARGO) test --locked $(TESTED) --no-fail-fast
	cd plugins && $(CARGO) test --locked --no-fail-fast

build: ## target/release/posthouse and plugins/dist/NAME.wasm
	scripts/setup build
	$(CARGO) build --locked --release -p posthouse
	@$(MAKE) --no-print-directory plugins POSTHOUSE=target/release/posthouse

dist: ## target/dist/posthouse without debug information, which stands beside it in posthouse.debug
	scripts/setup build
	$(CARGO) build --locked --profile dist -p posthouse
	cd target/dist && objcopy --only-keep-debug posthouse posthouse.debug && strip --strip-debug --strip-unneeded posthouse && \
		objcopy --add-gnu-debuglink=posthouse.debug posthouse
	@ls -l target/dist/posthouse target/dist/posthouse.debug

plugins: $(PLUGINS:%=plugin-%) ## the reference plugins, packed, by $(POSTHOUSE)

plugin-%:
	@mkdir -p $(DIST)
	$(POSTHOUSE) plugin pack plugins/$* -o $(DIST)/$*.wasm

setup:
	scripts/setup

check: ## format, clippy with warnings denied, docs, dependency audit, and the API against its OpenAPI document
	scripts/setup check
	$(CARGO) fmt --all --check
	cd plugins && $(CARGO) fmt --all --check
	$(CARGO) clippy --locked --workspace --all-targets -- -D warnings
	cd plugins && $(CARGO) clippy --locked --all-targets -- -D warnings
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --locked --workspace --no-deps
	scripts/audit
	scripts/check-client
	$(CARGO) build --locked -p posthouse
	@$(MAKE) --no-print-directory plugins POSTHOUSE=target/debug/posthouse
	scripts/fuzz-api

bench: build ## the rows of docs/benchmarks.md, measured here
	$(CARGO) run --locked --release -p posthouse-bench

cdnow: test-build ## real purchases against an independent computation; downloads the data set
	POSTHOUSE_TEST_CDNOW=1 $(CARGO) test --locked -p posthouse-tests cdnow -- --nocapture

million: build ## a file of a million rows on both engines, with memory measured; takes minutes
	POSTHOUSE_TEST_MILLION=1 POSTHOUSE_TEST_BINARY=$(CURDIR)/target/release/posthouse $(CARGO) test --locked -p posthouse-tests million -- --nocapture --test-threads 1

torture: test-build ## a hundred power cuts on each engine, a hundred rounds of three hosts, strangers at the doors and hostile guests, from another seed every time; takes an hour
	POSTHOUSE_TEST_TORTURE=$${POSTHOUSE_TEST_TORTURE:-100} POSTHOUSE_TEST_SEED=$${POSTHOUSE_TEST_SEED:-$$(date +%s)} \
		$(CARGO) test --locked -p posthouse-tests torture -- --nocapture --test-threads 1

fuzz: ## mutated uploads, descriptors and answers, FUZZ_SECONDS each from another seed every time; `make test` tries each for a second
	POSTHOUSE_FUZZ_SECONDS=$(FUZZ_SECONDS) POSTHOUSE_FUZZ_SEED=$${POSTHOUSE_FUZZ_SEED:-$$(date +%s)} \
		$(CARGO) test --locked -p posthouse-engine --test engine fuzz -- --nocapture

test-build: setup ## what the tests need: the binary, the plugins, and the projects that `plugin new` writes
	$(CARGO) build --locked $(TESTED) --bins
	@$(MAKE) --no-print-directory plugins POSTHOUSE=target/debug/posthouse
	@rm -rf target/test-plugins && mkdir -p target/test-plugins
	cd target/test-plugins && ../debug/posthouse plugin new sample
	cd target/test-plugins && ../debug/posthouse plugin new sample-offer --world promotion
	cd target/test-plugins && ../debug/posthouse plugin new sample-club --world loyalty
	cd target/test-plugins && ../debug/posthouse plugin new sample-desk --world complaint-routing
	target/debug/posthouse plugin pack target/test-plugins/sample -o target/test-plugins/sample.wasm
	target/debug/posthouse plugin pack target/test-plugins/sample-offer -o target/test-plugins/sample-offer.wasm
	target/debug/posthouse plugin pack target/test-plugins/sample-club -o target/test-plugins/sample-club.wasm
	target/debug/posthouse plugin pack target/test-plugins/sample-desk -o target/test-plugins/sample-desk.wasm

screenshots: test-build ## pictures of the console's rooms for the documents, into docs/screenshots
	scripts/screenshots

fmt:
	$(CARGO) fmt --all
	cd plugins && $(CARGO) fmt --all

clean:
	rm -rf target plugins/target plugins/dist data
