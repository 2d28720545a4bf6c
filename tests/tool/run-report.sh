#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# barspan run writes its report in whichever way the program ends.
. "${srcdir:-.}/tests/tool/program.sh"

top=$PWD
driver=$PWD/tests/tool/run-driver
file=$work/report
played=$PWD/tests/tool/.libs/fake-vfio.so

# Runs the driver. The report is in $file.
drive() { # WAY...
	status=0
	rm -f "$file"
	LD_PRELOAD=$played "$barspan" run --trap=emulate,report --report="$file" -- "$driver" "$@" \
		>"$out" 2>"$err" </dev/null || status=$?
}

counts() { # NUMBER DESCRIPTION
	bad=0
	grep -q "^barspan: trap report: [0-9]* places, $1 accesses, 0 failed\$" "$file" || bad=1
	[ "$bad" -eq 0 ] || cat "$file" >>"$err"
	report "$bad" "$2"
}

ends() { # STATUS ACCESSES WAY...
	wanted=$1 accesses=$2
	shift 2
	drive "$@"
	ended "$wanted" "$*: exit status $wanted"
	counts "$accesses" "$*: $accesses accesses are in the report"
}

ends 0 5 return
ends 7 5 _exit
ends 134 5 abort
ends 139 5 fault
ends 143 5 kill 15
ends 137 5 kill 9
ends 0 10 exec
ends 0 10 close
ends 0 20 fork
if [ "$(id -u)" -eq 0 ]; then
	chmod 755 "$work"
	ends 0 10 user
else
	skip "user" "not root"
fi

drive fork
has "$file" "^barspan: process [0-9]+ $driver: 1 places, 5 accesses\$" 'each process has a heading'
[ "$(grep -c '^barspan: process ' "$file")" -eq 4 ]
report $? 'four processes have four headings'
has "$file" "^5 write 4 .* region 0 offset 0x1010 $driver\+0x[0-9a-f]+" \
	'each line names the instruction'
if grep -q '^LIBDW_CPPFLAGS = -DHAVE_LIBDW' Makefile; then
	line=$(grep -n 'HOLE + 0x10' "${srcdir:-.}/tests/tool/run-driver.c" | cut -d : -f 1)
	has "$file" " touch_hole\+0x[0-9a-f]+ .*run-driver\.c:$line\$" \
		'each line names the function and the source line'
else
	skip 'each line names the function and the source line' 'built without libdw'
fi

# A relative file name is relative to the folder in which barspan was started.
status=0
(cd "$work" && LD_PRELOAD=$played "$top/$barspan" run --trap=emulate,report --report=relative -- \
	sh -c "cd /; exec $driver return") >"$out" 2>"$err" || status=$?
ended 0 'a program that changes its folder succeeds'
has "$work/relative" 'report: 1 places, 5 accesses' \
	'the report is in the folder in which barspan was started'

drive daemon "$work/go"
ended 0 'barspan does not wait for a daemon'
counts 5 'the report has the counts until then'
: >"$work/go"
for _ in $(seq 100); do
	grep -q ' 10 accesses' "$file" && break
	sleep 0.1
done
counts 10 "the report has all counts when the daemon has ended"

LD_PRELOAD=$played "$barspan" run -- "$driver" list </dev/null 2>"$err" | sort >"$work/before"
drive list
sort "$out" | cmp - "$work/before" 2>>"$err"
report $? 'run adds no descriptor with a low number'
for seed in 0 255 1; do
	drive scribble $seed
	ended 0 "overwritten counts (with $seed) do no harm"
	has "$file" '^barspan: trap report: ' 'a report is written from overwritten counts'
done

status=0
LD_PRELOAD=$played "$barspan" run --trap=report --report="$file" -- "$driver" return \
	>"$out" 2>"$err" || status=$?
ended 139 'without emulation an access to a hole kills the program'
counts 1 'the access that kills the program is in the report'
lacks "$err" 'trap report' 'a report with a file is not on standard error'

status=0
LD_PRELOAD=$played "$barspan" run --trap=emulate,report -- "$driver" return \
	>"$out" 2>"$err" || status=$?
has "$err" 'trap report: 1 places, 5 accesses' 'the report goes to standard error by default'
status=0
LD_PRELOAD=$played "$barspan" run --summary -- "$driver" _exit >"$out" 2>"$err" || status=$?
ended 7 '--summary passes the status on'
has "$err" \
	'^barspan: summary: 5 accesses, 1 places, 0 failed, 0 rescued, [0-9]+\.[0-9]{3} ms in the trap$' \
	'--summary prints the counts'
lacks "$err" ' 0\.000 ms' '--summary prints the time in the trap'
[ "$(wc -l <"$err")" -eq 1 ]
report $? '--summary prints one line'

refuses '--report=x: --trap=off makes no report' '--report with --trap=off' \
	run --trap=off --report=x true
refuses 'summary: --trap=off counts nothing' '--summary without a trap' \
	run --trap=off --summary true
fails '/nowhere/file.*ENOENT' 'a report that cannot be written' \
	run --trap=report --report=/nowhere/file true
plan "$count"
finish
