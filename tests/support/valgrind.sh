#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Runs test programs under memcheck: valgrind.sh LIBTOOL PROGRAM... Each
# program's output goes to tests/valgrind/NAME.tap, memcheck's to NAME.log.
set -u
libtool=$1
shift
folder=tests/valgrind

if ! command -v valgrind >/dev/null; then
	echo "make check-valgrind needs valgrind (Debian: valgrind)" >&2
	exit 1
fi

# One program, in the call by xargs below.
if [ "${VALGRIND_ONE:-}" ]; then
	name=$(basename "$1")
	# Signal handlers that read the registers of a fault need exact register
	# values. barspan_trap_enable(3) explains both options.
	case $name in
	test-trap* | nic-test)
		more='--vex-iropt-register-updates=allregs-at-mem-access --vex-guest-chase=no'
		;;
	*) more= ;;
	esac
	# shellcheck disable=SC2086 # a command with arguments, and options or none
	CK_FORK=no $libtool --mode=execute valgrind -q $more --error-exitcode=99 --leak-check=full \
		--show-leak-kinds=definite,indirect,possible \
		--errors-for-leak-kinds=definite,indirect,possible \
		--track-origins=no --log-file="$folder/$name.log" \
		"$1" >"$folder/$name.tap" 2>"$folder/$name.err"
	code=$?
	if [ $code -eq 0 ] && grep -q '^1\.\.' "$folder/$name.tap"; then
		echo "PASS: $1 ($(grep -c '^ok' "$folder/$name.tap"))"
		exit 0
	fi
	echo "FAIL: $1 (exit code $code)"
	grep '^not ok' "$folder/$name.tap"
	head -n 60 "$folder/$name.log" "$folder/$name.err"
	exit 1
fi

mkdir -p "$folder"
rm -f "$folder"/*
printf '%s\n' "$@" | VALGRIND_ONE=1 xargs -n 1 -P 2 sh "$0" "$libtool"
code=$?
passed=$(cat "$folder"/*.tap | grep -c '^ok')
failed=$(cat "$folder"/*.tap | grep -c '^not ok')
echo "memcheck: $passed passed, $failed failed, in $# programs"
[ $code -eq 0 ]
