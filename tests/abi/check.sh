#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Compares the ABI of the libraries with that of the last release, which is
# stored beside this script. Before version 1.0 a change is reported and passes.
# Prints TAP; runs in the build folder, which gcc has to have filled.
#
#     check.sh             compare
#     check.sh --update    store the ABI of the present build
set -u
: "${srcdir:=.}"
. "$srcdir/tests/support/tap.sh"
folder=$srcdir/tests/abi
libraries='libbarspan libbarspan-trap'
version=$(sed -n 's/^VERSION = //p' Makefile)
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT

explain() {
	cat "$work/output"
}

# Unreachable types are read, too: the inline functions use some that no
# function takes.
write_abi() { # LIBRARY FILE
	abidw --load-all-types --drop-undefined-syms --no-corpus-path --no-comp-dir-path --no-elf-needed \
		--no-show-locs --no-parameter-names --type-id-style hash --suppr "$folder/public.abignore" \
		--out-file "$2" ".libs/$1.so" >"$work/output" 2>&1
}

# The first line has to be the root element, by which abidiff knows the format.
update_abi() { # LIBRARY
	write_abi "$1" "$work/abi.xml" || { explain >&2; exit 1; }
	sed "1a<!-- SPDX-License-Identifier: BSD-3-Clause -->\n<!-- $1 $version -->" "$work/abi.xml" >"$folder/$1.xml"
}

# The private symbols that the headers name, which the ABI has to include.
inline_symbols() { # LIBRARY
	nm -D --defined-only ".libs/$1.so" | sed -n 's/.* \(barspan_.*_\)@@BARSPAN_PRIVATE$/\1/p' >"$work/private"
	cat "$srcdir"/include/barspan/inline/*.h | grep -owFf "$work/private" | sort -u
}

# types FILE: the structs and enums of a header or of an ABI.
named_types() {
	sed -n -e 's/^\(struct\|enum\) \(barspan[a-z_]*\) {$/\2/p' \
		-e "s/.*<\(class\|enum\)-decl name='\(barspan[a-z_]*\)'.*/\2/p" "$@" | sort -u
}

compare() { # LIBRARY
	stored=$(sed -n "s/^<!-- $1 \(.*\) -->$/\1/p" "$folder/$1.xml")
	abidiff --non-reachable-types --no-added-syms --suppressions "$folder/growth.abignore" \
		"$folder/$1.xml" "$work/$1.xml" >"$work/output" 2>&1
	status=$?
	case $status,$version in
	0,*) report 0 "$1: the ABI is that of $stored" ;;
	4,0.* | 8,0.* | 12,0.*)
		report 0 "$1: the ABI is not that of $stored, which may be before 1.0"
		sed 's/^/# /' "$work/output"
		;;
	*) report "$status" "$1: the ABI is that of $stored" ;;
	esac
}

for tool in abidw abidiff; do
	command -v $tool >/dev/null || { echo "$0 needs $tool (Debian: abigail-tools)" >&2; exit 1; }
done
if [ "${1:-}" = --update ]; then
	for library in $libraries; do
		update_abi "$library"
	done
	exit
fi

[ "$(uname -m)" = x86_64 ] || skip_all "the ABI that is stored is that of x86-64"
for library in $libraries; do
	write_abi "$library" "$work/$library.xml"
	report $? "$library: the ABI can be read"
	: >"$work/output"
	for symbol in $(inline_symbols "$library"); do
		grep -q "name='$symbol'" "$work/$library.xml" || echo "$symbol is missing" >>"$work/output"
	done
	[ ! -s "$work/output" ]
	report $? "$library: it has the symbols that inline functions use"
	compare "$library"
done
named_types "$srcdir"/include/barspan.h "$srcdir"/include/barspan/*.h "$srcdir"/include/barspan/inline/*.h >"$work/wanted"
named_types "$work"/*.xml | comm -23 "$work/wanted" - >"$work/output"
[ -s "$work/wanted" ] && [ ! -s "$work/output" ]
report $? "the ABI has all types of the headers"
finish
