#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Example programs. Each one is built, and its output on the software device is
# as expected. Prints TAP; runs in the build folder.
srcdir=${srcdir:-.}
programs=${EXAMPLES:-doc/examples}
page_size=$(getconf PAGESIZE)
. "$srcdir/tests/support/tap.sh"

# Runs an example, and checks its exit status. Stores the output of both streams
# in `output`.
run() # STATUS PROGRAM [ARGUMENT...]
{
	wanted=$1
	program=$2
	shift 2
	output=$("$programs/$program" "$@" 2>&1)
	status=$?
	[ "$status" -eq "$wanted" ]
	report $? "$program $* exits with $wanted" "$status: $output"
}

# Checks that the output of the last run has a line with the pattern.
prints() # PATTERN
{
	echo "$output" | grep -q "$1"
	report $? "$program prints '$1'" "$output"
}

for source in "$srcdir"/doc/examples/*.c; do
	name=$(basename "$source" .c)
	[ -x "$programs/$name" ]
	report $? "$name is built"
done

run 0 soft-driver
prints '^ok 4'
run 0 own-transport
prints '^0x00000000 + 0x[0-9a-f]* direct$'
prints '^the last byte, at 0x[0-9a-f]*, is 0x[0-9a-f]*$'
run 1 own-transport /nonexistent
run 2 map-bar '' BAR0
run 1 map-bar nonsense
prints '^map-bar: nonsense: not a PCI address'
run 0 map-bar '' 0 0x1000
prints '^register 0x1000 is 0x00000000$'
run 1 map-bar '' 0 0x4000
run 1 map-bar '' 1

# The following outputs depend on the page size.
if [ "$page_size" -eq 4096 ]; then
	run 0 map-bar
	prints '^0x00000000 + 0x1000 direct$'
	prints '^0x00001000 + 0x2000 sparse$'
	run 0 legacy
	prints '^mailbox at 0x1000: not a direct range (sparse)$'
	prints '^the old driver works$'
fi
if [ "$page_size" -le 65536 ]; then
	run 0 reset
	prints '^mapped: 3 extents, 2 direct$'
	prints '^suspended: 3 extents, 0 direct$'
	prints '^resumed: 3 extents, 2 direct$'
	prints '^the base is the same$'
fi
finish
