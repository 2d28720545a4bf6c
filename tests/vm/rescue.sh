# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=dash disable=SC2317,SC2154 # tap_run calls functions; variables of dpdk.sh
#
# An unmodified testpmd under `barspan run` whose registers are taken away while it runs, and given back. This script
# comes after dpdk.sh and uses its functions.
#
# The whole of BAR 0 is direct. Ring tails that are written in between are lost, and packets wait in the rings: commands
# start the ports again afterwards.

start_commanded() { # COMMAND [ARGUMENT...] that starts it
	rm -f /tmp/commands-now
	mkfifo /tmp/commands-now
	{
		"$@" dpdk-testpmd --no-huge -m 64 --iova-mode=va -l 0,1 -a "$PORT0" -a "$PORT1" -- \
			--interactive --total-num-mbufs=2048 >"$log" 2>&1 </tmp/commands-now
		echo $? >"$ended"
	} &
	exec 9>/tmp/commands-now
}

# Without a reader, the subshell dies.
command_testpmd() { # LINE...
	(printf '%s\n' "$@" >&9) 2>/dev/null
}

# A counter that is read as all ones adds 2^32 - 1. When the registers are back, the counters are cleared, and have to
# grow from there. testpmd's output is buffered: no line of the log says when.
flow_again() {
	counters | awk '$2 > 4294967295 { away[$1] = 1; next }
		!($1 in away) { next }
		!($1 in shown) { shown[$1] = 1; rx[$1] = $2; tx[$1] = $3 }
		{ grown[$1] = $2 > rx[$1] && $3 > tx[$1] }
		END { exit !(grown[0] && grown[1]) }'
}

shown_or_ended() { # CONDITION
	has_ended && return
	command_testpmd "show port stats all"
	"$1"
}

disturb_devices() { # CHANGE
	has_ended || disturb "$(pidof dpdk-testpmd)" "$1" >>/tmp/disturbed 2>&1
}

# Statistics are read while the registers are away, and ring tails written.
disturb_while_forwarding() { # --trap=MODES AWAY BACK
	rm -f "$ended" /tmp/disturbed
	show_module
	start_commanded barspan run "$1" --
	command_testpmd "start tx_first"
	wait_until "$patience" shown_or_ended counters_grow
	disturb_devices "$2"
	for _ in 1 2 3; do
		command_testpmd "show port stats all"
		sleep 1
	done
	disturb_devices "$3"
	command_testpmd stop "port stop all" "port start all" "clear port stats all" "start tx_first"
	wait_until "$patience" shown_or_ended flow_again
	command_testpmd quit
	wait_until "$patience" has_ended || kill_testpmd
	wait
	exec 9>&-
	hide_module
	cat /tmp/disturbed "$log"
}

was_disturbed() { # AWAY BACK
	cat /tmp/disturbed
	grep -q "^$1: " /tmp/disturbed && grep -q "^$2: " /tmp/disturbed
}

read_all_ones() {
	counters
	counters | awk '$2 > 4294967295 { read[$1] = 1 } END { exit !(read[0] && read[1]) }'
}

packets_flow_again() {
	counters
	flow_again
}

# One line for each device's BAR 0.
rescue_is_told() {
	grep 'barspan: ' "$log"
	[ "$(grep -c 'barspan: .* region 0 offset 0x[0-9a-f]*: mapped, but faults (SIGBUS): .* fails: EIO$' "$log")" -eq 2 ] &&
		[ "$(grep -c 'barspan: ' "$log")" -eq 2 ]
}

dies_of_sigbus() {
	tail -n 5 "$log"
	[ "$(cat "$ended")" = 135 ]
}

run_rescued() { # NAME AWAY BACK
	make_plain || tap_ok 1 "bind to vfio-pci"
	disturb_while_forwarding --trap=emulate "$2" "$3"
	tap_run "$1: without rescue testpmd dies of SIGBUS" dies_of_sigbus
	make_plain || tap_ok 1 "bind to vfio-pci"
	disturb_while_forwarding --trap=emulate,rescue "$2" "$3"
	tap_run "$1: the devices are disturbed" was_disturbed "$2" "$3"
	tap_run "$1: with rescue testpmd reads all ones" read_all_ones
	tap_run "$1: one line says so for each device" rescue_is_told
	tap_run "$1: packets flow afterwards" packets_flow_again
	tap_run "$1: testpmd ends by itself" ends_well
}

if [ -f /test/libbarspan-preload.so ]; then
	run_rescued "memory decoding off and on" off on
	run_rescued "D3hot and back" d3 d0
else
	tap_skip "rescue" "built without what it preloads"
fi
