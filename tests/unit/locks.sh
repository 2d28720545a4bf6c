#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Each mutex of lib/ has a unique name. The table of locks in
# lib/util/operation.h lists each with its file and with its number in
# PROTECT_ACROSS_FORK().
set -u
cd "${srcdir:-.}" || exit 1
. tests/support/tap.sh

# Prints "FILE NAME NUMBER" for each mutex. The number is "-" if the mutex has a
# handler of its own.
mutexes() {
	find lib -name '*.c' -exec grep -H 'pthread_mutex_t [a-z_]*\(;\| =\)' {} + |
		sed 's/^\([^:]*\):.*pthread_mutex_t \([a-z_]*\).*/\1 \2/' |
		while read -r file name; do
			number=$(sed -n "s/^PROTECT_ACROSS_FORK($name, \([0-9]*\));.*/\1/p" "$file")
			echo "$(basename "$file") $name ${number:--}"
		done | sort
}

# Prints the same for the table's rows: " *	[NUMBER]	NAME	FILE".
rows() {
	sed -n 's/^ \*\t\([-0-9]*\)\t*\([a-z_]*_lock\)\t*\([-a-z]*\.c\)$/\1 \3 \2/p' \
		lib/util/operation.h |
		awk 'NF == 3 { number = $1 } { print $(NF - 1), $NF, number }' | sort
}

plan 2
found=$(mutexes)
listed=$(rows)
[ -n "$found" ] && [ "$found" = "$listed" ]
report $? "the table of locks has each mutex" "mutexes:
$found
table:
$listed"

twice=$(echo "$found" | cut -d ' ' -f 2 | sort | uniq -d)
[ -z "$twice" ]
report $? "no two mutexes have the same name" "$twice"
finish
