# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=dash disable=SC2317,SC2154 # tap_run calls functions; variables of the other scripts
#
# An unmodified testpmd under `barspan run` loses access to its registers while
# it runs, and regains it. This script uses functions of testpmd.sh and dpdk.sh.
#
# The whole of BAR 0 is direct. Writes to ring tails are lost meanwhile, and
# packets wait in the rings. Commands restart the ports afterwards.

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

# Without a reader, SIGPIPE ends the subshell.
command_testpmd() { # LINE...
	(printf '%s\n' "$@" >&9) 2>/dev/null
}

# A register that reads as all ones adds 2^32 - 1 to a counter. When the
# registers are back, the counters are cleared and must grow again. testpmd
# buffers its output: no line of the log says when.
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

# testpmd reads statistics and writes ring tails while the registers are away.
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
rescue_is_reported() {
	grep 'barspan: ' "$log"
	[ "$(grep -c 'barspan: .* region 0 offset 0x[0-9a-f]*: mapped, but faults (SIGBUS): .* fails: EIO$' "$log")" -eq 2 ] &&
		[ "$(grep -c 'barspan: ' "$log")" -eq 2 ]
}

ends_by_sigbus() {
	tail -n 5 "$log"
	[ "$(cat "$ended")" = 135 ]
}

run_rescued() { # NAME AWAY BACK
	make_plain || tap_ok 1 "bind to vfio-pci"
	disturb_while_forwarding --trap=emulate "$2" "$3"
	tap_run "$1: without rescue SIGBUS ends testpmd" ends_by_sigbus
	make_plain || tap_ok 1 "bind to vfio-pci"
	disturb_while_forwarding --trap=emulate,rescue "$2" "$3"
	tap_run "$1: the devices are disturbed" was_disturbed "$2" "$3"
	tap_run "$1: with rescue testpmd reads all ones" read_all_ones
	tap_run "$1: one message for each device" rescue_is_reported
	tap_run "$1: packets flow afterwards" packets_flow_again
	tap_run "$1: testpmd exits normally" ends_well
}

if [ -f /test/libbarspan-preload.so ]; then
	run_rescued "memory decoding off and on" off on
	run_rescued "D3hot and back" d3 d0
else
	tap_skip "rescue" "built without the preloaded library"
fi
