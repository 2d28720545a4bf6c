#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# barspan read and write.
. "${srcdir:-.}/tests/tool/program.sh"
plan 27

reads() { # EXPECTED DESCRIPTION ARGUMENT...
	expected=$1 description=$2
	shift 2
	# shellcheck disable=SC2162 # Not the shell's read.
	run read "$@"
	bad=0
	[ "$status" -eq 0 ] || bad=1
	[ "$(cat "$out")" = "$expected" ] || bad=1
	report $bad "$description"
}

reads 0x00000000 'read of 32 bits by default' "$sparse" 0 0
reads 0x00 'read of 8 bits' "$sparse" 0 0 8
reads 0x0000 'read of 16 bits' "$sparse" 0 0 16
reads 0x0000000000000000 'read of 64 bits' "$sparse" 0 0 64
reads 0x00000000 'read of a hole' "$sparse" BAR0 "$page"
reads 0x00000000 'read across an edge' "$sparse" 0 $((page - 2))
refuses "WIDTH '24': no such width; expected 8, 16, 32 or 64" 'read with an invalid width' \
	read "$sparse" 0 0 24
refuses "'x': one argument too many" 'read with an extra argument' read "$sparse" 0 0 32 x
fails "region 0: cannot read 32 bits at $(hex $((4 * page - 2))): ERANGE" 'read past the end' \
	read "$sparse" 0 $((4 * page - 2))
fails 'EACCES' 'a region that cannot be read' read soft:4K@w 0 0

if find_lie; then
	run_lying pread read "$sparse" 0 "$page"
	has "$out" '^0x01010101$' 'the value comes from the device'
	run_lying pread read "$sparse" 0 0
	has "$out" '^0x00000000$' 'a direct register is read without a trapped access'
	run_lying pread-error read "$sparse" 0 "$page" 16
	ended 1 'a failed read has exit status 1'
	has "$err" "^barspan: .* region 0: cannot read 16 bits at $(hex "$page"): EIO" \
		'a failed read is reported with its offset'
	is_empty "$out" 'a failed read prints no value'
else
	for i in 1 2 3 4 5; do
		skip "values of the device, $i" 'no library can be preloaded'
	done
fi

for width in 8 16 32 64; do
	run write "$sparse" 0 0 $width 0xff
	ended 0 "write of $width bits"
done
run write "$sparse" 0 "$page" 0xffffffff
ended 0 'write of 32 bits to a hole by default'
is_empty "$out" 'write prints nothing'
refuses "VALUE '0x100000000': too large; expected at most 0xffffffff" 'a value wider than 32 bits' \
	write "$sparse" 0 0 0x100000000
refuses "VALUE '256': too large; expected at most 0xff," 'a value wider than its width' \
	write "$sparse" 0 0 8 256
refuses "VALUE 'x'" 'a value that is not a number' write "$sparse" 0 0 x
refuses "WIDTH '12'" 'write with an invalid width' write "$sparse" 0 0 12 1
fails 'region 0: cannot write 8 bits at 0x0: EACCES' 'a region that cannot be written' \
	write soft:4K@r 0 0 8 1
fails 'ERANGE' 'write past the end' write "$sparse" 0 $((4 * page)) 1
finish
