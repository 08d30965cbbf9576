# ktap: the commands a newcomer needs. `make bench` runs the main job, `make test` the tests; both set up what they need.

SWIFT ?= swift
# Frame pointers would put a push and a pop into every handler of the interpreter; static linking makes one file that
# runs on a machine without Swift.
RELEASE = -c release --static-swift-stdlib -Xswiftc -gline-tables-only
SECONDS_EACH ?= 600

.PHONY: all build bench test check format lint fuzz install clean setup

all: build

setup:
	@scripts/setup.sh

build: setup
	$(SWIFT) build $(RELEASE)

## Measures what tracing costs on this machine: writes reports/overhead.json, .md and .html.
bench: build
	.build/release/ktap bench overhead --output reports/overhead

## All tests, the format check and the generated pages; what CI runs.
test: setup
	@scripts/test.sh

lint:
	$(SWIFT) format lint --strict --recursive Package.swift Sources Tests Benchmarks

format:
	$(SWIFT) format --in-place --recursive Package.swift Sources Tests Benchmarks

fuzz: setup
	Tests/Fuzzing/run.sh $(SECONDS_EACH)

PREFIX ?= /usr/local
install: build
	install -D -m 755 .build/release/ktap $(DESTDIR)$(PREFIX)/bin/ktap
	install -D -m 755 .build/release/ktap-workload $(DESTDIR)$(PREFIX)/bin/ktap-workload
	install -D -m 644 Documentation/ktap.1 $(DESTDIR)$(PREFIX)/share/man/man1/ktap.1

clean:
	$(SWIFT) package clean
