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
parts="machine targets table"

fail() {
	echo "plots.sh: $*" >&2
	exit 1
}

[ $# -ge 1 ] || fail "which folder are the sources in?"
gp=$(cd "$1/tests/bench" && pwd) || exit 1
doc=$1/doc
json=${2:-}

command -v "$GNUPLOT" >/dev/null || fail "no gnuplot (Debian: gnuplot-nox)"
for part in $parts; do
	for mark in "<!-- $part -->" "<!-- end of $part -->"; do
		grep -qxF -e "$mark" "$doc/performance.md" || fail "$doc/performance.md has no line '$mark'"
	done
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

# What is aimed at, and the row that is farthest from it. AT is most or least.
aim() { # WHAT AT BOUND UNIT CASE PATTERN COLUMN
	"$digest" rows "$json" "$5" "$6" "$7" >"$work/rows" || exit 1
	awk -F '\t' -v what="$1" -v at="$2" -v bound="$3" -v unit="$4" -v pattern="$6" '
		$2 == "?" { next }
		!n++ || (at == "most" ? $2 > worst : $2 < worst) { worst = $2; star = $1 }
		END {
			if (!n) { printf "| %s | at %s %s%s | not available | | |\n", what, at, bound, unit; exit }
			sub(/\*/, star, pattern)
			reached = at == "most" ? worst <= bound : worst >= bound
			digits = worst < 9.995 ? 2 : worst < 99.95 ? 1 : 0
			printf "| %s | at %s %s%s | %.*f%s | %s | %s |\n", what, at, bound, unit, digits, worst, unit, pattern,
				reached ? "yes" : "no"
		}' "$work/rows"
}

# Of the rows like a pattern: how many times the fastest takes the slowest.
flat() { # WHAT BOUND CASE PATTERN
	"$digest" rows "$json" "$3" "$4" ours >"$work/rows" || exit 1
	awk -F '\t' -v what="$1" -v bound="$2" -v pattern="$4" '
		!n++ || $2 < least { least = $2 }
		$2 > most { most = $2; star = $1 }
		END {
			sub(/\*/, star, pattern)
			printf "| %s | at most %s times | %.2f times | %s | %s |\n", what, bound, most / least, pattern,
				most / least <= bound ? "yes" : "no"
		}' "$work/rows"
}

targets() {
	echo '| aim | bound | worst | of row | reached |'
	echo '|---|---|--:|---|---|'
	for access in read32 write32; do
		for loop in walk table; do
			aim "$access, largest extent, $loop" most 1.2 ' times' direct "$access main $loop*" ratio
			aim "$access, other extents, $loop" most 2 ' times' direct "$access other $loop*" ratio
		done
	done
	aim 'read32, largest extent, chase' most 1.2 ' times' direct 'read32 main chase*' ratio
	aim 'read32, other extents, chase' most 2 ' times' direct 'read32 other chase*' ratio
	aim 'pointer accessors, 64 spans' most 3 ' times' pointer 'read32 * spans 64' ratio
	aim 'queries, sequential' most 3 ' ns' query 'is_direct * sequential' ours
	aim 'queries for extents, sequential' most 3 ' ns' query 'extent_at * sequential' ours
	flat 'queries, sequential: slowest to fastest' 2 query 'is_direct * sequential'
	flat 'queries for extents, sequential: slowest to fastest' 2 query 'extent_at * sequential'
	for peer in CRoaring Judy; do
		aim "queries, 1,024 areas, 1 GiB, next to $peer" least 3 ' times' query 'is_direct 1 GiB areas 1024 *' "$peer/ours"
		aim "queries, all sizes, next to $peer" least 3 ' times' query 'is_direct *' "$peer/ours"
	done
	aim 'queries, 1,024 areas, 1 GiB, next to a linear search' least 50 ' times' query 'is_direct 1 GiB areas 1024 *' scan/ours
	aim 'trapped accesses' most 1.05 ' times' trapped '*' ratio
	aim 'byte ranges across holes, read' most 1.1 ' times' range 'read, holes, *' ratio
	aim 'byte ranges across holes, write' most 1.1 ' times' range 'write, holes, *' ratio
	aim 'byte ranges in one extent, read, next to memcpy' most 1.1 ' times' range 'read, direct, *' ratio
	aim 'byte ranges in one extent, write, next to memcpy' most 1.1 ' times' range 'write, direct, *' ratio
	aim 'map and unmap, areas apart' most 1.1 ' times' map '* areas, apart' ratio
	aim 'map and unmap, adjacent areas' most 1.1 ' times' map '* areas, adjacent' ratio
	aim 'area by area, next to map and unmap, apart' least 1 ' times' map '* areas, apart' 'area by area/ours'
	aim 'area by area, next to map and unmap, adjacent' least 1 ' times' map '* areas, adjacent' 'area by area/ours'
	aim 'trap, an instruction met first' most 1.3 ' times' trap '*, first' ratio
	aim 'trap, an instruction met again' most 1.1 ' times' trap '*, again' ratio
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
	# What follows a hyphen is whose build it is.
	echo "Measured on: $(cpu), $n $cpus; $(uname -sr | sed 's/-.*//');"
	echo "built by $compiler, flags$(flags)."
}

# Puts FILE between the lines <!-- NAME --> and <!-- end of NAME -->.
replace() { # NAME FILE
	awk -v start="<!-- $1 -->" -v end="<!-- end of $1 -->" -v file="$2" '
		$0 == end { inside = 0 }
		!inside { print }
		$0 == start { inside = 1; while ((getline line < file) > 0) print line }'
}

# A run of --quick has no rows for this, and measures with another size; it is for tests of this script.
size='1 TiB'
if [ "${PLOT_QUICK:-}" ]; then
	size='1 GiB'
elif ! "$digest" rows "$json" query 'is_direct 1 TiB areas 65536 *' ours >"$work/rows" 2>&1; then
	fail "$json is not of a full run of $bench"
fi
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
rows memory memory "heap, $size, areas *" ours bitmap CRoaring Judy
for plot in $plots; do
	(cd "$work" && LC_ALL=C.UTF-8 "$GNUPLOT" "$gp/style.gp" "$gp/$plot.gp" >"performance-$plot.svg") || fail "cannot draw $plot"
	[ -s "$work/performance-$plot.svg" ] || fail "nothing was drawn of $plot"
done
cp "$doc/performance.md" "$work/performance.md" || exit 1
for part in $parts; do
	"$part" >"$work/$part" || exit 1
	replace "$part" "$work/$part" <"$work/performance.md" >"$work/replaced" || exit 1
	mv "$work/replaced" "$work/performance.md"
done

for file in "$work"/performance*; do
	cat "$file" >"$doc/${file##*/}" || fail "cannot write to $doc"
done
