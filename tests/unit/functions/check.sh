#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Compiles small functions that access registers, with several compilers and
# options. The trap must serve all of them. Prints TAP.
srcdir=${srcdir:-.}
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
. "$srcdir/tests/support/tap.sh"

explain() {
	cat "$work/out"
}

build_and_run() { # COMPILER OPTION...
	"$@" -std=gnu11 -w -I"$srcdir/include" "$srcdir/tests/unit/functions/functions.c" \
		"$srcdir/tests/unit/functions/run.c" -o "$work/run" \
		-L.libs -lbarspan-trap -lbarspan -lm >"$work/out" 2>&1 || return 1
	LD_LIBRARY_PATH=$PWD/.libs${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH} \
		"$work/run" >"$work/out" 2>&1 || return 1
	grep -q '^[1-9][0-9][0-9]* of [0-9]* functions are served$' "$work/out"
}

check() { # COMPILER OPTION...
	if ! command -v "$1" >/dev/null; then
		skip "$*" "no $1"
	elif [ "$3" = -march=x86-64-v3 ] && ! grep -q ' avx2 ' /proc/cpuinfo; then
		skip "$*" "not on this processor"
	else
		build_and_run "$@"
		report $? "$*: $(tail -n 1 "$work/out")"
	fi
}

# valgrind gives a handler no vector registers. Functions that need them must
# die instead of storing a wrong value. Code that the trap makes at run time
# works.
check_valgrind() { # NAME...
	if ! command -v valgrind >/dev/null || ! build_and_run gcc -O2; then
		skip "valgrind" "no valgrind, or no gcc"
		return
	fi
	# valgrind 3.19 cannot read the debugging information of clang 14.
	for library in libbarspan.so.0 libbarspan-trap.so.0; do
		strip -g -o "$work/$library" .libs/$library
	done
	LD_LIBRARY_PATH=$work${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH} \
		valgrind -q --vex-iropt-register-updates=allregs-at-mem-access "$work/run" "$@" \
		>"$work/out" 2>"$work/err"
	grep -q '^3 of 5 functions are served$' "$work/out" &&
		[ "$(grep -c '^[a-z_0-9]*: ended by signal 11$' "$work/out")" -eq 2 ]
	report $? "valgrind: $(tail -n 1 "$work/out")"
}

plan 11
for compiler in gcc clang; do
	check "$compiler" -O0
	check "$compiler" -O2
	check "$compiler" -O3
	check "$compiler" -O3 -march=x86-64-v3
	check "$compiler" -Os
done
check_valgrind get_product_32 shift_left_64 get_quotient_16 set_float_32 set_vector
finish
