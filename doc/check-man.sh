#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Man pages: none has a warning, every exported function has one, every alias leads to a page that lists it. TAP.
srcdir=${srcdir:-.}
pages=$(ls "$srcdir"/doc/*.[1-9])
functions=$(sed -n 's/^[[:space:]]*\(barspan_[a-z0-9_]*[a-z0-9]\);$/\1/p' "$srcdir/lib/libbarspan.map" \
	"$srcdir/lib/libbarspan-trap.map")
. "$srcdir/tests/support/tap.sh"

lint()
{
	command -v mandoc >/dev/null || { skip "mandoc: $1" "no mandoc"; return; }
	output=$(mandoc -T lint -W warning "$1" 2>&1)
	report $? "mandoc: $1" "$output"
}

format()
{
	command -v groff >/dev/null || { skip "groff: $1" "no groff"; return; }
	output=$(groff -mandoc -Tutf8 -ww -z "$1" 2>&1)
	[ -z "$output" ]
	report $? "groff: $1" "$output"
}

# The page of a function: the topic's, or the one that an alias leads to. It has to list the function.
find_page()
{
	page=$srcdir/doc/$1.3
	if [ ! -e "$page" ]; then
		target=$(sed -n 's/^\.so man3\///p' "doc/aliases/$1.3" 2>/dev/null)
		[ -n "$target" ] || { echo "there is no doc/$1.3, and no doc/aliases/$1.3"; return 1; }
		page=$srcdir/doc/$target
	fi
	grep -q "^\.Nm $1\( ,\)\{0,1\}$" "$page" || { echo "$page does not list it"; return 1; }
	grep -q "^\.F[no] $1\( \|$\)" "$page" || echo "$1" | grep -q '_relaxed$' ||
		{ echo "$page does not show how to call it"; return 1; }
}

for page in $pages; do
	lint "$page"
	format "$page"
done
for function in $functions; do
	output=$(find_page "$function")
	report $? "page of $function" "$output"
done
[ -n "$functions" ]
report $? "functions were found in the maps"
finish
