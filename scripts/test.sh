#!/usr/bin/env bash
# Runs Go tests under the race detector and shows a line a package, the whole
# output of a package that failed, and at the end each test that was skipped (a
# skipped test fails the run) and, once more, what failed with the last lines of
# its output: who has but the end of a log knows why.
#
#   scripts/test.sh PACKAGE…     further flags for go test in GOTESTFLAGS
set -euo pipefail
cd "$(dirname "$0")/.."

# -vet=off: the gate runs vet by itself. -v: only so are skipped tests named.
# -count=1: Go's cache of results knows nothing of the servers that a test talks to.
# shellcheck disable=SC2086
go test -race -v -vet=off -count=1 -timeout 15m ${GOTESTFLAGS:-} "$@" 2>&1 | awk '
	/^(=== (RUN|PAUSE|CONT)|--- PASS|[ \t]+--- PASS|PASS$|\?|testing: warning: no tests)/ { next }
	/^[ \t]*--- SKIP/ { skipped = skipped "\n" $0 }
	/^ok[ \t]/        { print; fflush(); text = ""; next }
	/^FAIL[ \t]/      {
		printf "%s%s\n", text, $0; fflush()
		n = split(text, line, "\n")
		for (i = n > 200 ? n - 200 : 1; i < n; i++) failed = failed line[i] "\n"
		closing = closing $0 "\n"; text = ""; next
	}
	                  { text = text $0 "\n" }
	END {
		if (closing != "") printf "== failed, once more\n%s%s", failed, closing
		printf "%s", text
		if (skipped != "") {
			print "skipped tests, which this project does not have:" skipped
			exit 1
		}
	}
'
