#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Tests of drivers without hardware: the example passes, and fails with each bug that is put into its driver; the
# programs that barspan-testing(7) prints can be built, and print what the page says. TAP.
srcdir=${srcdir:-.}
work=doc/testing.tmp
example=$srcdir/doc/examples/driver-test
page=$srcdir/doc/barspan-testing.7
. "$srcdir/tests/support/tap.sh"

# A variable of the Makefile.
value() {
	sed -n "s/^$1 = //p" Makefile | head -n 1
}

CC=$(value CC) CFLAGS=$(value CFLAGS) SANITIZER=$(value SANITIZER)

# build_program PROGRAM SOURCE...: libtool links with libraries that are not installed.
# shellcheck disable=SC2086 # lists of flags
build_program() {
	program=$1
	shift
	objects=
	for source; do
		object=$work/$(basename "$source" .c).o
		$CC -std=gnu11 $CFLAGS $SANITIZER -I"$srcdir/include" -I"$example" -c -o "$object" "$source" \
			>"$work/output" 2>&1 || return 1
		objects="$objects $object"
	done
	./libtool --silent --tag=CC --mode=link $CC $CFLAGS $SANITIZER -o "$work/$program" $objects \
		libbarspan-trap.la libbarspan.la >"$work/output" 2>&1
}

# bug NAME EXPRESSION TEST: with the driver changed by sed, this test fails.
bug() {
	sed "$2" "$example/nic-driver.c" >"$work/nic-driver.c"
	if cmp -s "$work/nic-driver.c" "$example/nic-driver.c"; then
		report 1 "bug: $1" "sed changes nothing: $2"
	elif build_program nic-test "$work/nic-driver.c" "$example/nic-model.c" "$example/nic-test.c"; then
		output=$("$work/nic-test" 2>&1)
		echo "$output" | grep -q "^not ok $3 "
		report $? "bug: $1 fails test $3" "$output"
	else
		report 1 "bug: $1" "$(cat "$work/output")"
	fi
}

# snippet FILE: the blocks of the page that are marked as parts of it.
snippet() {
	awk -v wanted="$1" '
		/^\.\\" part of / { file = $4; next }
		/^\.Bd -literal/ { inside = file == wanted; next }
		/^\.Ed/ { inside = 0; file = ""; next }
		inside
	' "$page" | sed 's/\\e/\\/g; s/\\&//g; s/\\-/-/g' >"$work/$1"
	[ -s "$work/$1" ]
	report $? "the page has $1"
}

rm -rf "$work"
mkdir -p "$work"
trap 'rm -rf "$work"' EXIT
output=$(doc/examples/driver-test/nic-test 2>&1)
status=$?
[ "$status" -ne 77 ] || skip_all "${output#*SKIP }"
[ "$status" -eq 0 ] && [ "$(echo "$output" | grep -c '^ok')" -eq 7 ]
report $? "the driver passes its 7 tests" "$status: $output"
grep -q 'include.*barspan' "$example/nic.h" "$example/nic-driver.c"
[ $? -eq 1 ]
report $? "the driver includes nothing of libbarspan"

bug 'no wait for the reset' 's/if (!(control & NIC_CONTROL_RESET))/if (1)/' 1
bug 'a reset without a time-out' 's/return -ETIMEDOUT;$/return 0;/' 5
bug 'all ones are taken for a value' 's/return value == UINT32_MAX;/return 0;/' 6
bug 'the ring is not started' '/NIC_TX_CONTROL_ENABLE/d' 1
bug 'the tail does not wrap around' 's/(nic->tail + 1) % NIC_RING/nic->tail + 1/' 2
bug 'a pointer in a descriptor' 's/htole64(nic->memory.bus + buffer)/htole64((uintptr_t)nic->memory.bytes + buffer)/' 2
bug 'the doorbell before the length' 's/\(\tdescriptor->length = .*\)/\twrite_reg(nic, NIC_TX_TAIL, next);\n\1/' 2
bug 'a status that is not cleared' '/descriptor->status = 0;/d' 2
bug 'a full ring is not noticed' 's/if (next == nic->oldest)/if (0)/' 3
bug 'a counter is read twice' 's/packets = read_reg(nic, NIC_TX_PACKETS)/packets = (read_reg(nic, NIC_TX_PACKETS), &)/' 2
bug 'a narrow access to a wide counter' 's/bytes = read_reg64(/bytes = read_reg(/' 1
bug 'the mask that sets is written to clear' 's/NIC_IRQ_DISABLE, UINT32_MAX/NIC_IRQ_ENABLE, 0/' 1

snippet widget.c
snippet widget-test.c
build_program widget-test "$work/widget.c" "$work/widget-test.c"
report $? "the page's programs can be built" "$(cat "$work/output")"
snippet expected
"$work/widget-test" >"$work/output" 2>&1
report $? "the page's test passes" "$(cat "$work/output")"
output=$(diff "$work/expected" "$work/output")
report $? "the page's test prints the text of the page" "$output"

# Without the time-out, the page's driver takes a device that is stuck for one that is ready.
sed -i 's/return -ETIMEDOUT;/return 0;/' "$work/widget.c"
build_program widget-test "$work/widget.c" "$work/widget-test.c" && ! "$work/widget-test" >"$work/output" 2>&1
report $? "the page's test fails if the driver has no time-out" "$(cat "$work/output")"
snippet widget.c
sed -i '/|= RESET;/d' "$work/widget.c"
build_program widget-test "$work/widget.c" "$work/widget-test.c" && ! "$work/widget-test" >"$work/output" 2>&1 &&
	[ "$(grep -c FAILED "$work/output")" -eq 3 ]
report $? "all tests of the page fail if the driver starts no reset" "$(cat "$work/output")"
finish
