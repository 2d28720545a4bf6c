#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# The exit status of barspan query, with and without text.
. "${srcdir:-.}/tests/tool/program.sh"

# The status in each form; --quiet prints nothing.
answers() { # STATUS DESCRIPTION ARGUMENT...
	wanted=$1 description=$2
	shift 2
	for option in --quiet -q; do
		run query "$option" "$@"
		bad=0
		[ "$status" -eq "$wanted" ] || bad=1
		[ ! -s "$out" ] || bad=1
		[ ! -s "$err" ] || bad=1
		report $bad "$option, $description: nothing but status $wanted"
	done
	run query "$@"
	ended "$wanted" "$description: status $wanted with the text"
	has "$out" '^BAR0 ' "$description: the text is printed"
	run query --json "$@"
	ended "$wanted" "$description: status $wanted with JSON"
	has_json "$description: the JSON is printed" region=0
}

answers 0 'the first byte' "$sparse" BAR0 0
answers 0 'a whole area' "$sparse" BAR0 0 "$page"
answers 3 'a hole' "$sparse" BAR0 "$page"
answers 3 'a range that begins in an area' "$sparse" BAR0 $((page - 1)) 2
answers 3 'a range that ends in an area' "$sparse" BAR0 $((3 * page - 1)) 2
answers 3 'a range from area to area' "$sparse" BAR0 0 $((4 * page))

# No answer is a failure, which --quiet explains too.
fails 'region 0: .* is past the end at .*: ERANGE' 'a range past the end' query -q "$sparse" \
	0 0 $((4 * page + 1))
is_empty "$out" 'a range past the end has no answer'
fails 'region 1: cannot map: ENOENT' 'no such region' query -q "$sparse" 1 0
has "$err" 'soft region 1: no such region' 'no such region: the message of the library is printed'
refuses "OFFSET 'x'" 'a usage error' query -q "$sparse" 0 x
refuses '--quiet: --json prints' 'no text and JSON' query --quiet --json "$sparse" 0 0

# An area that is not aligned makes the library warn.
odd=soft:$((2 * page)):0+$((page + 8))
run query "$odd" 0 0
has "$err" 'not page-aligned' 'a warning is printed'
run query --quiet "$odd" 0 0
ended 0 'a range of an unaligned area, with --quiet: the status is the answer'
is_empty "$err" '--quiet prints no warning'

# An answer that cannot be printed is a failure.
status=0
"$barspan" query "$sparse" 0 "$page" >/dev/full 2>"$err" || status=$?
ended 1 'an answer that cannot be printed'
finish
