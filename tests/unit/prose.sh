#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Limits five constructions that make English hard to read to 0.4 per 1,000
# words each, in all comments and documents of the tree. tests/support/prose.awk
# counts them and names the places.
set -u
cd "${srcdir:-.}" || exit 1
. tests/support/tap.sh
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT

count_in() { # FILE...
	LC_ALL=C awk -f tests/support/prose.awk "$@"
}

# Text for the self-test. The first sentence has each construction once, across
# the ends of lines, and the second has similar words only.
first='It keeps what is left so'
second='that it works, where it can, for who wants it all the'
third='same. Callers who ask what the value was, and the place where they asked,'
fourth='get an answer so soon that all the rest is the same.'
sentence='Code keeps what is, so that, where, anew.'

# Checks the counts in a sample of one kind. The text has 47 words, with "and
# so" and "that" in places that must not be joined. Some samples have more.
check_sample() { # FILE CLASS WORDS WHERE
	count_in "$work/$1" >"$work/counts"
	grep -qx "total $2 1 $3 1 1 $4 1 1" "$work/counts" &&
		grep -qx "total all 1 $3 1 1 $4 1 1" "$work/counts"
	report $? "the counts in a sample are right: $1" "$(cat "$work/counts")"
}

write_c() {
	printf '/* %s\n\t * %s\n * %s\n * %s */\n' "$first" "$second" "$third" "$fourth"
	printf 'char *a = "/* %s", b = '\''"'\''; /* and so */ int c; /* that */\n' "$sentence"
}

write_script() {
	for line in "$first" "$second" "$third" "$fourth"; do
		printf '# %s\n' "$line"
	done
	printf 'echo "%s" # and so\nx=${a#b} # that\n' "$sentence"
}

write_man() {
	printf '.Sh DESCRIPTION\n%s\n%s\n%s\n%s\n.Pp\nand \\fBso\\fP\n.Pp\n.Em that\n' \
		"${first% so} \\fBso\\fP" "$second" "$third" "$fourth"
	printf '.Bd -literal\n%s\n.Ed\nIt stops at\n.Fn f ,\nwhere it ends.\n' "$sentence"
}

write_md() {
	printf '%s\n%s\n%s\n%s\n\n## And so\nthat\n' "$first" "$second" "$third" "$fourth"
	printf '`%s`\n\n```\n%s\n```\n\n    %s\n' "$sentence" "$sentence" "$sentence"
}

write_control() {
	printf 'Source: what is, where\nDescription: and so\n and so\n .\n that\n .\n'
	printf ' %s\n %s\n %s\n %s\n' "$first" "$second" "$third" "$fourth"
}

write_text() {
	printf '%s\n%s\n%s\n%s\n\n- and so\n\nthat\n' "$first" "$second" "$third" "$fourth"
}

# The project's own texts. Folders of builds, downloads and generated pages are
# left out.
list_files() {
	find lib include tools tests doc debian .ci \
		\( -name '*.tmp' -o -name .libs -o -name .deps -o -name aliases -o -name cache \
		-o -name boot -o -name corpus -o -name found -o -name valgrind \
		-o -path 'debian/lib*' -o -path debian/tmp -o -path debian/barspan \) -prune -o \
		-type f \( -name '*.[ch]' -o -name '*.map' -o -name '*.sh' -o -name '*.awk' \
		-o -name '*.mk' -o -name '*.py' -o -name '*.bash' -o -name '*.[1-8]' \
		-o -name '*.md' -o -name '*.yml' \) ! -name '*.mod.c' -print 2>/dev/null
	for file in README.md CONTRIBUTING.md SECURITY.md ChangeLog bootstrap configure.ac \
		Makefile.am tests/vm/run tests/vm/fetch tests/vm/init debian/control \
		debian/rules debian/changelog; do
		[ ! -f "$file" ] || echo "$file"
	done
}

check_limit() { # COUNT NAME DESCRIPTION
	figure=$(figure_of "$1" "$words")
	[ $((10 * $1 * 1000)) -le $((4 * words)) ]
	report $? "$3: $figure per 1,000 words, at most 0.4" "$(grep ": $2: " "$work/found")"
}

figure_of() { # COUNT WORDS
	awk -v count="$1" -v words="$2" 'BEGIN { printf "%.2f", words ? 1000 * count / words : 0 }'
}

# Prints the figures of a class of text as a diagnostic.
print_figures() { # CLASS FILES WORDS COUNT...
	text="$1: $2 files, $3 words; per 1,000:" of=$3
	shift 3
	for name in what so-that where who idiom; do
		text="$text $name $(figure_of "$1" "$of")"
		shift
	done
	echo "# $text"
}

plan 12
for kind in c script man md control text; do
	case $kind in
	c) name=sample.c class=comments n=47 where=1 ;;
	script) name=sample.sh class=comments n=47 where=1 ;;
	man) name=sample.3 class=documents n=54 where=2 ;;
	md) name=sample.md class=documents n=48 where=1 ;;
	control) name=control class=documents n=49 where=1 ;;
	text) name=ChangeLog class=documents n=47 where=1 ;;
	esac
	"write_$kind" >"$work/$name"
	check_sample "$name" "$class" "$n" "$where"
done

list_files >"$work/files"
# shellcheck disable=SC2046 # the names have no blanks
count_in $(cat "$work/files") >"$work/found"
if ! grep -q '^total all ' "$work/found"; then
	report 1 'the texts of the tree are counted'
	finish
fi
while read -r _ class files words counts; do
	# shellcheck disable=SC2086 # a list of counts
	print_figures "$class" "$files" "$words" $counts
done <<END
$(grep '^total ' "$work/found" | sort)
END
read -r _ _ files words what so_that where who idiom <<END
$(grep '^total all ' "$work/found")
END
[ "$files" -gt 200 ] && [ "$words" -gt 20000 ]
report $? "$words words in $files files are read"
check_limit "$what" what '"what" with a verb in place of a noun'
check_limit "$so_that" so-that '"so that"'
check_limit "$where" where '", where" as a condition'
check_limit "$who" who '"who" without an antecedent'
check_limit "$idiom" idiom 'idioms such as "anew"'
finish
