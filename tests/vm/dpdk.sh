# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=dash disable=SC2317 # tap_run calls functions
#
# A legacy driver that nobody has changed, in the guest: Debian's dpdk-testpmd with the e1000 driver of DPDK forwards
# packets between two e1000e devices on one hub, PORT0 (its MAC address is MAC0) and PORT1 (MAC1). It maps BAR 0 of each
# with one mmap, or since 23.07 area by area, and then loads and stores wherever a register is.
#
# What is not tested without libbarspan-preload.so in /test is what `barspan run` does.

bar_length=0x20000

# The holes that BAR 0 gets, and the areas that leave them. The driver reads the statistics registers for each line of
# statistics, and writes ring tails for each burst of packets.
statistics_hole=04000-04fff
statistics_areas=0x0+0x4000,0x5000+0x1b000
rings_hole=02000-03fff
rings_areas=0x0+0x2000,0x4000+0x1c000
whole_hole=00000-1ffff
whole_areas=

# What the driver cannot do without (Intel 82574 datasheet, section 10).
statistics_touched="read,4074 read,4080"	# good packets received, transmitted
rings_touched="write,2818 write,3818"		# receive and transmit tail
whole_touched="read,8 read,5400 read,5404 $statistics_touched $rings_touched" # also status, MAC address

log=/tmp/testpmd.log
ended=/tmp/testpmd.status	# its exit status, once it has ended
report=/tmp/report
patience=25	# seconds: a run takes about four

# testpmd.

wait_until() { # SECONDS COMMAND [ARGUMENT...]
	tries=$(($1 * 4))
	shift
	while [ "$tries" -gt 0 ]; do
		"$@" && return
		sleep 0.25
		tries=$((tries - 1))
	done
	return 1
}

has_ended() {
	[ -s "$ended" ]
}

# A line PORT RX TX for each time that testpmd has shown a port's statistics registers.
counters() {
	awk '/NIC statistics for port/ { port = $(NF - 1) }
		/RX-missed:/ { rx = $2 }
		/TX-errors:/ { print port, rx, $2 }' "$log"
}

counters_grow() {
	counters | awk '!($1 in shown) { shown[$1] = 1; rx[$1] = $2; tx[$1] = $3 }
		{ grown[$1] = $2 > rx[$1] && $3 > tx[$1] }
		END { exit !(grown[0] && grown[1]) }'
}

grown_or_ended() {
	counters_grow || has_ended
}

# DPDK takes a device when its driver is called vfio-pci, but only where /sys/module has vfio_pci. The sparse driver has
# the driver's name alone: while testpmd runs, a folder that has both stands in.
show_module() {
	[ ! -d /sys/module/vfio_pci ] || return 0
	mkdir -p /tmp/module/vfio /tmp/module/vfio_pci
	mount --bind /tmp/module /sys/module
}

hide_module() {
	[ -d /sys/module/vfio_pci_core ] || umount /sys/module
}

start_testpmd() { # [COMMAND [ARGUMENT...]] that starts it
	{
		"$@" dpdk-testpmd --no-huge -m 64 --iova-mode=va -l 0,1 -a "$PORT0" -a "$PORT1" -- \
			--total-num-mbufs=2048 --tx-first --auto-start --stats-period 1 \
			--cmdline-file=/tmp/commands >"$log" 2>&1 </dev/null
		echo $? >"$ended"
	} &
}

