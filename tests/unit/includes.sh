#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Checks the #include lines of lib/ and tools/. A folder includes headers of its
# own and of folders to its left. No files include each other's headers in a
# circle; foo.c and foo.h count as one file.
set -u
cd "${srcdir:-.}" || exit 1
. tests/support/tap.sh

# Prints "FILE HEADER" for each #include of one of the project's headers.
# Headers of tools/ have no folder in their names.
includes() {
	find lib tools -name '*.[ch]' -exec grep -H '^ *# *include *"' {} + |
		sed 's/^\([^:]*\): *# *include *"\(.*\)".*/\1 \2/'
}

# The first line has the numbers of #include lines, of wrong ones and of files
# in circles. The other lines name the wrong ones and the files in circles.
findings=$(includes | awk '
BEGIN {
	folders = split("util layout device span compat trap preload", order)
	for (i = 1; i <= folders; i++)
		rank[order[i]] = i
	rank["tools"] = folders
}
function folder_of(path, parts) {
	sub(/^lib\//, "", path)
	split(path, parts, "/")
	return parts[1]
}
function unit_of(path) {
	sub(/^lib\//, "", path)
	sub(/\.[ch]$/, "", path)
	return path
}
{
	lines++
	header = $2 ~ /\// ? $2 : folder_of($1) "/" $2
	if (!(folder_of(header) in rank)) {
		texts = texts "\n" $1 ": " $2 " is in no known folder"
		wrong++
	} else if (rank[folder_of(header)] > rank[folder_of($1)]) {
		texts = texts "\n" $1 " includes " $2 ", which is to its right"
		wrong++
	}
	from = unit_of($1)
	to = unit_of(header)
	if (from != to && !((from, to) in known)) {
		known[from, to] = 1
		uses[from] = uses[from] " " to
		units[from] = units[to] = 1
	}
}
# Repeatedly removes files that include no remaining file, or that no remaining
# file includes. The files that remain are in circles or between circles.
function take_away(unit, other, below, above, parts, n, i, taken) {
	do {
		taken = 0
		for (unit in units) {
			below = above = 0
			n = split(uses[unit], parts, " ")
			for (i = 1; i <= n; i++)
				below += parts[i] in units
			for (other in units)
				above += (other, unit) in known
			if (!below || !above) {
				delete units[unit]
				taken++
			}
		}
	} while (taken)
}
END {
	take_away()
	for (unit in units) {
		texts = texts "\nin a circle: " unit " ->" uses[unit]
		circles++
	}
	print lines + 0, wrong + 0, circles + 0 texts
}')

explain() {
	echo "$findings" | tail -n +2
}

read -r lines wrong circles <<END
$findings
END
plan 3
[ "$lines" -gt 100 ]
report $? "$lines #include lines are read"
[ "$wrong" -eq 0 ]
report $? "folders include headers of their own and of folders to their left"
[ "$circles" -eq 0 ]
report $? "no headers are included in a circle"
finish
