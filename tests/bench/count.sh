#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Counts the instructions of the hot paths. The counts do not depend on the
# machine's load. Prints TAP; runs in the build folder. The bounds are for
# x86-64.
set -u
folder=tests/bench/count.tmp
program=tests/bench/hot-paths
times=10000
. "${srcdir:-.}/tests/support/tap.sh"
[ "$(uname -m)" = x86_64 ] || skip_all "bounds are for x86-64"
command -v valgrind >/dev/null || skip_all "no valgrind"

# Prints the name of the profile of one hot path.
dump_of() { grep -lx "desc: Trigger: Client Request: $1" "$folder"/out.*; }
instructions() {
	dump=$(dump_of "$1") && sed -n 's/^totals: //p' "$dump"
}
# Prints the functions that a function called.
called_by() { # FUNCTION NAME
	awk -v wanted="fn=$1" '
		/^fn=/ { inside = $0 == wanted }
		inside && /^cfn=/ { print substr($0, 5) }' "$(dump_of "$2")" | sort -u
}

# Checks one access: the instructions of a loop iteration, minus those of the
# bare loop, whose access is one instruction.
at_most() { # BOUND NAME BARE
	if ! all=$(instructions "$2") || ! bare=$(instructions "$3"); then
		report 1 "$2 is counted"
		return
	fi
	took=$(((all - bare) / times + 1))
	[ "$took" -le "$1" ] && [ "$took" -gt 1 ]
	report $? "$2 takes $took instructions, at most $1"
	out=$(called_by "${2%% *}" "$2")
	[ -z "$out" ]
	report $? "$2 calls nothing" "calls: $out"
}

# From 2^12 to 2^16 areas, n log n grows by 16 * 16 / 12 or 2133%, and n * n by
# 25600%.
grows() { # FROM TO PERCENT
	if ! from=$(instructions "map $1") || ! to=$(instructions "map $2"); then
		report 1 "barspan_map() of $2 areas is counted"
		return
	fi
	[ $((to * 100 / from)) -le "$3" ]
	report $? \
		"barspan_map() of $2 areas takes $((to * 100 / from))% of $1 areas, at most $3%"
}

rm -rf "$folder"
mkdir -p "$folder"
trap 'rm -rf "$folder"' EXIT
# Without debugging information: valgrind does not know all that clang writes.
strip -g -o "$folder/hot-paths" "$program" &&
	valgrind -q --tool=callgrind --compress-strings=no --compress-pos=no \
		--callgrind-out-file="$folder/out" "$folder/hot-paths" >"$folder/output" 2>&1
code=$?
# 128 + SIGILL
[ $code -ne 132 ] || skip_all "this valgrind does not know all instructions of this build"
report $code "hot paths run" "$(cat "$folder/output")"

for extent in largest other; do
	at_most 14 "read32 $extent" bare_read
	at_most 14 "write32 $extent" bare_write
	at_most 14 "read64 $extent" bare_read
	at_most 26 "is_direct $extent" bare_read
done
at_most 14 "read32_relaxed largest" bare_read
at_most 16 "ptr_read32 largest" bare_read
at_most 70 "read32 shared" bare_read
at_most 55 "is_direct shared" bare_read
grows 4096 65536 2400
finish
