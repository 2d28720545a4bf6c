#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Drivers without any knowledge of libbarspan, under barspan run.
set -u

driver=tests/tool/legacy-driver
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
. "${srcdir:-.}/tests/support/tap.sh"

explain() {
	cat "$scratch/out"
}

# Runs barspan run with the simulated device. All output goes to $scratch/out.
run() { # ARGUMENT...
	LD_PRELOAD=$PWD/tests/tool/.libs/fake-vfio.so ./barspan run "$@" >"$scratch/out" 2>&1
}

expect() { # STATUS DESCRIPTION ARGUMENT...
	wanted=$1 description=$2
	shift 2
	run "$@"
	status=$?
	[ "$status" -eq "$wanted" ]
	report $? "$description: exit status $status"
}

holds() { # FILE PATTERN DESCRIPTION
	grep -qE "$2" "$1"
	report $? "$3"
}

empty() { # FILE DESCRIPTION
	[ ! -s "$1" ]
	report $? "$2"
}

expect 0 "holes are emulated" -- "$driver"
[ "$(cat "$scratch/out")" = ok ]
report $? "barspan run prints nothing"

expect 0 "accesses to holes are reported" \
	--trap=emulate,report --report="$scratch/report" -- "$driver"
[ "$(cat "$scratch/out")" = ok ]
report $? "the report goes only to its file"
holds "$scratch/report" '^ *[0-9]+ write 4 .* region 0 offset 0x1010 .*legacy-driver\+0x' \
	"stores are in the report"
holds "$scratch/report" '^ *[0-9]+ read 4 .* region 0 offset 0x2424 .*legacy-driver\+0x' \
	"loads are in the report"
grep -q 'offset 0x4 ' "$scratch/report"
report $((!$?)) "accesses to direct registers are not in the report"

expect 0 "a report without a file" --trap=emulate,report -- "$driver"
holds "$scratch/out" 'write 4 .*offset 0x1010' "the report goes to standard error by default"

expect 0 "a shell may start the drivers" --trap=emulate,report --report="$scratch/report" -- \
	/bin/sh -c "$driver; $driver; true"
[ "$(grep -c "^barspan: process [0-9]* .*/$driver: [1-9]" "$scratch/report")" -eq 2 ]
report $? "each process is in the report"

expect 0 "a driver may map memory over a part of a BAR" -- "$driver" over

expect 42 "the program's handler gets faults outside the spans" -- "$driver" handler

expect 139 "without emulation the program dies" --trap=explain -- \
	/bin/sh -c "exec $PWD/$driver; true"
holds "$scratch/out" 'region 0.*0x1010.*(sparse|advertise).*barspan_' "one line explains the death"
expect 139 "the trap can be turned off" --trap=off -- /bin/sh -c "exec $PWD/$driver; true"
grep -q barspan "$scratch/out"
report $((!$?)) "without the trap nothing is printed"
expect 0 "a program that touches no hole needs no trap" --trap=off -- "$driver" direct

tells() { # DESCRIPTION LINE
	grep -qx "$2" "$scratch/out"
	report $? "$1"
}

places=tests/tool/placing-driver
expect 0 "the areas are hidden from a driver that maps areas" -- "$places" vfio
tells "without the capability, the first answer is the last" 'asked 1:'
expect 0 "the areas are hidden from a driver that passes enough room" -- "$places" vfio 4096
tells "with enough room, there is no capability" 'asked 1:'
expect 0 "other capabilities are not hidden" -- "$places" vfio-two
tells "a driver finds other capabilities by asking twice" 'asked 2: 3 30583'
expect 0 "other capabilities are not hidden from a driver that passes enough room" \
	-- "$places" vfio-two 4096
tells "a driver with enough room finds them at once" 'asked 1: 3 30583'
expect 0 "the areas are hidden under a filter of system calls" -- "$places" vfio 32 confined
tells "under the filter, the first answer is the last" 'asked 1:'
expect 0 "other capabilities are not hidden under the filter" -- "$places" vfio-two 32 confined
tells "under the filter, a driver finds them by asking twice" 'asked 2: 3 30583'
expect 139 "--sparse=show shows the areas" --sparse=show -- \
	/bin/sh -c "exec $PWD/$places vfio; true"
tells "a driver finds the areas by asking twice" 'asked 2: 1'
expect 2 "--sparse with another word" --sparse=some -- /bin/true

