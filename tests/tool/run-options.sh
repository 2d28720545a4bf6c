#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Options of barspan run that imply or exclude others, and SIGPIPE of its command.
. "${srcdir:-.}/tests/tool/program.sh"

driver=$PWD/tests/tool/run-driver
file=$work/report
played=$PWD/tests/tool/.libs/fake-vfio.so

# Runs the driver, which makes five accesses to a hole; the report is in $file.
drive() { # OPTION...
	status=0
	rm -f "$file"
	LD_PRELOAD=$played "$barspan" run "$@" -- "$driver" return >"$out" 2>"$err" </dev/null || status=$?
}

reports() { # ACCESSES
	has "$file" "^barspan: trap report: 1 places, $1 accesses, 0 failed\$" \
		"the report has $1 accesses"
	lacks "$err" 'trap report' 'the report is not on standard error'
}

drive --report "$file"
ended 0 '--report alone: accesses are served'
reports 5
drive -r "$file" --summary
ended 0 '--report with --summary: accesses are served'
reports 5
has "$err" 'summary: 5 accesses' '--report with --summary: the summary is printed'
drive --report="$file" --trap=emulate
ended 0 '--report with --trap=emulate: accesses are served'
reports 5
drive --trap=rescue,emulate --report="$file"
ended 0 '--report after other modes: accesses are served'
reports 5
drive --trap=explain --report="$file"
ended 139 '--report with --trap=explain: the program dies'
reports 1
has "$err" 'region 0.*0x1010' '--report with --trap=explain: the access is explained'
drive --trap=report
ended 139 '--trap=report alone serves nothing'
has "$err" 'trap report: 1 places, 1 accesses' '--trap=report alone writes to standard error'

refuses "^barspan run: --report=$file: --trap=off makes no report; expected another mode or no --report\$" \
	'a report without a trap' run --trap=off --report="$file" true
[ ! -e "$file" ]
report $? 'no file is made'
refuses '^barspan run: --summary: --trap=off counts nothing; expected another mode or no --summary$' \
	'a summary without a trap' run --summary --trap=off true
refuses '^barspan run: --trap=emulate,off: off excludes other modes; expected off alone or no off$' \
	'off with another mode' run --trap=off --trap=emulate true
fails '^barspan: /nowhere/x: cannot open it for the report: ENOENT' \
	'a report that cannot be opened' \
	run --report /nowhere/x true

# The action for SIGPIPE that barspan was given is the command's.
ignores() { # default|ignore OPTION...
	signal=$1
	shift
	env "--$signal-signal=PIPE" "$barspan" run "$@" -- grep '^Sig[IC]' /proc/self/status >"$out" 2>"$err"
	mask=$(sed -n 's/^SigIgn:[[:space:]]*//p' "$out")
	[ $((0x$mask >> 12 & 1)) -eq "$([ "$signal" = ignore ] && echo 1 || echo 0)" ]
	report $? "SIGPIPE, $signal: the command has it so ($*)"
}
ignores default
ignores ignore
ignores default --summary
ignores ignore --summary
status=0
env --default-signal=PIPE "$barspan" run sh -c 'kill -PIPE $$' >"$out" 2>"$err" || status=$?
ended 141 'a command that SIGPIPE ends'
finish
