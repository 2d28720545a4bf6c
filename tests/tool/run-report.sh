#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# barspan run writes its report however the program ends.
. "${srcdir:-.}/tests/tool/program.sh"

top=$PWD
driver=$PWD/tests/tool/run-driver
file=$work/report
played=$PWD/tests/tool/.libs/fake-vfio.so

# Runs the driver; the report is in $file.
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
report $? 'one for each process'
has "$file" "^5 write 4 .* region 0 offset 0x1010 $driver\+0x[0-9a-f]+" 'a line names the instruction'
if grep -q '^LIBDW_CPPFLAGS = -DHAVE_LIBDW' Makefile; then
	line=$(grep -n 'HOLE + 0x10' "${srcdir:-.}/tests/tool/run-driver.c" | cut -d : -f 1)
	has "$file" " touch_hole\+0x[0-9a-f]+ .*run-driver\.c:$line\$" 'and function and source line'
else
	skip 'and function and source line' 'built without libdw'
fi

# A relative name means the folder that barspan was started in.
status=0
(cd "$work" && LD_PRELOAD=$played "$top/$barspan" run --trap=emulate,report --report=relative -- \
	sh -c "cd /; exec $driver return") >"$out" 2>"$err" || status=$?
ended 0 'a program that changes its folder'
has "$work/relative" 'report: 1 places, 5 accesses' 'the report is where it was asked for'

drive daemon "$work/go"
ended 0 'a daemon does not keep barspan'
counts 5 'the report has what was counted until then'
: >"$work/go"
for _ in $(seq 100); do
	grep -q ' 10 accesses' "$file" && break
	sleep 0.1
done
counts 10 "and all of it at the daemon's end"

LD_PRELOAD=$played "$barspan" run -- "$driver" list </dev/null 2>"$err" | sort >"$work/before"
drive list
sort "$out" | cmp - "$work/before" 2>>"$err"
report $? 'no descriptor with a low number is added'
for seed in 0 255 1; do
	drive scribble $seed
	ended 0 "counts that are overwritten (with $seed) harm nobody"
	has "$file" '^barspan: trap report: ' 'there is a report'
done

status=0
LD_PRELOAD=$played "$barspan" run --trap=report --report="$file" -- "$driver" return >"$out" 2>"$err" || status=$?
ended 139 'a program that dies of an access to a hole'
counts 1 'the access is in the report'
lacks "$err" 'trap report' 'and not on standard error'

status=0
LD_PRELOAD=$played "$barspan" run --trap=emulate,report -- "$driver" return >"$out" 2>"$err" || status=$?
has "$err" 'trap report: 1 places, 5 accesses' 'the report goes to standard error otherwise'
status=0
LD_PRELOAD=$played "$barspan" run --summary -- "$driver" _exit >"$out" 2>"$err" || status=$?
ended 7 '--summary passes the status on'
has "$err" '^barspan: summary: 5 accesses, 1 places, 0 failed, 0 rescued, [0-9]+\.[0-9]{3} ms in the trap$' \
	'it prints one line'
lacks "$err" ' 0\.000 ms' 'time is taken'
[ "$(wc -l <"$err")" -eq 1 ]
report $? 'and nothing else'

refuses '--report=x: --trap=off makes no report' 'a report that is not made' run --trap=off --report=x true
refuses 'summary: --trap=off counts nothing' 'a summary of nothing' run --trap=off --summary true
fails '/nowhere/file.*ENOENT' 'a report that cannot be written' run --trap=report --report=/nowhere/file true
plan "$count"
finish
