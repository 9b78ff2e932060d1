# The whole project is built and tested with Go; make only names the steps.
GO ?= go
PACKAGES := ./...
# Where goroutines meet: these run again under the race detector. The list is
# short because modernc's SQLite is some fifty times slower there.
RACE := ./internal/platform/clock ./internal/platform/id ./internal/platform/seal ./internal/platform/web ./internal/platform/i18n \
	./internal/platform/db/... ./internal/platform/jobs ./internal/platform/audit

# How long make soak walks on each engine.
SOAK ?= 1h

.PHONY: test deps lint unit race build demo score soak guides faults postgres

test: deps lint unit race ## everything, nothing skipped

build:
	$(GO) build -o wangge ./cmd/wangge

demo:
	$(GO) run ./cmd/wangge demo

deps: ## Debian packages for the tests: PostgreSQL, Chromium, Chinese fonts, Caddy
	@sh scripts/deps.sh

lint:
	@test -z "$$(gofmt -l cmd internal web)" || { gofmt -l cmd internal web; echo "gofmt would change the files above"; exit 1; }
	$(GO) vet $(PACKAGES)
	$(GO) run honnef.co/go/tools/cmd/staticcheck@v0.8.2 $(PACKAGES)

unit:
	$(GO) test $(PACKAGES)

race:
	$(GO) test -race $(RACE)

score: ## scores on larger real data that may not ship: WANGGE_DATA=folder make score
	$(GO) test -tags score -run Score -v ./internal/ledger/roster ./internal/ledger/address ./internal/grid/divisions

soak: deps ## random walks against a model, $(SOAK) on each engine at once
	$(GO) test ./internal/app -run TestRoundsHoldWhileTheDistrictMoves -soak $(SOAK) -timeout 0 -v

guides: deps ## takes the pictures of docs/guide anew
	$(GO) test ./internal/e2e -run TestGuides -count=1 -guides

faults: ## kills, cuts and fills everything once; prints the table of docs/reliability.md
	@sh scripts/deps.sh faults
	$(GO) test ./internal/faults -count=1 -v -timeout 30m -faults

postgres: ## every test that takes either engine, on PostgreSQL
	WANGGE_TEST_ENGINES=postgres $(GO) test -timeout 40m ./internal/...
