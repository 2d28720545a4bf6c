#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# barspan demo: its output, and that it reports wrong results.
. "${srcdir:-.}/tests/tool/program.sh"
plan 17

run demo
ended 0 'demo succeeds'
is_empty "$err" 'demo prints no message'
has "$out" ', 0 wrong$' 'demo reports no wrong result'
bad=0
[ "$(grep -c '^  \[ok\] ' "$out")" -ge 13 ] || bad=1
report $bad 'demo makes at least 13 checks'
has "$out" '#\.+ sparse \.+#' 'demo prints the picture'
bad=0
[ "$(grep -c '^  [0-9a-f]*-[0-9a-f]* rw-s .*memfd:barspan-soft' "$out")" -eq 2 ] || bad=1
report $bad 'demo prints the two areas from /proc/self/maps'
has "$out" '^  [0-9a-f]+-[0-9a-f]+ ---p ' 'demo prints the hole from /proc/self/maps'
has "$out" 'wrote 0xba500003 at 0x[0-9a-f]+; the device has 0xba500003' \
	'demo prints the value and the offset of a write'
has "$out" "the driver's accesses trapped 0 times" 'direct accesses are not trapped'
has "$out" 'trapped so far: .* 1 writes  after a write to the hole' 'a write to the hole is counted'
has "$out" 'maps has 0 lines' 'the span is unmapped'

is_wrong() { # LIE REGEX DESCRIPTION
	if ! find_lie; then
		skip "$3: status" 'no library can be preloaded'
		skip "$3: the wrong check is named" 'no library can be preloaded'
		return
	fi
	run_lying "$1" demo
	ended 1 "$3: status"
	has "$out" "$2" "$3: the wrong check is named"
}
is_wrong pread '\[WRONG\].* registers are where' 'a device with other values'
is_wrong munmap '\[WRONG\].* lines of' 'a span that is not unmapped'

fails_with() { # LIE REGEX DESCRIPTION
	if ! find_lie; then
		skip "$3" 'no library can be preloaded'
		return
	fi
	run_lying "$1" demo
	bad=0
	[ "$status" -eq 1 ] || bad=1
	grep -Eq "$2" "$err" || bad=1
	grep -q 'checks, 0 wrong' "$out" && bad=1
	report $bad "$3"
}
fails_with mmap '^barspan: software device region 0: cannot map: EPERM' \
	'areas that cannot be mapped'
fails_with memfd_create '^barspan: software device: cannot open: EMFILE' 'no free descriptor'
finish
