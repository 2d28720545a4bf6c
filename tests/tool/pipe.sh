#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Standard output: a pipe whose reader has left, and pictures.
. "${srcdir:-.}/tests/tool/program.sh"

many='' i=0
while [ "$i" -lt 64 ]; do
	many=$many${many:+;}$((4 * page)):0+$page,$((3 * page))+$page i=$((i + 1))
done

# Runs the program with a pipe that nobody reads from, and with SIGPIPE as asked.
without_reader() { # default|ignore ARGUMENT...
	signal=$1
	shift
	rm -f "$work/pipe"
	mkfifo "$work/pipe"
	exec 3<>"$work/pipe"
	exec 4>"$work/pipe"
	exec 3>&-
	status=0
	: >"$out"
	env "--$signal-signal=PIPE" "$barspan" "$@" >&4 2>"$err" </dev/null || status=$?
	exec 4>&-
}

# As any program that SIGPIPE ends: silence, and the signal's status.
for arguments in '--help' 'help run' '--version' 'show --help' 'demo' "show $sparse" "show --json $sparse" \
	"show --svg - $sparse" "query $sparse 0 0" "query --json $sparse 0 $page" "read $sparse 0 0" \
	"dump --yes -v soft:1M 0" "show soft:$many" "show --json soft:$many" "show --svg - soft:$many"; do
	# shellcheck disable=SC2086 # words
	without_reader default $arguments
	bad=0
	[ "$status" -eq 141 ] || bad=1
	[ ! -s "$err" ] || bad=1
	report $bad "without a reader: $(echo "$arguments" | cut -c 1-40)"
done
without_reader default write "$sparse" 0 0 1
ended 0 'a command without output ignores that there is no reader'

# A caller that ignores SIGPIPE wants the error.
for arguments in '--help' "show --json $sparse" 'dump --yes -v soft:1M 0' "show --svg - soft:$many"; do
	# shellcheck disable=SC2086
	without_reader ignore $arguments
	ended 1 "SIGPIPE ignored: $(echo "$arguments" | cut -c 1-40)"
	has "$err" '^barspan: standard output: ' "SIGPIPE ignored: the error is reported"
done

# What a shell shows of it.
status=$(env --default-signal=PIPE sh -c "'$barspan' dump --yes -v soft:4M 0 2>'$err'; echo \$? >'$work/status'" |
	head -n 1 >"$out"; cat "$work/status")
ended 141 'head closes the pipe after one line: status 141'
is_empty "$err" 'head closes the pipe: no message'
has "$out" '^00000000  00 ' 'head closes the pipe: its line is printed'

# A picture on standard output.
run show --svg "$work/picture" "$sparse"
cp "$work/picture" "$work/expected"
run show --svg - "$sparse"
ended 0 'a picture on standard output'
cmp "$out" "$work/expected"
report $? 'a picture on standard output equals the one in a file'
[ ! -e ./- ]
report $? '--svg - creates no file'
refuses '--svg=-: standard output is taken by --json; expected a file' 'JSON and a picture' \
	show --json --svg - "$sparse"
run show --svg ./- "$sparse"
cmp ./- "$work/expected"
report $? '--svg ./- writes the file'
rm -f ./-
status=0
"$barspan" show --svg - "$sparse" >/dev/full 2>"$err" || status=$?
ended 1 'a picture on a full disk'
finish
