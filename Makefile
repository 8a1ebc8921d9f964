# make help lists the targets.

GO       ?= go
NFPM     := github.com/goreleaser/nfpm/v2/cmd/nfpm@v2.43.0
LINT     := github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0
PKG      := github.com/holdfast-storage/holdfast
PROGRAMS := holdfast holdfast-controller holdfast-satellite

VERSION  ?= $(or $(patsubst v%,%,$(shell git describe --tags --match 'v[0-9]*' 2>/dev/null)),0.1.0-dev)
GIT_HASH ?= $(shell git rev-parse HEAD 2>/dev/null)
# The commit's time, so that the same commit gives the same programs.
BUILT_AT ?= $(shell TZ=UTC git log -1 --date=format-local:%Y-%m-%dT%H:%M:%SZ --format=%cd 2>/dev/null)
ARCH     ?= $(shell $(GO) env GOARCH)
LDFLAGS  := -s -w -X main.version=$(VERSION) \
            -X $(PKG)/internal/version.number=$(VERSION) \
            -X $(PKG)/internal/version.gitHash=$(GIT_HASH) \
            -X $(PKG)/internal/version.buildTime=$(BUILT_AT)

PREFIX   ?= /usr
DESTDIR  ?=
RUNS     ?= 300
SEED     ?= 1
CHANCE   ?= 0
REPLICATED ?= true
LOG      ?= false
FUZZTIME ?= 30s
BENCHTIME ?= 1s
SIM      ?=

.DEFAULT_GOAL := help
.PHONY: help build test check lint bench microbench sim explore fuzz demo demo-down packages dist install clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  %-13s%s\n", $$1, $$2}' $(MAKEFILE_LIST)

build: ## build the static programs into bin/
	@mkdir -p bin
	CGO_ENABLED=0 GOARCH=$(ARCH) $(GO) build -trimpath -ldflags '$(LDFLAGS)' -o bin/ $(PROGRAMS:%=./cmd/%)
	@ln -sf holdfast bin/linstor

test: ## everything that continuous integration checks
	@GO='$(GO)' test/run.sh

check: ## formatting, vet, architecture (fast)
	@test -z "$$(gofmt -l $$(git ls-files -co --exclude-standard '*.go'))" || { echo 'run gofmt -w on:'; gofmt -l $$(git ls-files -co --exclude-standard '*.go'); exit 1; }
	$(GO) vet ./...
	$(GO) test ./test/arch

lint: ## golangci-lint with .golangci.yml (built on first use)
	$(GO) run $(LINT) run ./...

bench: build ## what the project promises about speed and size, measured
	$(GO) run ./test/bench -bin bin
	@if [ -n "$$HOLDFAST_LAB_MODULES" ]; then $(MAKE) lab RUN='^bench/|twenty-at-once'; \
	  else echo 'Not measured: a spawn against a bare script on three machines; give HOLDFAST_LAB_MODULES (see make lab).'; fi

microbench: ## the benchmarks of single packages
	$(GO) test -run '^$$' -bench . -benchmem -benchtime $(BENCHTIME) ./...

sim: ## simulated clusters with faults: make sim RUNS=1000 (SEED=n: the first one; REPLICATED=false: without DRBD; LOG=true)
	$(GO) test ./test/sim/replay -run TestSeeds -v -count=1 -timeout 0 -args -runs=$(RUNS) -seed=$(SEED) -chance=$(CHANCE) -replicated=$(REPLICATED) -log=$(LOG)

explore: ## property tests with new random cases (the test suite repeats known ones)
	HOLDFAST_EXPLORE=1 $(GO) test -count=1 $$(grep -rl --include=main_test.go 'fixed.Cases' internal | xargs -n1 dirname | sed 's,^,./,')

fuzz: ## every fuzz test for FUZZTIME
	@for dir in $$(grep -rl --include='*_test.go' '^func Fuzz' . | xargs -n1 dirname | sort -u); do \
	  for f in $$(grep -ho '^func Fuzz[A-Za-z0-9_]*' $$dir/*_test.go | cut -d' ' -f2); do \
	    echo "== $$dir $$f"; $(GO) test "$$dir" -run '^$$' -fuzz "^$$f\$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 1x || exit 1; \
	  done; done

demo: build ## a small cluster on this machine; SIM=100 takes simulated nodes
	$(if $(SIM),CGO_ENABLED=0 $(GO) build -trimpath -o bin/holdfast-simnodes ./test/demo/simnodes)
	test/demo/demo.sh up $(SIM)

demo-down: ## stop the demo cluster and remove what it made
	test/demo/demo.sh down

packages: build ## deb and rpm packages into dist/
	@mkdir -p dist
	@for p in controller satellite client; do for f in deb rpm; do \
	  VERSION=$(VERSION) ARCH=$(ARCH) $(GO) run $(NFPM) package -f packaging/nfpm/$$p.yaml -p $$f -t dist/ || exit 1; done; done

dist: build ## an archive of the programs, units and examples into dist/
	@mkdir -p dist
	tar -C . --owner=0 --group=0 --sort=name --transform 's,^,holdfast-$(VERSION)/,' -czf dist/holdfast-$(VERSION)-linux-$(ARCH).tar.gz \
	  LICENSE $(PROGRAMS:%=bin/%) bin/linstor packaging/systemd packaging/examples

install: build ## install into DESTDIR
	install -D -m 755 bin/holdfast $(DESTDIR)$(PREFIX)/bin/holdfast
	ln -sf holdfast $(DESTDIR)$(PREFIX)/bin/linstor
	install -D -m 755 -t $(DESTDIR)$(PREFIX)/sbin bin/holdfast-controller bin/holdfast-satellite
	install -D -m 644 -t $(DESTDIR)$(PREFIX)/lib/systemd/system packaging/systemd/*.service
	install -D -m 644 -t $(DESTDIR)$(PREFIX)/share/doc/holdfast/examples packaging/examples/*.toml

clean: ## remove what was built
	rm -rf bin dist

# The virtual machine lab: lab, lab-shell, lab-clean.
-include test/lab/lab.mk
