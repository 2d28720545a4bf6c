#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Small functions that access registers, as compilers make them: all are served. TAP.
srcdir=${srcdir:-.}
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
number=0
failed=0

say() { # STATUS DESCRIPTION
	number=$((number + 1))
	if [ "$1" -eq 0 ]; then
		echo "ok $number - $2"
		return
	fi
	failed=1
	echo "not ok $number - $2"
	sed 's/^/# /' "$work/out"
}

skip() { # DESCRIPTION REASON
	number=$((number + 1))
	echo "ok $number - $1 # SKIP $2"
}

build_and_run() { # COMPILER OPTION...
	"$@" -std=gnu11 -w -I"$srcdir/include" "$srcdir/tests/functions/functions.c" "$srcdir/tests/functions/run.c" \
		-o "$work/run" -L.libs -lbarspan -lm >"$work/out" 2>&1 || return 1
	LD_LIBRARY_PATH=$PWD/.libs${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH} "$work/run" >"$work/out" 2>&1 || return 1
	grep -q '^[1-9][0-9][0-9]* of [0-9]* functions are served$' "$work/out"
}

check() { # COMPILER OPTION...
	if ! command -v "$1" >/dev/null; then
		skip "$*" "no $1"
	elif [ "$3" = -march=x86-64-v3 ] && ! grep -q ' avx2 ' /proc/cpuinfo; then
		skip "$*" "not on this processor"
	else
		build_and_run "$@"
		say $? "$*: $(tail -n 1 "$work/out")"
	fi
}

echo 1..10
for compiler in gcc clang; do
	check "$compiler" -O0
	check "$compiler" -O2
	check "$compiler" -O3
	check "$compiler" -O3 -march=x86-64-v3
	check "$compiler" -Os
done
exit "$failed"
