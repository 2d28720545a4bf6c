#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# What a terminal gets that a pipe does not.
. "${srcdir:-.}/tests/tool/program.sh"

if ! command -v script >/dev/null || ! script -qec true /dev/null >/dev/null 2>&1 </dev/null; then
	echo '1..0 # SKIP script(1) gives no terminal'
	exit 0
fi
plan 8

# What the terminal shows is in $out.
on_terminal() { # INPUT COMMAND
	status=0
	: >"$err"
	printf '%s' "$1" | script -qec "$2" /dev/null >"$work/raw" 2>&1 || status=$?
	tr -d '\r' <"$work/raw" >"$out"
}

export COLUMNS=70
on_terminal '' "stty cols 50; '$barspan' show '$sparse'"
has "$out" '^  #{12}\.+ sparse \.+#{12}$' "the terminal's width goes before COLUMNS"
unset COLUMNS

on_terminal 'y
' "'$barspan' dump soft:16 0"
ended 0 'a terminal is asked, and says yes'
has "$out" 'soft:16 region 0: .*side effects on the device' 'it is told why'
has "$out" '00000000  00' 'and gets its dump'
on_terminal 'n
' "'$barspan' dump soft:16 0"
bad=0
[ "$status" -eq 1 ] || bad=1
grep -q '00000000  ' "$out" && bad=1
report $bad 'it says no, and nothing is read'

# A reader that lets the program wait for longer than it takes to lose patience.
on_terminal '' "'$barspan' dump --yes -v soft:1M 0 | (sleep 1.5; cat >/dev/null)"
has "$out" 'barspan: +[0-9]+ %, [0-9]+K of 1M' 'progress is shown when it takes long'
on_terminal '' "'$barspan' dump --yes -v soft:64K 0 | cat >/dev/null"
lacks "$out" '%' 'and not when it does not'
on_terminal '' "'$barspan' dump --yes -v soft:1M 0 2>'$err' | (sleep 1.5; cat >/dev/null)"
is_empty "$err" 'nor where stderr is no terminal'
finish
