#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# The examples in Python, with the shared library that was just built: the program for ctypes, and the one for cffi in
# barspan-bindings(7). Prints TAP; runs in the build folder.
set -u
: "${srcdir:=.}"
work=$(pwd)/doc/check-bindings.tmp
example=$srcdir/doc/examples/registers.py
. "$srcdir/tests/support/tap.sh"

# run STATUS [ARGUMENT...]: leaves the output of both streams in `output`.
run()
{
	wanted=$1
	shift
	output=$(python3 -B "$example" "$@" 2>&1)
	status=$?
	[ "$status" -eq "$wanted" ]
	report $? "registers.py $* exits with $wanted" "$status: $output"
}

# prints LINE: the last run printed this line.
prints()
{
	echo "$output" | grep -q -x -F -e "$1"
	report $? "registers.py prints '$1'" "$output"
}

# The extents depend on the size of pages.
try_extents()
{
	run 0
	[ "$(getconf PAGESIZE)" -eq 4096 ] || return
	printf '%s\n' '0x00000000 + 0x1000 direct' '0x00001000 + 0x2000 sparse' '0x00003000 + 0x1000 direct' |
		cmp -s - "$work/extents"
	report $? "registers.py prints three extents" "$output"
	run 0 '' 0 0x3004 7
	prints 'register 0x3004 is 0x00000007, direct'
}

try_registers()
{
	run 0 '' 0 0x1000 0x12345678
	prints 'register 0x1000 is 0x12345678, hole'
	run 0 '' 0 0x2000
	prints 'register 0x2000 is 0x00000000, hole'
}

# Each error is an exception, which the program prints.
try_errors()
{
	run 1 '' 0 0x4000
	prints "registers.py: [Errno 34] Numerical result out of range: 'barspan_try_read32'"
	run 1 '' 0 0x4000 1
	prints "registers.py: [Errno 34] Numerical result out of range: 'offset 0x4000'"
	run 1 '' 1
	prints "registers.py: [Errno 2] No such file or directory: 'barspan_map'"
	run 1 nonsense
	prints "registers.py: [Errno 22] Invalid argument: 'barspan_device_open_pci'"
	echo "$output" | grep -q '^registers.py: nonsense: not a PCI address'
	report $? "registers.py prints the library's message" "$output"
	run 1 '' 0 0 0 0
	prints 'usage: registers.py [PCI-ADDRESS [REGION [OFFSET [VALUE]]]]'
}

try_cffi()
{
	awk -v name=registers-cffi.py -f "$srcdir/doc/snippet.awk" "$srcdir/doc/barspan-bindings.7" >"$work/registers-cffi.py"
	report $? "the page has registers-cffi.py"
	python3 -c 'import cffi' 2>/dev/null || { skip "registers-cffi.py" "no cffi"; return; }
	output=$(python3 -B "$work/registers-cffi.py" 2>&1)
	[ "$output" = '0x12345678 hole' ]
	report $? "registers-cffi.py writes and reads a register in a hole" "$output"
}

[ -e .libs/libbarspan.so.0 ] || skip_all 'no shared library'
command -v python3 >/dev/null || skip_all 'no python3'
LD_LIBRARY_PATH=$(pwd)/.libs
LC_ALL=C
export LD_LIBRARY_PATH LC_ALL
rm -rf "$work"
mkdir -p "$work"
trap 'rm -rf "$work"' EXIT
python3 -B "$example" >"$work/extents"
try_extents
try_registers
try_errors
try_cffi
finish
