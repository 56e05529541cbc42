# meterbench: `make bench` runs the main job, `make test` all tests.
SHELL := /bin/bash
BIN := bin/meterbench

# Static programs, which any Linux of the architecture runs. The tag leaves out what gonum/plot draws PDF, PostScript and
# TeX with.
export CGO_ENABLED := 0
BUILD := go build -tags minimal -ldflags '-s -w'

.PHONY: help bench test test-short race check cross vuln fmt build fuzz clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 14

build: ## build bin/meterbench
	@test -e $(BIN) || echo "building meterbench: about a minute the first time, and the time to download its modules"
	$(BUILD) -o $(BIN) ./cmd/meterbench

bench: build ## build the Fabric daemons once, run the scenario quickstart, leave a report in out/quickstart/
	$(BIN) run quickstart

# Test programs are linked without a debugger's tables, in half the time.
LINK := -ldflags '-s -w'

# CI runs a failed test once more, which the summary at the end tells; a data race is never given a second chance.
RERUNS ?= 0
TESTSUM := go tool gotestsum --format standard-quiet --hide-summary skipped --rerun-fails=$(RERUNS) --rerun-fails-max-failures 3 \
	  --rerun-fails-run-root-test --rerun-fails-abort-on-data-race

test: ## run all tests, the ones against a real network included
	$(TESTSUM) --packages ./... -- $(LINK) -timeout 40m

test-short: ## run the tests that need no network (under 2 minutes)
	go test -short -p 4 $(LINK) ./...

# Statistics and most reports only calculate: nothing there runs at the same time.
race: ## run the tests that need no network under the race detector (needs a C compiler)
	CGO_ENABLED=1 $(TESTSUM) --packages "./reports/openmetrics ./reports/page \
	  $$(go list ./... | grep -vE '/(bench/(compare|rank|saturation|stats)|reports)(/|$$)' | tr '\n' ' ')" -- $(LINK) -race -short -timeout 40m

check: ## formatting, vet, staticcheck, tidy module files
	@unformatted=$$(gofmt -l $$(git ls-files '*.go')); if [ -n "$$unformatted" ]; then echo "gofmt would change:"; echo "$$unformatted"; exit 1; fi
	go vet ./...
	go tool staticcheck ./...
	go mod tidy -diff

cross: ## compile static programs for Linux on amd64 and arm64
	@set -e; for arch in amd64 arm64; do \
	  program=$$(mktemp); trap "rm -f $$program" EXIT; \
	  echo "linux/$$arch"; \
	  GOOS=linux GOARCH=$$arch $(BUILD) -o $$program ./cmd/meterbench; \
	  go version -m $$program | grep -q 'CGO_ENABLED=0'; \
	  go version -m $$program | grep -q "GOARCH=$$arch"; \
	done

# Exit code 3 means that there are vulnerabilities. Without its database nothing is
# known of them, which is no failure of this program's.
vuln: ## check the code against Go's vulnerability database, where that can be reached
	@out=$$(go tool govulncheck ./... 2>&1); code=$$?; echo "$$out"; \
	if [ $$code -eq 1 ] && grep -q 'fetching vulnerabilities' <<<"$$out"; then \
	  echo "vuln: skipped: the vulnerability database cannot be reached"; exit 0; \
	fi; exit $$code

fmt: ## format the Go files
	gofmt -w $$(git ls-files '*.go')

# The instrumented program of a package is built once, not for each of its targets. Before Go 1.27 a run may fail at its
# end with "context deadline exceeded" and no more (https://go.dev/issue/75804), which is no fault of an input: one that
# fails is written down and named.
FUZZTIME ?= 5s
fuzz: ## run every fuzz target for FUZZTIME (5s)
	@set -e; built=$$(mktemp -d); trap "rm -rf $$built" EXIT; cache=$$(go env GOCACHE)/fuzz; \
	for folder in $$(git ls-files '*_test.go' | xargs grep -l '^func Fuzz' | xargs -n1 dirname | sort -u); do \
	  package=$$(go list ./$$folder); \
	  go test -c -fuzz . -o $$built/program ./$$folder; \
	  list=$$(cd $$folder && $$built/program -test.list '^Fuzz'); \
	  for target in $$list; do \
	    echo "$$package $$target"; \
	    (cd $$folder && $$built/program -test.run '^$$' -test.fuzz "^$$target$$" -test.fuzztime $(FUZZTIME) \
	      -test.fuzzminimizetime 5x -test.fuzzcachedir $$cache/$$package) >$$built/out 2>&1 && code=0 || code=$$?; \
	    cat $$built/out; \
	    if [ $$code -ne 0 ]; then \
	      [ "$$(grep -A1 -e '^--- FAIL' $$built/out | sed 1d)" = '    context deadline exceeded' ] || exit $$code; \
	    fi; \
	  done; done

clean: ## remove what make built and what runs left in out/
	rm -rf bin out
