#!/usr/bin/env bash
# Runs every fuzz target for a while: scripts/fuzz.sh 10s
# A find is written to the package's testdata/fuzz and stays there as a test.
set -euo pipefail
cd "$(dirname "$0")/.."

mkdir -p .cache
grep -ro --include='*_test.go' '^func Fuzz[A-Za-z0-9_]*' . | while IFS=: read -r file target; do
	target=${target#func }
	echo "$(dirname "$file") $target"
	go test -run '^$' -fuzz "^$target\$" -fuzztime "${1:-10s}" "$(dirname "$file")" </dev/null >.cache/fuzz.log || {
		cat .cache/fuzz.log
		exit 1
	}
done
