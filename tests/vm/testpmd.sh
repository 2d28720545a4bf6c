# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=dash disable=SC2034,SC2154,SC2317 # used by other scripts
#
# Functions that run testpmd in the guest, for dpdk.sh and rescue.sh: start, stop
# and the tests of one run.

log=/tmp/testpmd.log
ended=/tmp/testpmd.status	# its exit status, after it has ended
patience=25	# seconds: a run takes about four

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

# Prints a line PORT RX TX for each statistics record of a port in the log.
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

# DPDK accepts a device whose driver is named vfio-pci, but only if /sys/module
# has vfio_pci. The sparse driver has the driver's name, but not the module's.
# While testpmd runs, a mounted folder provides both.
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

# For the console: the system calls and the signal masks of the threads of a
# testpmd that does not stop.
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

# testpmd's exit status is 0 even without packets or ports.
stop_testpmd() {
	has_ended || killall -INT dpdk-testpmd
	wait_until "$patience" has_ended || kill_testpmd
	wait
}

# Since 23.07 DPDK maps the areas of a sparse BAR itself, inside a PROT_NONE
# reservation of its own.
places_areas() {
	set -- /usr/lib/x86_64-linux-gnu/librte_eal.so.??
	[ "${1##*.}" -ge 24 ]
}

# Runs testpmd until both ports count packets, or time is out.
forward() { # [COMMAND [ARGUMENT...]]
	rm -f "$ended"
	: >"$log" # the conditions must not see the log of the last run
	show_module
	start_testpmd "$@"
	wait_until "$patience" grown_or_ended
	stop_testpmd
	hide_module
	cat "$log"
}

# The tests of one run. Each prints the reason for its failure.

port_info() { # PORT: its part of the output of `show port info all`
	sed -n "/Infos for port $1 /,/^Device capabilities/p" "$log"
}

counters_grow_or_print() {
	counters_grow && return
	echo "PORT RX TX:"
	counters
	tail -n 60 "$log"
	return 1
}

# Compares the registers' counters with testpmd's own for the whole run, except
# the first burst: counters of registers that read as all ones grow, too.
counters_are_correct() {
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
	tap_run "$1: counters are correct" counters_are_correct
	tap_run "$1: MAC addresses" macs_are_right
	tap_run "$1: link state" links_are_up
	tap_run "$1: testpmd exits normally" ends_well
}
