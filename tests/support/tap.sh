# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=sh
#
# For shell tests: prints TAP. A script that knows how many results it has
# begins with plan N; every script ends with finish.

count=0 failed=0 planned=''

plan() { # NUMBER
	planned=$1
	echo "1..$1"
}

# Prints more text for a failure. A script may redefine it to print its own
# state.
explain() {
	:
}

report() { # STATUS DESCRIPTION [TEXT]: the text is for a failure
	count=$((count + 1))
	if [ "$1" -eq 0 ]; then
		echo "ok $count - $2"
		return
	fi
	echo "not ok $count - $2"
	failed=1
	{
		explain
		[ -z "${3:-}" ] || echo "$3"
	} | sed 's/^/# /'
}

skip() { # DESCRIPTION REASON
	count=$((count + 1))
	echo "ok $count - $1 # SKIP $2"
}

# Skips the whole script.
skip_all() { # REASON
	echo "1..0 # SKIP $1"
	exit 0
}

finish() {
	[ -n "$planned" ] || echo "1..$count"
	exit "$failed"
}
