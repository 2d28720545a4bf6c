#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# The house's rule, by the #include lines of lib/ and tools/: a folder includes headers of its own and of folders to its
# left, and no files include each other's headers in a circle. A file is known with its header: foo.c and foo.h are one.
set -u
cd "${srcdir:-.}" || exit 1
. tests/support/tap.sh

# Prints "FILE HEADER" for each #include of a header of ours. Headers of tools/ have no folder in their names.
includes() {
	find lib tools -name '*.[ch]' -exec grep -H '^ *# *include *"' {} + | sed 's/^\([^:]*\): *# *include *"\(.*\)".*/\1 \2/'
}

# The first line has three numbers: of #include lines, of wrong ones and of files
# in circles. The other lines name these.
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
		texts = texts "\n" $1 ": " $2 " is in no folder of the house"
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
# Takes away what includes nothing that is left, or what nothing that is left includes, until nothing more can be taken:
# what stays is in circles and between them.
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