# For the console: what the threads of a testpmd that does not stop wait for, and which signals they block.
show_threads() {
	for thread in "/proc/$(pidof dpdk-testpmd)"/task/*; do
		echo "$(cat "$thread/comm"): $(cat "$thread/syscall")"
		grep -E '^(State|SigPnd|ShdPnd|SigBlk|SigIgn|SigCgt)' "$thread/status"
	done
}

kill_testpmd() {
	show_threads
	killall -KILL dpdk-testpmd
}

# Its exit status says nothing about packets or ports: it is 0 when there are none.
stop_testpmd() {
	has_ended || killall -INT dpdk-testpmd
	wait_until "$patience" has_ended || kill_testpmd
	wait
}

# Since 23.07 DPDK maps the areas of a sparse BAR itself, and between them lies memory of its own without access.
places_areas() {
	set -- /usr/lib/x86_64-linux-gnu/librte_eal.so.??
	[ "${1##*.}" -ge 24 ]
}

# Until packets are counted on both ports, or time is over.
forward() { # [COMMAND [ARGUMENT...]]
	rm -f "$ended"
	: >"$log" # else the last run is looked at until this one begins
	show_module
	start_testpmd "$@"
	wait_until "$patience" grown_or_ended
	stop_testpmd
	hide_module
	cat "$log"
}

# The tests of one run. Each prints what is wrong.

port_info() { # PORT: what `show port info all` has printed of it
	sed -n "/Infos for port $1 /,/^Device capabilities/p" "$log"
}

counters_grow_or_print() {
	counters_grow && return
	echo "PORT RX TX:"
	counters
	tail -n 60 "$log"
	return 1
}

# The registers' counters against testpmd's own of the whole run, but for the burst that comes first: registers that
# read as all ones grow too.
counters_are_true() {
	counters >/tmp/counters
	awk 'FNR == NR { registers[$1] = $2 " " $3; next }
		/Forward statistics for port/ { port = $(NF - 1) }
		/RX-total:/ && port != "" { rx = $2 }
		/TX-total:/ && port != "" {
			split(registers[port], n)
			print "port " port ": registers " n[1], n[2] ", testpmd " rx, $2
			if (n[1] > 0 && n[1] <= rx + 256 && n[2] > 0 && n[2] <= $2 + 256)
				right++
			port = ""
		}
		END { exit right != 2 }' /tmp/counters "$log"
}

has_mac() { # PORT ADDRESS
	port_info "$1" | grep -i "^MAC address: $2\$" && return
	port_info "$1" | head -n 4
	return 1
}

macs_are_right() {
	has_mac 0 "$MAC0" && has_mac 1 "$MAC1"
}

link_is_up() { # PORT
	port_info "$1" | grep '^Link'
	[ "$(port_info "$1" | grep -cxE 'Link (status: up|speed: 1 Gbps|duplex: full-duplex)')" -eq 3 ]
}

links_are_up() {
	link_is_up 0 && link_is_up 1
}

ends_well() {
	[ "$(cat "$ended")" = 0 ] && grep -qx 'Bye\.\.\.' "$log" && return
	echo "exit status $(cat "$ended")"
	tail -n 20 "$log"
	return 1
}

forwards() { # NAME
	tap_run "$1: packets flow: counters of both ports grow" counters_grow_or_print
	tap_run "$1: counters are true" counters_are_true
	tap_run "$1: MAC addresses" macs_are_right
	tap_run "$1: link state" links_are_up
	tap_run "$1: testpmd ends by itself" ends_well
}

# The report: a line with the sums, a heading for each process, and then a line for each place:
#     barspan: trap report: N places, N accesses, N failed
#     barspan: process PID PROGRAM: N places, N accesses
#     COUNT read|write WIDTH DEVICE region INDEX offset 0xOFFSET[-0xLAST] MODULE+0xOFFSET [SYMBOL+0xOFFSET] [FILE:LINE]

report_sums() { # prints PLACES ACCESSES FAILED
	sed -n 's/^barspan: trap report: \([0-9]*\) places, \([0-9]*\) accesses, \([0-9]*\) failed$/\1 \2 \3/p' "$report"
}

# The places, with a comma between fields, for a device's name may have blanks: COUNT,DIRECTION,OFFSET,DEVICE. Of a range
# the offset is its start. A line
# that does not say what every access of this driver is, four bytes in BAR 0 by an instruction of the driver, is shown
# as it is.
places() {
	access='^([1-9][0-9]*) (read|write) 4 (.+) region 0 offset 0x([0-9a-f]+)(-0x[0-9a-f]+)?'
	code='[^ ]*/librte_net_e1000\.so\.[0-9]+\.0\+0x[0-9a-f]+( [^ ]+){0,2}$'
	sed -E "/^barspan: /d; s@$access $code@\\1,\\2,\\4,\\3@" "$report"
}

# Every place is as it must be and in the hole, and the sums are the places'. Padded with zeros, hexadecimal numbers
# compare as text.
places_are_right() { # HOLE
	[ -s "$report" ] || return
	cat "$report"
	places | awk -F , -v hole="$1" -v sums="$(report_sums)" '
		{
			offset = substr("00000" $3, length($3) + 1)
			if (NF != 4 || length($3) > 5 || offset < substr(hole, 1, 5) || offset > substr(hole, 7)) {
				print "not right: " $0
				wrong = 1
			}
			accesses += $1
		}
		END {
			if (NR == 0 || NR " " accesses " 0" != sums) {
				print "sums: " sums ", found: " NR, accesses
				wrong = 1
			}
			exit wrong
		}'
}

# For the host, which has the tools to look at the driver's code: the program `instructions`.
note_instructions() {
	tap_note "trapped: $(sed -nE 's/^[0-9]+ (read|write) .*\.so\.[0-9]+\.0\+0x([0-9a-f]+)( [^ ]+){0,2}$/\1:\2/p' "$report" |
		sort -u | tr '\n' ' ')"
}

# Both devices are touched at these registers.
registers_are_named() { # DIRECTION,OFFSET...
	missing=0
	for register in "$@"; do
		[ "$(places | grep ",$register," | cut -d , -f 4 | sort -u | wc -l)" -eq 2 ] && continue
		echo "not of two devices: $register"
		places | grep ",$register,"
		missing=1
	done
	return "$missing"
}

