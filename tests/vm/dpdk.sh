# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=dash disable=SC2154,SC2317 # variables of testpmd.sh; tap_run calls functions
#
# An unmodified legacy driver in the guest: Debian's dpdk-testpmd with DPDK's
# e1000 driver forwards packets between two e1000e devices on one hub, PORT0
# (with MAC address MAC0) and PORT1 (MAC1). It maps BAR 0 of each with one mmap,
# or since 23.07 area by area, and then accesses registers by loads and stores.
#
# `barspan run` is tested if /test has libbarspan-preload.so.

bar_length=0x20000

# The holes in BAR 0 and the areas around them. The driver reads statistics
# registers for each line of statistics, and writes ring tails for each burst of
# packets.
statistics_hole=04000-04fff
statistics_areas=0x0+0x4000,0x5000+0x1b000
rings_hole=02000-03fff
rings_areas=0x0+0x2000,0x4000+0x1c000
whole_hole=00000-1ffff
whole_areas=

# Registers that the driver must access (Intel 82574 datasheet, section 10).
statistics_touched="read,4074 read,4080"	# good packets received, transmitted
rings_touched="write,2818 write,3818"		# receive and transmit tail
whole_touched="read,8 read,5400 read,5404 $statistics_touched $rings_touched" # also status, MAC address

report=/tmp/report

# The report: a line with the sums, a heading for each process, and then a line
# for each place:
#     barspan: trap report: N places, N accesses, N failed
#     barspan: process PID PROGRAM: N places, N accesses
#     COUNT read|write WIDTH DEVICE region INDEX offset 0xOFFSET[-0xLAST]
#         MODULE+0xOFFSET [SYMBOL+0xOFFSET] [FILE:LINE]  (the same line)

report_sums() { # prints PLACES ACCESSES FAILED
	sed -n 's/^barspan: trap report: \([0-9]*\) places, \([0-9]*\) accesses, \([0-9]*\) failed$/\1 \2 \3/p' "$report"
}

# Prints the places as COUNT,DIRECTION,OFFSET,DEVICE: a device's name may have
# blanks. The offset of a range is its start. Every access of this driver has
# four bytes, is in BAR 0 and is made by an instruction of the driver. A line of
# another form is printed unchanged.
places() {
	access='^([1-9][0-9]*) (read|write) 4 (.+) region 0 offset 0x([0-9a-f]+)(-0x[0-9a-f]+)?'
	code='[^ ]*/librte_net_e1000\.so\.[0-9]+\.0\+0x[0-9a-f]+( [^ ]+){0,2}$'
	sed -E "/^barspan: /d; s@$access $code@\\1,\\2,\\4,\\3@" "$report"
}

# Every place must have the expected form and be in the hole, and the sums must
# match. Padded with zeros, hexadecimal numbers compare as text.
places_are_expected() { # HOLE
	[ -s "$report" ] || return
	cat "$report"
	places | awk -F , -v hole="$1" -v sums="$(report_sums)" '
		{
			offset = substr("00000" $3, length($3) + 1)
			if (NF != 4 || length($3) > 5 || offset < substr(hole, 1, 5) || offset > substr(hole, 7)) {
				print "unexpected: " $0
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

# A note for the program `instructions` on the host, which disassembles the
# driver.
note_instructions() {
	tap_note "trapped: $(sed -nE 's/^[0-9]+ (read|write) .*\.so\.[0-9]+\.0\+0x([0-9a-f]+)( [^ ]+){0,2}$/\1:\2/p' "$report" |
		sort -u | tr '\n' ' ')"
}

# The driver must access these registers of both devices.
registers_are_named() { # DIRECTION,OFFSET...
	missing=0
	for register in "$@"; do
		[ "$(places | grep ",$register," | cut -d , -f 4 | sort -u | wc -l)" -eq 2 ] && continue
		echo "not accessed on both devices: $register"
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

bar_is_expected() { # as long as in the tables above
	[ "$(bar_size "$PORT0" 0)" -eq $((bar_length)) ] && [ "$(bar_size "$PORT1" 0)" -eq $((bar_length)) ]
}

# The baselines.

plain_devices() {
	make_plain || tap_ok 1 "bind to vfio-pci"
	tap_run "BAR 0 has the expected size" bar_is_expected
	forward
	forwards "plain"
}

# DPDK finds the devices and accepts them, and its mmap of BAR 0 fails.
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

# testpmd has mapped the areas and accesses a register between them.
ends_silently() {
	tail -n 20 "$log"
	[ "$(cat "$ended")" = 139 ] && ! grep -q '^barspan: ' "$log" && [ -z "$(counters)" ]
}

sparse_devices() {
	make_sparse "$statistics_areas" || tap_ok 1 "bind to the sparse driver"
	rm -f "$ended"
	: >"$log" # the conditions must not see the log of the last run
	show_module
	start_testpmd
	wait_until "$patience" no_ports_or_ended
	stop_testpmd
	hide_module
	cat "$log"
	if places_areas; then
		tap_run "sparse, without barspan run: SIGSEGV ends testpmd without a message" ends_silently
	else
		tap_run "sparse, without barspan run: mmap of BAR 0 is refused, no port is probed" probe_fails
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
	tap_run "$name: the report names instructions of the driver, in the hole, without failures" \
		places_are_expected "$hole"
	tap_run "$name: the report names the registers that the driver must access" registers_are_named "$@"
}

# Without emulation, the driver's first access to the hole ends it.
dies() {
	tail -n 20 "$log"
	[ "$(cat "$ended")" = 139 ] && grep -q '^barspan: .* in a hole: .* region 0 offset 0x' "$log"
}

run_explained() {
	make_sparse "$whole_areas" || tap_ok 1 "bind to the sparse driver"
	forward barspan run --trap=explain --
	tap_run "barspan run --trap=explain: SIGSEGV ends testpmd after a message" dies
}

# A driver that knows the areas maps them itself, without the library.
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
		tap_skip "barspan run" "built without the preloaded library"
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
