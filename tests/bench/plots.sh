#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# plots.sh SRCDIR [JSON]: what barspan-bench measured, in SRCDIR/doc: plots, tables, and what they were measured on. Runs
# in the build folder. Without JSON it measures; with one that is what an earlier run on this machine wrote. Nothing is
# written to SRCDIR unless all succeeds.
set -u

: "${CC:=cc}" "${CFLAGS:=}"
: "${GNUPLOT:=gnuplot}"
bench=tests/bench/barspan-bench
digest=tests/bench/digest
plots="query direct range map memory"

fail() {
	echo "plots.sh: $*" >&2
	exit 1
}

[ $# -ge 1 ] || fail "which folder are the sources in?"
gp=$(cd "$1/tests/bench" && pwd) || exit 1
doc=$1/doc
json=${2:-}

command -v "$GNUPLOT" >/dev/null || fail "no gnuplot (Debian: gnuplot-nox)"
for mark in '<!-- table -->' '<!-- end of table -->' '<!-- machine -->' '<!-- end of machine -->'; do
	grep -qxF -e "$mark" "$doc/performance.md" || fail "$doc/performance.md has no line '$mark'"
done
if [ -z "$json" ]; then
	json=tests/bench/barspan-bench.json
	"$bench" --json "$json" || fail "$bench failed"
fi
[ -r "$json" ] || fail "cannot read $json"

work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT

# Writes FILE, for a plot.
rows() { # FILE CASE PATTERN COLUMN...
	file=$1
	shift
	"$digest" rows "$json" "$@" >"$work/$file" || exit 1
}

table() {
	"$bench" --list | while read -r name what; do
		printf '\n### %s: %s\n\n' "$name" "$what"
		"$digest" table "$json" "$name" || exit 1
	done && echo
}

cpu() {
	model=$(sed -n 's/^model name[[:space:]]*: //p' /proc/cpuinfo | head -n 1)
	[ -n "$model" ] || model=$(LC_ALL=C lscpu 2>/dev/null | sed -n 's/^Model name:[[:space:]]*//p' | head -n 1)
	echo "${model:-$(uname -m)}"
}

# Flags with paths say where somebody built, not what.
flags() {
	for flag in $CFLAGS; do
		case $flag in
		*/*) ;;
		*) printf ' %s' "$flag" ;;
		esac
	done
}

machine() {
	n=$(getconf _NPROCESSORS_ONLN)
	[ "$n" -eq 1 ] && cpus=CPU || cpus=CPUs
	# shellcheck disable=SC2086 # a command and its flags
	compiler=$($CC --version | head -n 1)
	echo "Measured on: $(cpu), $n $cpus; $(uname -sr);"
	echo "built by $compiler, flags$(flags)."
}

# Puts FILE between the lines <!-- NAME --> and <!-- end of NAME -->.
replace() { # NAME FILE
	awk -v start="<!-- $1 -->" -v end="<!-- end of $1 -->" -v file="$2" '
		$0 == end { inside = 0 }
		!inside { print }
		$0 == start { inside = 1; while ((getline line < file) > 0) print line }'
}

# shellcheck disable=SC2046 # a list of names
"$digest" check "$json" $("$bench" --list | awk '{ print $1 }') || exit 1
for order in sequential random; do
	rows "query-$order" query "is_direct 1 GiB areas * $order" ours scan bisect CRoaring Judy floor
done
rows direct direct '*' ratio scan/floor
for layout in direct holes; do
	for access in read write; do
		rows "range-$access-$layout" range "$access, $layout, *" ours floor '8 bytes each'
	done
done
for layout in apart adjacent; do
	rows "map-$layout" map "* areas, $layout" ours floor 'area by area'
done
rows memory memory 'heap areas *' ours bitmap CRoaring Judy
for plot in $plots; do
	(cd "$work" && "$GNUPLOT" "$gp/style.gp" "$gp/$plot.gp" >"performance-$plot.svg") || fail "cannot draw $plot"
	[ -s "$work/performance-$plot.svg" ] || fail "nothing was drawn of $plot"
done
table >"$work/table" || exit 1
machine >"$work/machine"
replace table "$work/table" <"$doc/performance.md" | replace machine "$work/machine" >"$work/performance.md"

for file in "$work"/performance*; do
	cat "$file" >"$doc/${file##*/}" || fail "cannot write to $doc"
done
