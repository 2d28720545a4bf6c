#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# SIGPIPE of the command of barspan run.
. "${srcdir:-.}/tests/tool/program.sh"

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
