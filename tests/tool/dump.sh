#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# barspan dump, and output that cannot be written.
. "${srcdir:-.}/tests/tool/program.sh"
plan 20

refuses 'side effects.*' 'dump without --yes is refused' dump "$sparse" 0
has "$err" 'nothing was read: .*--yes' 'the refusal names --yes'

run dump --yes soft:40 0
ended 0 'dump with --yes succeeds'
{
	echo '00000000  00 00 00 00 00 00 00 00  00 00 00 00 00 00 00 00  |................|'
	echo '*'
	echo '00000020  00 00 00 00 00 00 00 00                           |........|'
	echo '00000028'
} >"$work/expected"
bad=0
cmp "$out" "$work/expected" || bad=1
report $bad 'the dump has the form of hexdump -C'
is_empty "$err" 'dump prints no message'
run dump --yes --no-squeezing soft:40 0
has "$out" '^00000010  00' '--no-squeezing prints every line'

run dump --yes -v "$sparse" 0 $((page - 8)) 24
bad=0
[ "$(head -c 8 "$out")" = "$(printf '%08x' $((page - 8)))" ] || bad=1
[ "$(wc -l <"$out")" -eq 3 ] || bad=1
report $bad 'a range starts at its offset'

if find_lie; then
	run_lying pread dump --yes "$sparse" 0 $((page - 8)) 16
	has "$out" '  00 00 00 00 00 00 00 00  01 01 01 01 01 01 01 01  ' \
		'direct bytes are read directly, and a hole by trapped access'
	run_lying pread-error dump --yes "$sparse" 0
	ended 1 'a failed dump has exit status 1'
	has "$err" "region 0: cannot read $(hex "$page") .*EIO" \
		'a failed dump is reported with its offset'
	run_lying pread-pieces dump --yes soft:64K: 0 3 0x8000
	ended 0 'no register is read in two pieces'
else
	for i in 1 2 3 4; do
		skip "values of the device, $i" 'no library can be preloaded'
	done
fi

fails 'ERANGE' 'a range past the end' dump --yes "$sparse" 0 $((4 * page - 4)) 8
fails 'EACCES' 'a region that cannot be read' dump --yes soft:4K@w 0
fails 'region 3: cannot map: ENOENT' 'a missing region' dump --yes "$sparse" 3

# Expects a failure of output to FILE.
writes_to() { # FILE DESCRIPTION REGEX ARGUMENT...
	file=$1 description=$2 regex=$3
	shift 3
	status=0
	: >"$out"
	"$barspan" "$@" >"$file" 2>"$err" </dev/null || status=$?
	bad=0
	[ "$status" -eq 1 ] || bad=1
	grep -Eq "$regex" "$err" || bad=1
	report $bad "$description"
}
writes_to /dev/full 'dump to a full disk' \
	'^barspan: standard output: cannot write: ENOSPC' dump --yes -v soft:1M 0
writes_to /dev/full 'show to a full disk' 'ENOSPC' show "$sparse"
writes_to /dev/full 'JSON to a full disk' 'ENOSPC' show --json "$sparse"
writes_to /dev/full '--help to a full disk' 'ENOSPC' show --help

status=0
"$barspan" show "$sparse" >&- 2>"$err" || status=$?
ended 1 'a closed standard output'

# The reader closes the pipe before the program starts.
mkfifo "$work/pipe" "$work/go"
{
	read -r _ <"$work/go"
	status=0
	env --default-signal=PIPE "$barspan" dump --yes -v soft:1M 0 2>"$err" || status=$?
	echo $status >"$work/status"
} >"$work/pipe" &
exec 3<"$work/pipe"
exec 3<&-
echo >"$work/go"
wait
status=$(cat "$work/status")
bad=0
[ "$status" -eq 141 ] || bad=1
[ ! -s "$err" ] || bad=1
report $bad 'a dump without a reader ends by SIGPIPE, without a message'
finish
