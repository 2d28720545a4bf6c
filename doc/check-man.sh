#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Manual pages. They have no warnings, and every exported function and every
# public type, constant and macro has a page that describes it. Prints TAP; runs
# in the build folder.
srcdir=${srcdir:-.}
pages=$(ls "$srcdir"/doc/*.[1-9])
headers="$srcdir/include/barspan.h $(ls "$srcdir"/include/barspan/*.h)"
functions=$(sed -n 's/^[[:space:]]*\(barspan_[a-z0-9_]*[a-z0-9]\);$/\1/p' "$srcdir/lib/libbarspan.map" \
	"$srcdir/lib/libbarspan-trap.map")
. "$srcdir/tests/support/tap.sh"

lint() # PAGE
{
	command -v mandoc >/dev/null || { skip "mandoc: $1" "no mandoc"; return; }
	output=$(mandoc -T lint -W warning "$1" 2>&1)
	report $? "mandoc: $1" "$output"
}

format() # PAGE
{
	command -v groff >/dev/null || { skip "groff: $1" "no groff"; return; }
	output=$(groff -mandoc -Tutf8 -ww -z "$1" 2>&1)
	[ -z "$output" ]
	report $? "groff: $1" "$output"
}

# Prints the names that the public headers define. Names that end in an
# underscore are private.
public_types()
{
	# shellcheck disable=SC2086 # a list of files
	sed -n -e 's/^\(struct\|enum\) \(barspan[a-z0-9_]*[a-z0-9]\)\( {\|;\)$/\2/p' \
		-e 's/^typedef .*[ *]\(barspan_[a-z0-9_]*[a-z0-9]\)(.*/\1/p' $headers | sort -u
}

public_macros()
{
	# shellcheck disable=SC2086 # a list of files
	sed -n 's/^#define \(BARSPAN_[A-Z0-9_]*[A-Z0-9]\)(.*/\1/p' $headers
}

public_constants()
{
	# shellcheck disable=SC2086 # a list of files
	sed -n -e 's/^#define \(BARSPAN_[A-Z0-9_]*[A-Z0-9]\) .*/\1/p' \
		-e 's/^	\(BARSPAN_[A-Z0-9_]*[A-Z0-9]\)\(,\| =\).*/\1/p' $headers
}

# Finds the page of a name: its own page, or the page that an alias leads to.
# The page must list the name.
find_page() # NAME
{
	for section in 3 7; do
		page=$srcdir/doc/$1.$section
		[ ! -e "$page" ] || break
		page=$(sed -n "s/^\.so man$section\///p" "doc/aliases/$1.$section" 2>/dev/null)
		[ -z "$page" ] || { page=$srcdir/doc/$page; break; }
	done
	[ -n "$page" ] || { echo "there is no doc/$1.3, and no doc/aliases/$1.3"; return 1; }
	grep -q "^\.Nm $1\( ,\)\{0,1\}$" "$page" || { echo "$page does not list it"; return 1; }
}

find_function() # NAME
{
	find_page "$1" || return
	grep -q "^\.F[no] $1\( \|$\)" "$page" || echo "$1" | grep -q '_relaxed$' ||
		{ echo "$page does not show how to call it"; return 1; }
}

# Prints a structure's members, without comments and white space.
members() # TYPE FILE...
{
	type=$1
	shift
	sed -n "/^struct $type {$/,/^};$/p" "$@" | tr '\n' ' ' |
		sed -e 's,/\*,@,g' -e 's,\*/,~,g' -e 's,@[^~]*~,,g' | tr -d ' \t'
}

# The page must show the structure with the members that it has in the header,
# or name the enum. Opaque structures have no members.
find_type() # NAME
{
	find_page "$1" || return
	# shellcheck disable=SC2086 # a list of files
	defined=$(members "$1" $headers)
	[ "$(members "$1" "$page")" = "$defined" ] ||
		{ echo "$page has other members: $(members "$1" "$page"), not $defined"; return 1; }
	# shellcheck disable=SC2086 # a list of files
	! grep -q "^enum $1 {$" $headers || grep -q "enum $1\>" "$page" ||
		{ echo "$page does not describe the enum"; return 1; }
}

find_constant() # NAME
{
	# shellcheck disable=SC2086 # a list of files
	grep -q "^\(\.\|#define \).*\<$1\>" $pages || { echo "no page names it"; return 1; }
}

for page in $pages; do
	lint "$page"
	format "$page"
done
for function in $functions $(public_macros); do
	output=$(find_function "$function")
	report $? "page of $function" "$output"
done
for type in $(public_types); do
	output=$(find_type "$type")
	report $? "page of type $type" "$output"
done
for constant in $(public_constants); do
	output=$(find_constant "$constant")
	report $? "page with $constant" "$output"
done
output=$(find_page libbarspan)
report $? "page of libbarspan" "$output"
[ -n "$functions" ] && [ -n "$(public_types)" ] && [ -n "$(public_macros)" ] && [ -n "$(public_constants)" ]
report $? "functions were found in the maps, and types, macros and constants in the headers"
finish