# refuses_variable VARIABLE=VALUE EXPECTED: the preloaded object alone, without barspan run.
refuses_variable() {
	env "$1" LD_PRELOAD="$PWD/.libs/libbarspan-preload.so" /bin/echo begun >"$scratch/out" 2>&1
	[ $? -eq 2 ] && [ "$(cat "$scratch/out")" = "barspan: $1: expected $2" ]
	report $? "$1 ends the program before it begins, with the expected words"
}

refuses_variable BARSPAN_TRAP=emulate,foo 'off, or some of explain, emulate, report and rescue with commas'
refuses_variable BARSPAN_SPARSE=some 'hide or show'
refuses_variable BARSPAN_LOG=loud 'error, warning or info'

./barspan run -- tests/tool/confined >"$scratch/out" 2>&1
report $? "the preloaded object adds no system call to a program without a device"
[ "$(cat "$scratch/out")" = ok ]
report $? "a program without a device ends by itself"

for way in close directory range from from-alone dup2 child; do
	expect 0 "the library keeps its descriptors: $way" -- tests/tool/descriptors "$way"
done

expect 139 "a daemon's death is explained" --trap=explain -- /bin/sh -c \
	"exec $PWD/tests/tool/descriptors close $scratch/database; true"
holds "$scratch/out" 'region 0.*0x1000.*barspan_' \
	"the explanation goes to the original standard error"
empty "$scratch/database" "the explanation is not in the daemon's database"

for way in masks old-masks threads waits fork contexts; do
	expect 0 "holes are served while signals are blocked: $way" -- tests/tool/masks "$way"
done
expect 0 "a driver may inherit blocked signals" -- env --block-signal=SEGV "$driver"
LD_PRELOAD=$PWD/tests/tool/.libs/fake-vfio.so \
	env --block-signal=SEGV,BUS ./barspan run -- "$driver" >"$scratch/out" 2>&1
report $? "barspan run may inherit blocked signals"
for way in handlers jumps sent setters; do
	expect 0 "holes are served beside the program's handlers: $way" -- tests/tool/handlers "$way"
done
expect 139 "a fault with its signal blocked kills the program" -- \
	/bin/sh -c "exec $PWD/tests/tool/handlers die-blocked; true"
expect 139 "a fault in the program's handler kills the program" -- \
	/bin/sh -c "exec $PWD/tests/tool/handlers die-in-handler; true"
run -- tests/tool/handlers replace
[ "$(grep -c "replaced the trap's handler for SIGSEGV" "$scratch/out")" -eq 1 ]
report $? "a replaced handler is reported once"

expect 135 "without rescue the removal of a device kills the program" -- \
	/bin/sh -c "exec $PWD/$driver lost; true"
expect 0 "with rescue the program continues" --trap=emulate,rescue -- "$driver" lost
holds "$scratch/out" 'region 0 offset 0x0: mapped, but faults \(SIGBUS\)' \
	"one line reports the rescue"
[ "$(grep -c . "$scratch/out")" -eq 2 ]
report $? "barspan run prints nothing else"
expect 0 "rescues are counted" --trap=emulate,rescue --summary -- "$driver" lost
holds "$scratch/out" 'summary: .* 0 failed, [1-9][0-9]* rescued' \
	"the summary has the number of rescues"

expect 0 "--log=info succeeds" --log=info -- "$driver" direct
holds "$scratch/out" '^barspan: vfio fd [0-9]+ region 0: 0x4000 bytes' \
	"--log=info prints messages of the library"

expect 0 "a program without a device succeeds" -- /bin/echo hello
[ "$(cat "$scratch/out")" = hello ]
report $? "the output is the program's"
expect 3 "the exit status is the program's" -- /bin/sh -c 'exit 3'
expect 127 "a missing program" -- /nowhere/driver
expect 127 "a name that is not in PATH" -- no-such-driver-anywhere
expect 126 "a file that is not executable" -- /etc/passwd
expect 2 "an unknown mode" --trap=everything -- /bin/true
holds "$scratch/out" 'trap=everything' "the message names the mode"
expect 2 "an unknown log level" --log=loud -- /bin/true
expect 2 "no command"
expect 1 "a static program is refused" -- "$PWD/tests/tool/static-program"
holds "$scratch/out" 'linked statically' "the message says why"

finish
