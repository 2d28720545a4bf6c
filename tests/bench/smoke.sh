#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# barspan-bench works, and its rows are plausible. The figures are not tested.
. "${srcdir:-.}/tests/tool/program.sh"
plan 11

barspan=./tests/bench/barspan-bench
json=$work/json
# argp's EX_USAGE
wrong_usage=64

# Reads the table, whose floor and ratio are "-" if there is no floor:
find_wrong_rows() {
	awk -F ' *[|] *' '
	function is_time(text) {
		return text ~ /^[0-9]+(\.[0-9]+)?$/ && (text > 0 || bytes)
	}
	NR <= 2 { next }
	{
		bytes = $2 == "memory"
		wrong = NF < 7 || $3 == "" || !is_time($4)
		if ($5 == "-") {
			wrong = wrong || $6 != "-"
		} else {
			n = split($6, ratio, /[ ()-]+/)
			wrong = wrong || !is_time($5) || n < 3
			wrong = wrong || ratio[2] + 0 > ratio[1] + 0 || ratio[1] + 0 > ratio[3] + 0
		}
		n = split($7, peers, /, */)
		for (i = 1; i <= n; i++)
			wrong = wrong || peers[i] !~ /: not available$| [0-9]+(\.[0-9]+)?$/
	}
	wrong { print }'
}

# Makes arguments of json-check from a table: the JSON has the same rows in the
# same order.
expect_rows() {
	awk -F ' *[|] *' '
	NR <= 2 { next }
	{
		row = NR - 3
		printf "%d.case=%s\n%d.parameters=%s\n", row, $2, row, $3
		printf "%d.ours_quartiles.#=2\n", row
		printf "%d.peers.#=%d\n", row, $7 == "" ? 0 : split($7, peers, /, */)
		if ($5 != "-")
			printf "%d.ratio_quartiles.#=2\n", row
	}
	END { printf "#=%d\n", NR - 2 }'
}

refuses "no case 'nonsense'" 'an unknown case' nonsense
refuses "'0' is not a number" '0 rounds' --rounds 0
refuses "'3x' is not a number" 'a number of rounds that is not a number' --rounds 3x
refuses "'10001' is not a number" 'too many rounds' --rounds 10001

run --list
ended 0 '--list succeeds'
cases=$(awk '{ print $1 }' "$out")
has "$out" '^query +[a-z]' '--list says what a case is about'

run --quick --json "$json"
ended 0 'all cases work'
# Without emulation there is no trap to measure.
measured=$cases
if grep -Eq '^barspan-bench: trap: (no emulation here|not for this machine)$' "$err"; then
	measured=$(echo "$cases" | grep -vx trap)
fi
bad=0
for name in $measured; do
	grep -q "^| $name |" "$out" || bad=1
done
report "$bad" 'every case has rows'

wrong=$(find_wrong_rows <"$out")
[ -z "$wrong" ]
report $? 'the rows are plausible' "$wrong"
{
	cat "$out"
	echo '| direct | nonsense | -1.00 | 0.47 | 1.15 (1.12-1.48) | |'
	echo '| direct | nonsense | 1.00 | 0.47 | 1.15 (1.18-1.48) | |'
} >"$work/implausible"
wrong=$(find_wrong_rows <"$work/implausible" | grep -c nonsense)
[ "$wrong" -eq 2 ]
report $? 'implausible rows are found'

expect_rows <"$out" >"$work/expected"
tr '\n' '\0' <"$work/expected" | xargs -0 "$json_check" "$json" >"$work/answer"
report $? 'the JSON has the same rows' "$(cat "$work/answer")"
finish
