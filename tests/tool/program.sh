# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=sh
#
# For tests of the program: runs it and checks its output. Reports results with
# tests/support/tap.sh.
. "${srcdir:-.}/tests/support/tap.sh"

barspan=${BARSPAN:-./barspan}
json_check=./tests/tool/json-check
page=$(getconf PAGESIZE)
# An area, a hole of two pages, an area, in pages of the running system.
# shellcheck disable=SC2034 # The scripts use it.
sparse="soft:$((4 * page)):0+$page,$((3 * page))+$page"

unset COLUMNS
LC_ALL=C
export LC_ALL

work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
out=$work/out err=$work/err
status=''

# A preloaded library comes before the sanitizer's runtime, which would refuse
# to start.
ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}verify_asan_link_order=0
export ASAN_OPTIONS

hex() { # NUMBER
	printf '0x%x' "$1"
}

# Runs the program. Its output is in $out and $err, and its exit status in
# $status.
run() { # ARGUMENT...
	status=0
	"$barspan" "$@" >"$out" 2>"$err" </dev/null || status=$?
}

# The same, with a preloaded library that makes the system call LIE fail or lie.
# Call find_lie first.
run_lying() { # LIE ARGUMENT...
	status=0
	name=$1
	shift
	env LD_PRELOAD="$lie" FAULT="$name" "$barspan" "$@" >"$out" 2>"$err" </dev/null || status=$?
}

explain() {
	sed 's/^/out: /' "$out"
	sed 's/^/err: /' "$err"
	echo "status: $status"
}

# Checks the last run's exit status, and that each message of a failure begins
# with the program's name.
ended() { # STATUS DESCRIPTION
	bad=0
	[ "$status" -eq "$1" ] || bad=1
	if [ "$1" -eq 1 ]; then
		[ -s "$err" ] || bad=1
		grep -qv '^barspan: ' "$err" && bad=1
	fi
	report "$bad" "$2"
}

has() { # FILE REGEX DESCRIPTION
	bad=0
	grep -Eq -e "$2" "$1" || bad=1
	report "$bad" "$3"
}

lacks() { # FILE REGEX DESCRIPTION
	bad=0
	grep -Eq -e "$2" "$1" && bad=1
	report "$bad" "$3"
}

is_empty() { # FILE DESCRIPTION
	bad=0
	[ ! -s "$1" ] || bad=1
	report "$bad" "$2"
}

has_json() { # DESCRIPTION PATH=VALUE...
	description=$1 bad=0
	shift
	"$json_check" "$out" "$@" || bad=1
	report "$bad" "$description"
}

# Expects a usage error: status 2 or $wrong_usage, no output, and a message that
# names the error.
refuses() { # REGEX DESCRIPTION ARGUMENT...
	regex=$1 description=$2
	shift 2
	run "$@"
	bad=0
	[ "$status" -eq "${wrong_usage:-2}" ] || bad=1
	[ ! -s "$out" ] || bad=1
	grep -Eq -e "$regex" "$err" || bad=1
	report "$bad" "$description"
}

# Expects a failure: status 1, and messages of barspan's that match REGEX.
fails() { # REGEX DESCRIPTION ARGUMENT...
	regex=$1 description=$2
	shift 2
	run "$@"
	bad=0
	[ "$status" -eq 1 ] || bad=1
	grep -Eq -e "$regex" "$err" || bad=1
	grep -qv '^barspan: ' "$err" && bad=1
	report "$bad" "$description"
}

# Sets $lie to the library that makes system calls fail. Returns false if it
# cannot be preloaded.
find_lie() {
	lie=$PWD/tests/tool/.libs/ld-preload-faults.so
	[ -e "$lie" ] && env LD_PRELOAD="$lie" "$barspan" --version >/dev/null 2>&1
}
