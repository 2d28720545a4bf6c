#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Each way to ask for help, and usage errors that name the value and the values that are expected.
. "${srcdir:-.}/tests/tool/program.sh"

# The same text, on standard output, with status 0.
prints_help() { # HEADING ARGUMENT...
	heading=$1
	shift
	run "$@"
	bad=0
	[ "$status" -eq 0 ] || bad=1
	[ ! -s "$err" ] || bad=1
	grep -q "^Usage: $heading" "$out" || bad=1
	[ -e "$work/help" ] || cp "$out" "$work/help"
	cmp "$out" "$work/help" || bad=1
	report $bad "'$*' prints the help"
}

for way in --help '-?' -h help 'help --' '-h show'; do
	# shellcheck disable=SC2086 # words
	prints_help 'barspan \[OPTION' $way
done
for command in show query read write dump demo run help; do
	has "$work/help" "^  $command  " "the help names $command"
done
commands=$(sed -n '/^Commands:/,/^$/s/^  \([a-z]*\) .*/\1/p' "$work/help")
for command in $commands; do
	rm -f "$work/help"
	prints_help "barspan $command \[OPTION" help "$command"
	prints_help "barspan $command \[OPTION" "$command" --help
	prints_help "barspan $command \[OPTION" "$command" -h
	prints_help "barspan $command \[OPTION" "$command" '-?'
	has "$work/help" '^  -h, -\?, --help  ' "the help of $command names -h"
	run "$command" --usage
	has "$out" "^Usage: barspan $command " "$command --usage"
done

every='show, query, read, write, dump, demo, run or help'
refuses "^barspan help: COMMAND 'shw': no such command; expected $every" \
	'help of an unknown command' help shw
refuses "^barspan help: 'read': one argument too many; expected \[COMMAND\]" \
	'help of two commands' help show read
refuses "^barspan: COMMAND 'shw': no such command; expected $every" 'an unknown command' shw
refuses "^barspan: COMMAND is missing; expected $every" 'no command'
refuses "^barspan demo: 'x': one argument too many; expected none" 'an argument of demo' demo x
refuses "^barspan show: DEVICE is missing; expected DEVICE" 'no device' show
refuses "^barspan query: OFFSET is missing; expected DEVICE REGION OFFSET" 'no offset' \
	query "$sparse" 0
refuses "^barspan run: COMMAND is missing; expected .*COMMAND \[ARG" 'nothing to run' run

region='no such region; expected BAR0-BAR5, ROM, CONFIG or a number$'
number='not a number; expected decimal, or hex after 0x, with K, M, G or T for powers of 1024$'
refuses "^barspan query: REGION 'BAR9': $region" 'a region that PCI does not have' query "$sparse" \
	BAR9 0
refuses "^barspan show: REGION 'x': $region" 'the region of an option' show --region=x "$sparse"
refuses "^barspan read: OFFSET '4KB': $number" 'a number with a wrong suffix' read "$sparse" 0 4KB
refuses "^barspan dump: LENGTH '1e3': $number" 'a number with an exponent' dump -y "$sparse" 0 0 1e3
refuses "^barspan write: VALUE '65536': too large; expected at most 0xffff, 16 bits$" \
	'a value of 17 bits' \
	write "$sparse" 0 0 16 65536
refuses "^barspan show: DEVICE 'soft:4K@rx': access 'rx': unknown letter; expected r, w and m$" \
	'an access' \
	show soft:4K@rx
refuses "^barspan show: DEVICE 'soft:4K;q': size 'q': $number" 'a size' show 'soft:4K;q'

modes='expected emulate, report, explain, rescue or off$'
refuses "^barspan run: --trap=emulate,all: 'all' is not a mode; $modes" 'an unknown mode' \
	run --trap=emulate,all true
refuses "^barspan run: --trap=: '' is not a mode; $modes" 'no mode' run --trap= true
refuses '^barspan run: --sparse=some: expected hide or show$' 'an unknown word for --sparse' \
	run --sparse=some true
refuses '^barspan run: --log=loud: expected error, warning or info$' 'an unknown level' \
	run --log=loud true
finish
