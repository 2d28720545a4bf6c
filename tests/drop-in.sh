#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# A driver that knows nothing of libbarspan, under barspan run.
set -u

driver=tests/legacy-driver
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
n=0

ok() { # STATUS DESCRIPTION
	n=$((n + 1))
	if [ "$1" -eq 0 ]; then
		echo "ok $n - $2"
		return
	fi
	echo "not ok $n - $2"
	sed 's/^/# /' "$scratch/out"
}

# Runs barspan run with the played device; what is printed goes to a file.
run() { # ARGUMENT...
	LD_PRELOAD=$PWD/tests/.libs/play-vfio.so ./barspan run "$@" >"$scratch/out" 2>&1
}

expect() { # STATUS DESCRIPTION ARGUMENT...
	wanted=$1 description=$2
	shift 2
	run "$@"
	status=$?
	[ "$status" -eq "$wanted" ]
	ok $? "$description: exit status $status"
}

holds() { # FILE PATTERN DESCRIPTION
	grep -qE "$2" "$1"
	ok $? "$3"
}

empty() { # FILE DESCRIPTION
	[ ! -s "$1" ]
	ok $? "$2"
}

expect 0 "holes are emulated" -- "$driver"
[ "$(cat "$scratch/out")" = ok ]
ok $? "nothing is printed but by the program"

expect 0 "and reported" --trap=emulate,report --report="$scratch/report" -- "$driver"
[ "$(cat "$scratch/out")" = ok ]
ok $? "the report is in its file alone"
holds "$scratch/report" '^ *[0-9]+ write 4 .* region 0 offset 0x1010 .*legacy-driver\+0x' "stores are in it"
holds "$scratch/report" '^ *[0-9]+ read 4 .* region 0 offset 0x2424 .*legacy-driver\+0x' "loads are in it"
grep -q 'offset 0x4 ' "$scratch/report"
ok $((!$?)) "direct registers are not"

expect 0 "the report goes to standard error otherwise" --trap=emulate,report -- "$driver"
holds "$scratch/out" 'write 4 .*offset 0x1010' "the report is there"

expect 0 "a shell may be in between" --trap=emulate,report --report="$scratch/report" -- /bin/sh -c "$driver; $driver; true"
[ "$(grep -c "^barspan: process [0-9]* .*/$driver: [1-9]" "$scratch/report")" -eq 2 ]
ok $? "each process is in the report"

expect 42 "the program's handler gets what is not the trap's" -- "$driver" handler

expect 139 "without emulation the program dies" --trap=explain -- /bin/sh -c "exec $PWD/$driver; true"
holds "$scratch/out" 'region 0.*0x1010.*(sparse|advertise).*barspan_' "one line says why"
expect 139 "the trap can be off" --trap=off -- /bin/sh -c "exec $PWD/$driver; true"
grep -q barspan "$scratch/out"
ok $((!$?)) "then nothing is said"
expect 0 "a program that touches no hole needs no trap" --trap=off -- "$driver" direct

expect 0 "messages are heard" --log=info -- "$driver" direct
holds "$scratch/out" '^barspan: vfio fd [0-9]+ region 0: 0x4000 bytes' "a message is there"

expect 0 "a program without a device is left alone" -- /bin/echo hello
[ "$(cat "$scratch/out")" = hello ]
ok $? "its output is its own"
expect 3 "the exit status is the program's" -- /bin/sh -c 'exit 3'
expect 127 "a program that is not there" -- /nowhere/driver
expect 127 "a name that is not found" -- no-such-driver-anywhere
expect 126 "what cannot be run" -- /etc/passwd
expect 2 "a mode that does not exist" --trap=everything -- /bin/true
holds "$scratch/out" 'trap=everything' "the word is named"
expect 2 "a level that does not exist" --log=loud -- /bin/true
expect 2 "no command"
expect 1 "a static program is refused" -- "$PWD/tests/static-program"
holds "$scratch/out" 'linked statically' "and told why"

echo "1..$n"
