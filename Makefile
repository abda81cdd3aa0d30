# What a person runs. Each target installs what it needs first (scripts/setup.sh
# says what and why) and is quick when that is there already.

.DEFAULT_GOAL := help
.PHONY: help demo setup test e2e story bench chaos failover corpora fuzz generate gate

help: ## this list
	@sed -n 's/^\([a-z0-9]*\):.*## /make \1\t/p' Makefile | expand -t 16

demo: ## a call by email, SMS and fax to 2,000 sample contacts, live in the terminal
	@scripts/setup.sh demo
	@go build -o .cache/clarion ./cmd/clarion
	@.cache/clarion demo

setup: ## install what the tests need
	@scripts/setup.sh test

# The end-to-end tests come last and one at a time: software modems and mail servers
# share two cores badly with compilers, and so do the tests of kills with each other.
test: setup ## all tests, under the race detector
	@scripts/test.sh $$(go list ./... | grep -v '^clarion/e2e')
	@go test -count=1 -run Bound ./worker/bounce # memory, which the race detector would add to
	@GOTESTFLAGS='-p 1' scripts/test.sh ./e2e/...

e2e: setup ## the end-to-end tests alone: Postfix, Kannel, HylaFAX
	@GOTESTFLAGS='-p 1' scripts/test.sh ./e2e/...

story: setup ## the campaign from launch to the deletion of the names: 17 days within minutes
	@go run ./e2e/story -pause 500ms

bench: setup ## how fast, how large, how steady: each beside a measure in the same run
	@go run ./internal/bench $(BENCHFLAGS)

chaos: setup ## 1,000 calls with a fault in each; goes on where it was stopped
	@mkdir -p .cache
	@go run ./e2e/chaos -state .cache/chaos.json

failover: setup ## a master of three loses its place while calls run, with and without WAIT: some 20 minutes
	@go test -count=1 -v -timeout 2h ./e2e/crash -run 'TestFailover$$' -failovers 5

corpora: ## what inspect makes of real inputs, against floors; the inputs lie beside the project
	@mkdir -p .cache
	@go build -o .cache/clarion ./cmd/clarion
	@go run ./internal/corpora -dir ../shared/corpora

fuzz: ## each fuzz target for ten seconds
	@scripts/fuzz.sh 10s

generate: ## write generated files anew
	@go generate ./...

gate: ## what must hold before a commit lands: generated files, checks, all tests
	@.ci/run
