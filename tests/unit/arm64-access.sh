#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# On arm64, accesses to device memory have a base register alone, also in loops:
# a hypervisor cannot emulate forms with writeback. Disassembles the bodies of
# accessors, compiled for arm64.
set -u
srcdir=${srcdir:-.}
. "$srcdir/tests/support/tap.sh"

command -v aarch64-linux-gnu-gcc >/dev/null ||
	skip_all 'no compiler for arm64 (Debian: gcc-aarch64-linux-gnu, libc6-dev-arm64-cross)'
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT

cat >"$work/loops.c" <<'END'
#include <barspan.h>
uint32_t add_all(const volatile uint32_t *from, size_t n)
{
	uint32_t sum = 0;

	while (n--)
		sum += barspan_ptr_read32_raw(from++);
	return sum;
}
void fill_all(volatile uint64_t *to, size_t n)
{
	while (n--)
		barspan_ptr_write64_raw(to++, n);
}
void fill_span(struct barspan *span, size_t n)
{
	for (size_t i = 0; i < n; i++)
		barspan_write16_relaxed(span, 2 * i, 1);
}
END

# Prints the instructions with a base register that is not the stack's, and an
# offset or writeback. Those of functions' own data are in other functions.
odd_forms() { # OBJECT FUNCTION...
	object=$1
	shift
	for function; do
		aarch64-linux-gnu-objdump -d --no-show-raw-insn --disassemble="$function" "$object" |
			grep -E '	(ldr|str|ldp|stp|ldur|stur)[a-z]*	.*\](, #|!)' | grep -v '\[sp'
	done
}

# The number of accesses in the expected form.
plain_forms() { # OBJECT
	aarch64-linux-gnu-objdump -d --no-show-raw-insn "$1" | grep -cE '	(ldr|str)[bh]?	[wx][0-9]+, \[x[0-9]+\]$'
}

check_code() { # DESCRIPTION COMPILER...
	description=$1
	shift
	"$@" -std=gnu11 -D_GNU_SOURCE -I"$srcdir/include" -I"$srcdir/lib" \
		-c -o "$work/loops.o" "$work/loops.c" &&
		"$@" -std=gnu11 -D_GNU_SOURCE -I"$srcdir/include" -I"$srcdir/lib" \
			-c -o "$work/io.o" "$srcdir/lib/span/io.c"
	bad=$?
	odd=$(
		odd_forms "$work/loops.o" add_all fill_all fill_span
		odd_forms "$work/io.o" io_load io_store
	)
	[ -z "$odd" ] && [ "$(plain_forms "$work/loops.o")" -ge 3 ] || bad=1
	report $bad "$description has no writeback" "$odd"
}

for level in -O2 -O3 -Os; do
	check_code "gcc $level" aarch64-linux-gnu-gcc "$level"
	if command -v clang >/dev/null; then
		check_code "clang $level" clang --target=aarch64-linux-gnu \
			-isystem /usr/aarch64-linux-gnu/include "$level"
	else
		skip "clang $level" 'no clang'
	fi
done
finish
