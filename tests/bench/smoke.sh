#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# barspan-bench and what becomes of its JSON: that they work, not what they measure.
. "${srcdir:-.}/tests/tool/program.sh"
plan 18

barspan=./tests/bench/barspan-bench
digest=./tests/bench/digest
plots=${srcdir:-.}/tests/bench/plots.sh
json=$work/json
# argp's EX_USAGE.
wrong_usage=64
# A tree to write to, which has the sources of the plots.
tree=$work/tree
mkdir -p "$tree/doc" "$tree/tests"
ln -s "$(cd "${srcdir:-.}/tests/bench" && pwd)" "$tree/tests/bench"
cat "${srcdir:-.}/doc/performance.md" >"$tree/doc/performance.md"

digests() { # DESCRIPTION ARGUMENT...
	description=$1 status=0
	shift
	"$digest" "$@" >"$out" 2>"$err" || status=$?
	report "$status" "$description"
}

digests_not() { # REGEX DESCRIPTION ARGUMENT...
	regex=$1 description=$2 status=0
	shift 2
	"$digest" "$@" >"$out" 2>"$err" || status=$?
	bad=0
	[ "$status" -eq 1 ] || bad=1
	grep -Eq -e "$regex" "$err" || bad=1
	report "$bad" "$description"
}

# Plots are drawn where gnuplot is; where it is not, its input stands for them.
plot() { # JSON
	status=0
	PLOT_QUICK=1 GNUPLOT=$(command -v gnuplot || echo cat) "${SHELL:-sh}" "$plots" "$tree" "$1" >"$out" 2>"$err" || status=$?
}

refuses "no case 'nonsense'" 'an unknown case' nonsense
refuses "'0' is not a number" 'no rounds' --rounds 0
refuses "'3x' is not a number" 'rounds that are no number' --rounds 3x
refuses "'10001' is not a number" 'too many rounds' --rounds 10001

run --list
ended 0 '--list succeeds'
cases=$(awk '{ print $1 }' "$out")
has "$out" '^query +[a-z]' '--list says what a case is about'

run --quick --json "$json"
ended 0 'all cases work'
# Without emulation there is no trap to measure, and no document of all.
measured=$cases
if grep -Eq '^barspan-bench: trap: (no emulation here|not for this machine)$' "$err"; then
	measured=$(echo "$cases" | grep -vx trap)
fi
bad=0
for name in $measured; do
	grep -q "^| $name |" "$out" || bad=1
done
report "$bad" 'each has rows on stdout'
# shellcheck disable=SC2086 # a list of names
digests 'each has rows in the JSON, which are sane' check "$json" $measured
# shellcheck disable=SC2086 # a list of names
digests_not 'no rows for case nonsense' 'rows that are missing are missed' check "$json" $measured nonsense

digests 'rows become a table' table "$json" direct
has "$out" '^\| read32 main walk \| [0-9.]+ (ns|µs) \| [0-9.]+ (ns|µs) \| [0-9]+\.[0-9]{2} \(' 'the table has units and ratios'
digests "rows become a plot's" rows "$json" range 'read, direct, *' ours '8 bytes each/floor'
has "$out" '^64 B	[0-9.]+	[0-9.]+$' 'the plot has its columns'

sed 's/"ours_ns": [0-9.]*/"ours_ns": -1/' "$json" >"$work/wrong"
# shellcheck disable=SC2086 # a list of names
digests_not 'ours is missing or wrong' 'a negative time is not sane' check "$work/wrong" $measured

# What failed has not changed the document.
status=0
GNUPLOT=nonsense "${SHELL:-sh}" "$plots" "$tree" "$json" >"$out" 2>"$err" || status=$?
bad=0
[ "$status" -eq 1 ] || bad=1
grep -q 'no gnuplot (Debian: gnuplot-nox)' "$err" || bad=1
cmp -s "$tree/doc/performance.md" "${srcdir:-.}/doc/performance.md" || bad=1
report "$bad" 'without gnuplot there are no plots'

plot "$json"
bad=0
if [ "$measured" = "$cases" ]; then
	[ "$status" -eq 0 ] || bad=1
	for name in query direct range map memory; do
		[ -s "$tree/doc/performance-$name.svg" ] || bad=1
	done
else
	[ "$status" -eq 1 ] && grep -q 'no rows for case trap' "$err" || bad=1
fi
report "$bad" 'rows become the document'
cp "$tree/doc/performance.md" "$work/first"
plot "$json"
bad=0
cmp "$work/first" "$tree/doc/performance.md" >>"$err" 2>&1 || bad=1
report "$bad" 'which is the same when they are the same'
finish
