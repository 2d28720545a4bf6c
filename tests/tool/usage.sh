#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# The command line: help, versions, and usage errors.
. "${srcdir:-.}/tests/tool/program.sh"
# One more test without shared libraries.
if [ -e .libs/libbarspan.so ]; then plan 49; else plan 50; fi

run --help
ended 0 '--help succeeds'
for command in show query read write dump demo; do
	has "$out" "^ +$command " "--help names $command"
done
run --version
ended 0 '--version succeeds'
has "$out" '^barspan [0-9]+\.[0-9]+\.[0-9]+$' '--version prints it'
for command in show query read write dump demo; do
	run "$command" --help
	has "$out" "^Usage: barspan $command " "$command --help"
	run "$command" --version
	has "$out" '^barspan [0-9]+\.[0-9]+\.[0-9]+$' "$command --version"
done

refuses 'COMMAND is missing' 'no command'
refuses "COMMAND 'shw': no such command; expected show, " 'an unknown command' shw
refuses 'bogus' 'an unknown option' --bogus
refuses 'bogus' 'an unknown option of a command' show --bogus "$sparse"
refuses 'DEVICE is missing' 'show without a device' show
refuses "'x': one argument too many" 'show with an extra argument' show "$sparse" x
refuses "REGION 'x': no such region; expected BAR0-BAR5, ROM, CONFIG or a number" \
	'show with an invalid region' \
	show --region x "$sparse"
refuses 'REGION is missing' 'query without a region' query "$sparse"
refuses 'OFFSET is missing' 'query without an offset' query "$sparse" 0
refuses "LENGTH '0': zero; expected at least 1" 'query of length 0' query "$sparse" 0 0 0
refuses "'5': one argument too many; expected DEVICE REGION OFFSET" 'query with an extra argument' \
	query "$sparse" 0 0 4 5
refuses 'OFFSET is missing' 'read without an offset' read "$sparse" 0
refuses 'VALUE is missing' 'write without a value' write "$sparse" 0 0
refuses 'LENGTH is missing' 'dump without a length' dump --yes "$sparse" 0 0
refuses "'x': one argument too many" 'demo with an extra argument' demo x

refuses "DEVICE 'nonsense': not a device; expected a PCI address .*soft:LAYOUT" \
	'an invalid device' \
	show nonsense
refuses "DEVICE '0000:01:00.9'" 'an invalid PCI address' show 0000:01:00.9
refuses "DEVICE 'soft:'.*size" 'a layout without a size' show soft:
refuses "DEVICE .*area '0x1000'" 'an area without a length' show soft:0x4000:0x1000
refuses "DEVICE .*offset 'z'" 'an area with a bad offset' show soft:0x4000:z+1
refuses "DEVICE .*64 bits" 'a size of more than 64 bits' show soft:99999999999999999999
refuses "OFFSET '12q': not a number; expected decimal" 'an offset that is not a number' \
	read "$sparse" 0 12q
refuses "OFFSET '16777216T': too large; expected at most 64 bits" 'an offset that overflows' \
	read "$sparse" 0 16777216T
refuses "OFFSET '-1': negative; expected" 'a negative offset' read -- "$sparse" 0 -1

fails '^barspan: .*ENODEV' 'a missing PCI device' show ffff:ff:1f.7
fails 'EFBIG|EINVAL|ENOMEM' 'a region larger than the largest memory file' \
	show soft:0xffffffffffffffff
fails 'region 5.*ENOENT' 'a missing region' query "$sparse" 5 0
fails 'region 0.*ENOENT' 'a region of size 0' query 'soft:0;4K' 0 0
if [ ! -e .libs/libbarspan.so ]; then
	fails 'built without shared libraries' 'run without an object to preload' run true
fi
finish
