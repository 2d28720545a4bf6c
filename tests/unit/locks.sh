#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Each mutex of lib/ has a name of its own, and stands in the table of locks in lib/util/operation.h: with its file, and
# below the number with which it is protected across fork().
set -u
cd "${srcdir:-.}" || exit 1

# Prints "FILE NAME NUMBER" for each mutex; the number is "-" for one that has a handler of its own.
mutexes() {
	find lib -name '*.c' -exec grep -H 'pthread_mutex_t [a-z_]*;\|pthread_mutex_t [a-z_]* =' {} + |
		sed 's/^\([^:]*\):.*pthread_mutex_t \([a-z_]*\).*/\1 \2/' |
		while read -r file name; do
			number=$(sed -n "s/^PROTECT_ACROSS_FORK($name, \([0-9]*\));.*/\1/p" "$file")
			echo "$(basename "$file") $name ${number:--}"
		done | sort
}

# The same of the table's rows: " *	[NUMBER]	NAME	FILE".
rows() {
	sed -n 's/^ \*\t\([-0-9]*\)\t*\([a-z_]*_lock\)\t*\([-a-z]*\.c\)$/\1 \3 \2/p' lib/util/operation.h |
		awk 'NF == 3 { number = $1; print $2, $3, number } NF == 2 { print $1, $2, number }' | sort
}

echo 1..2
found=$(mutexes)
listed=$(rows)
if [ -n "$found" ] && [ "$found" = "$listed" ]; then
	echo "ok 1 - the table of locks has each mutex"
else
	printf 'mutexes:\n%s\ntable:\n%s\n' "$found" "$listed" | sed 's/^/# /'
	echo "not ok 1 - the table of locks has each mutex"
fi

twice=$(echo "$found" | cut -d ' ' -f 2 | sort | uniq -d)
if [ -z "$twice" ]; then
	echo "ok 2 - no two mutexes have one name"
else
	echo "# $twice"
	echo "not ok 2 - no two mutexes have one name"
fi

[ -n "$found" ] && [ "$found" = "$listed" ] && [ -z "$twice" ]
