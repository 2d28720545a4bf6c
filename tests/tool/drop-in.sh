#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# A driver that knows nothing of libbarspan, under barspan run.
set -u

driver=tests/tool/legacy-driver
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
. "${srcdir:-.}/tests/support/tap.sh"

explain() {
	cat "$scratch/out"
}

# Runs barspan run with the played device; what is printed goes to a file.
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
report $? "nothing is printed but by the program"

expect 0 "and reported" --trap=emulate,report --report="$scratch/report" -- "$driver"
[ "$(cat "$scratch/out")" = ok ]
report $? "the report is in its file alone"
holds "$scratch/report" '^ *[0-9]+ write 4 .* region 0 offset 0x1010 .*legacy-driver\+0x' "stores are in it"
holds "$scratch/report" '^ *[0-9]+ read 4 .* region 0 offset 0x2424 .*legacy-driver\+0x' "loads are in it"
grep -q 'offset 0x4 ' "$scratch/report"
report $((!$?)) "direct registers are not"

expect 0 "the report goes to standard error otherwise" --trap=emulate,report -- "$driver"
holds "$scratch/out" 'write 4 .*offset 0x1010' "the report is there"

expect 0 "a shell may be in between" --trap=emulate,report --report="$scratch/report" -- /bin/sh -c "$driver; $driver; true"
[ "$(grep -c "^barspan: process [0-9]* .*/$driver: [1-9]" "$scratch/report")" -eq 2 ]
report $? "each process is in the report"

expect 0 "memory may be mapped over a part of a BAR" -- "$driver" over

expect 42 "the program's handler gets what is not the trap's" -- "$driver" handler

expect 139 "without emulation the program dies" --trap=explain -- /bin/sh -c "exec $PWD/$driver; true"
holds "$scratch/out" 'region 0.*0x1010.*(sparse|advertise).*barspan_' "one line says why"
expect 139 "the trap can be off" --trap=off -- /bin/sh -c "exec $PWD/$driver; true"
grep -q barspan "$scratch/out"
report $((!$?)) "then nothing is said"
expect 0 "a program that touches no hole needs no trap" --trap=off -- "$driver" direct

tells() { # DESCRIPTION LINE
	grep -qx "$2" "$scratch/out"
	report $? "$1"
}

places=tests/tool/placing-driver
expect 0 "a driver that places areas itself is not told of them" -- "$places" vfio
tells "without the capability, the first answer is the last" 'asked 1:'
expect 0 "also with room for all of it" -- "$places" vfio 4096
tells "there is no capability" 'asked 1:'
expect 0 "other capabilities stay" -- "$places" vfio-two
tells "they are found by asking twice" 'asked 2: 3 30583'
expect 0 "also with room for all of them" -- "$places" vfio-two 4096
tells "they are found at once" 'asked 1: 3 30583'
expect 0 "also if system calls are filtered" -- "$places" vfio 32 confined
tells "without the capability, the first answer is the last" 'asked 1:'
expect 0 "and there are others" -- "$places" vfio-two 32 confined
tells "they are found by asking twice" 'asked 2: 3 30583'
expect 139 "a driver may be told" --sparse=show -- /bin/sh -c "exec $PWD/$places vfio; true"
tells "it finds the areas by asking twice" 'asked 2: 1'
expect 2 "other words than hide and show" --sparse=some -- /bin/true

./barspan run -- tests/tool/confined >"$scratch/out" 2>&1
report $? "a program without a device makes no system call more"
[ "$(cat "$scratch/out")" = ok ]
report $? "and ends by itself"

for way in close directory range from from-alone dup2 child; do
	expect 0 "descriptors closed by $way are not the library's" -- tests/tool/descriptors "$way"
done

expect 139 "a daemon's end is explained" --trap=explain -- /bin/sh -c \
	"exec $PWD/tests/tool/descriptors close $scratch/database; true"
holds "$scratch/out" 'region 0.*0x1000.*barspan_' "on what was its standard error"
empty "$scratch/database" "and not in its database"

for way in masks old-masks threads waits fork contexts; do
	expect 0 "holes are served with signals blocked: $way" -- tests/tool/masks "$way"
done
expect 0 "a mask is inherited" -- env --block-signal=SEGV "$driver"
LD_PRELOAD=$PWD/tests/tool/.libs/fake-vfio.so env --block-signal=SEGV,BUS ./barspan run -- "$driver" >"$scratch/out" 2>&1
report $? "also by barspan run"
for way in handlers jumps sent setters; do
	expect 0 "holes are served whatever is handled: $way" -- tests/tool/handlers "$way"
done
expect 139 "a fault of the program's own ends it if blocked" -- /bin/sh -c "exec $PWD/tests/tool/handlers die-blocked; true"
expect 139 "and if its handler faults" -- /bin/sh -c "exec $PWD/tests/tool/handlers die-in-handler; true"
run -- tests/tool/handlers replace
[ "$(grep -c "replaced the trap's handler for SIGSEGV" "$scratch/out")" -eq 1 ]
report $? "a handler that is gone is noticed, once"

expect 135 "without rescue the program dies of a device that is gone" -- /bin/sh -c "exec $PWD/$driver lost; true"
expect 0 "with rescue it goes on" --trap=emulate,rescue -- "$driver" lost
holds "$scratch/out" 'region 0 offset 0x0: mapped, but faults \(SIGBUS\)' "one line says so"
[ "$(grep -c . "$scratch/out")" -eq 2 ]
report $? "and no more"
expect 0 "rescues are counted" --trap=emulate,rescue --summary -- "$driver" lost
holds "$scratch/out" 'summary: .* 0 failed, [1-9][0-9]* rescued' "the summary has them"

expect 0 "messages are heard" --log=info -- "$driver" direct
holds "$scratch/out" '^barspan: vfio fd [0-9]+ region 0: 0x4000 bytes' "a message is there"

expect 0 "a program without a device is left alone" -- /bin/echo hello
[ "$(cat "$scratch/out")" = hello ]
report $? "its output is its own"
expect 3 "the exit status is the program's" -- /bin/sh -c 'exit 3'
expect 127 "a program that is not there" -- /nowhere/driver
expect 127 "a name that is not found" -- no-such-driver-anywhere
expect 126 "what cannot be run" -- /etc/passwd
expect 2 "a mode that does not exist" --trap=everything -- /bin/true
holds "$scratch/out" 'trap=everything' "the word is named"
expect 2 "a level that does not exist" --log=loud -- /bin/true
expect 2 "no command"
expect 1 "a static program is refused" -- "$PWD/tests/tool/static-program"
holds "$scratch/out" 'linked statically' "and told why"

finish