no_place() {
	cat "$report"
	[ "$(report_sums)" = "0 0 0" ]
}

# The devices.

bind_ports() {
	bind "$PORT0" vfio-pci && bind "$PORT1" vfio-pci
}

make_plain() {
	load_plain && bind_ports
}

make_sparse() { # AREAS
	load_sparse "$PORT0/0:$1;$PORT1/0:$1" vfio-pci && bind_ports
}

bar_is_expected() { # that of the tables above
	[ "$(bar_size "$PORT0" 0)" -eq $((bar_length)) ] && [ "$(bar_size "$PORT1" 0)" -eq $((bar_length)) ]
}

# The baselines.

plain_devices() {
	make_plain || tap_ok 1 "bind to vfio-pci"
	tap_run "BAR 0 is what the test is made for" bar_is_expected
	forward
	forwards "plain"
}

# DPDK sees the devices and takes them, and its mmap of BAR 0 is what fails.
probe_fails() {
	grep -E 'EAL: |No probed' "$log"
	for device in "$PORT0" "$PORT1"; do
		grep -q "^EAL: $device mapping BAR0 failed: Invalid argument\$" "$log" || return
		grep -q "^EAL: Requested device $device cannot be used\$" "$log" || return
	done
	grep -q '^testpmd: No probed ethernet devices$' "$log" && [ -z "$(counters)" ]
}

no_ports() {
	grep -q '^Port statistics =' "$log"
}

no_ports_or_ended() {
	no_ports || has_ended
}

# It has mapped the areas, and touches a register between them.
dies_silently() {
	tail -n 20 "$log"
	[ "$(cat "$ended")" = 139 ] && ! grep -q '^barspan: ' "$log" && [ -z "$(counters)" ]
}

sparse_devices() {
	make_sparse "$statistics_areas" || tap_ok 1 "bind to the sparse driver"
	rm -f "$ended"
	: >"$log" # else the last run is looked at until this one begins
	show_module
	start_testpmd
	wait_until "$patience" no_ports_or_ended
	stop_testpmd
	hide_module
	cat "$log"
	if places_areas; then
		tap_run "sparse, no help: testpmd dies of SIGSEGV and says nothing" dies_silently
	else
		tap_run "sparse, no help: mmap of BAR 0 is refused, no port is probed" probe_fails
	fi
}

# barspan run.

run_forward() { # --trap=MODES
	rm -f "$report"
	forward barspan run "$1" "--report=$report" --
}

run_plain() {
	make_plain || tap_ok 1 "bind to vfio-pci"
	run_forward --trap=emulate,report
	forwards "barspan run, plain"
	tap_run "barspan run, plain: no access is trapped" no_place
}

run_sparse() { # NAME AREAS HOLE DIRECTION,OFFSET...
	name="barspan run, $1"
	hole=$3
	make_sparse "$2" || tap_ok 1 "bind to the sparse driver"
	shift 3
	run_forward --trap=emulate,report
	forwards "$name"
	tap_run "$name: the report names instructions of the driver, in the hole, and no failed access" \
		places_are_right "$hole"
	tap_run "$name: the report names the registers that the driver must touch" registers_are_named "$@"
}

# The mapping alone is not enough: the driver's first access to the hole ends it.
dies() {
	tail -n 20 "$log"
	[ "$(cat "$ended")" = 139 ] && grep -q '^barspan: .* in a hole: .* region 0 offset 0x' "$log"
}

run_explained() {
	make_sparse "$whole_areas" || tap_ok 1 "bind to the sparse driver"
	forward barspan run --trap=explain --
	tap_run "barspan run --trap=explain: testpmd dies of SIGSEGV, after a line that says why" dies
}

# A driver that is told of the areas places them itself, past the library.
run_shown() {
	make_sparse "$statistics_areas" || tap_ok 1 "bind to the sparse driver"
	forward barspan run --sparse=show --
	tap_run "barspan run --sparse=show: testpmd does not forward" shows_nothing
}

shows_nothing() {
	tail -n 20 "$log"
	[ "$(cat "$ended")" != 0 ] && [ -z "$(counters)" ]
}

run_all() {
	if [ ! -f /test/libbarspan-preload.so ]; then
		tap_skip "barspan run" "built without what it preloads"
		return
	fi
	run_plain
	run_explained
	! places_areas || run_shown
	# shellcheck disable=SC2086 # lists of words
	{
		run_sparse "statistics registers a hole" "$statistics_areas" "$statistics_hole" $statistics_touched
		run_sparse "ring registers a hole" "$rings_areas" "$rings_hole" $rings_touched
		run_sparse "whole BAR a hole" "$whole_areas" "$whole_hole" $whole_touched
	}
	note_instructions
}

mkdir -p /var/run # DPDK's sockets
echo "show port info all" >/tmp/commands
plain_devices
sparse_devices
run_all
