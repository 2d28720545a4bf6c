#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# barspan demo: that it shows things, and that it would say so if they were wrong.
. "${srcdir:-.}/tests/tool/program.sh"
plan 17

run demo
ended 0 'all is as it should be'
is_empty "$err" 'without a message'
has "$out" ', 0 wrong$' 'it says so'
bad=0
[ "$(grep -c '^  \[ok\] ' "$out")" -ge 13 ] || bad=1
report $bad 'it checks what it shows'
has "$out" '#\.+ sparse \.+#' 'the picture'
bad=0
[ "$(grep -c '^  [0-9a-f]*-[0-9a-f]* rw-s .*memfd:barspan-soft' "$out")" -eq 2 ] || bad=1
report $bad 'the lines of the two areas in /proc/self/maps'
has "$out" '^  [0-9a-f]+-[0-9a-f]+ ---p ' 'the line of the hole'
has "$out" 'wrote 0xba500003 at 0x[0-9a-f]+; the device has 0xba500003' 'what the driver wrote where'
has "$out" "the driver's accesses trapped 0 times" 'without a trap'
has "$out" 'trapped so far: .* 1 writes  after a write to the hole' 'the counter goes up'
has "$out" 'maps has 0 lines' 'the span is gone'

is_wrong() { # LIE REGEX DESCRIPTION
	if ! find_lie; then
		skip "$3: status" 'nothing can be preloaded'
		skip "$3: what is wrong" 'nothing can be preloaded'
		return
	fi
	run_lying "$1" demo
	ended 1 "$3: status"
	has "$out" "$2" "$3: what is wrong"
}
is_wrong pread '\[WRONG\].* registers are where' 'a device that has other values'
is_wrong munmap '\[WRONG\].* lines of' 'a span that stays'

fails_with() { # LIE REGEX DESCRIPTION
	if ! find_lie; then
		skip "$3" 'nothing can be preloaded'
		return
	fi
	run_lying "$1" demo
	bad=0
	[ "$status" -eq 1 ] || bad=1
	grep -Eq "$2" "$err" || bad=1
	grep -q 'checks, 0 wrong' "$out" && bad=1
	report $bad "$3"
}
fails_with mmap '^barspan: software device region 0: cannot map: EPERM' 'areas that cannot be mapped'
fails_with memfd_create '^barspan: software device: cannot open: EMFILE' 'no descriptor to be had'
finish
