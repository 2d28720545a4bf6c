#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Output that only terminals get.
. "${srcdir:-.}/tests/tool/program.sh"

if ! command -v script >/dev/null || ! script -qec true /dev/null >/dev/null 2>&1 </dev/null; then
	echo '1..0 # SKIP script(1) makes no terminal'
	exit 0
fi
plan 8

# Runs a command on a terminal, whose output is in $out.
on_terminal() { # INPUT COMMAND
	status=0
	: >"$err"
	printf '%s' "$1" | script -qec "$2" /dev/null >"$work/raw" 2>&1 || status=$?
	tr -d '\r' <"$work/raw" >"$out"
}

export COLUMNS=70
on_terminal '' "stty cols 50; '$barspan' show '$sparse'"
has "$out" '^  #{12}\.+ sparse \.+#{12}$' "the terminal's width overrides COLUMNS"
unset COLUMNS

on_terminal 'y
' "'$barspan' dump soft:16 0"
ended 0 'dump asks on a terminal, and continues after yes'
has "$out" 'soft:16 region 0: .*side effects on the device' 'the question says why'
has "$out" '00000000  00' 'after yes, the dump is printed'
on_terminal 'n
' "'$barspan' dump soft:16 0"
bad=0
[ "$status" -eq 1 ] || bad=1
grep -q '00000000  ' "$out" && bad=1
report $bad 'after no, nothing is read'

# A slow reader delays the program until it shows progress.
on_terminal '' "'$barspan' dump --yes -v soft:1M 0 | (sleep 3; cat >/dev/null)"
has "$out" 'barspan: +[0-9]+ %, [0-9]+K of 1M' 'a slow dump shows its progress'
on_terminal '' "'$barspan' dump --yes -v soft:64K 0 | cat >/dev/null"
lacks "$out" '%' 'a fast dump shows no progress'
on_terminal '' "'$barspan' dump --yes -v soft:1M 0 2>'$err' | (sleep 3; cat >/dev/null)"
is_empty "$err" 'no progress is shown if stderr is not a terminal'
finish
