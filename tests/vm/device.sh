# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=dash disable=SC2317 # tap_run calls functions
#
# Runs the unit tests of /test/unit in the guest, then the device tests. With
# MEMCHECK=yes it runs the device tests alone, under memcheck. memcheck takes
# seconds to start: all cases of one set-up of drivers then share a process. With
# NO_TOOL=yes it runs no test of the barspan program.

hex() { # NUMBER
	printf '0x%x' "$1"
}

# The areas that plan.c expects: out of order, touching, not aligned to pages.
# The driver refuses some of each device, on the second device one that touches
# both its neighbours. One area begins and ends half a page outside of
# 0x2520000-0x252ffff.
half=$((PAGE_SIZE / 2))
unaligned="$(hex $((0x2520000 - half)))+$(hex $((0x10000 + PAGE_SIZE)))"
sparse="$IVSHMEM0/2:0x30000+0x10000,0x0+0x10000,0x100000+0x1f00000,0x2080000+0x400000,\
0x2480000+0x80000,$unaligned,0x2600000+0x10000,0x3000000+0x1000000;\
$IVSHMEM1/2:0x0+0x100000,0x100000+0x100000,0x200000+0x100000,0x400000+0x10000,0x2000000+0x2000000"
refused="$IVSHMEM0/2:0x2600000+0x10000;$IVSHMEM1/2:0x100000+0x100000,0x400000+0x10000"
sparse_extents="0x10000 direct, 0x20000 sparse, 0x10000 direct, 0xc0000 sparse, 0x1f00000 direct, \
0x80000 sparse, 0x480000 direct, $(hex $((0x20000 - half))) sparse, $(hex "$half") page, \
0x10000 direct, $(hex "$half") page, $(hex $((0xd0000 - half))) sparse, 0x10000 failed, \
0x9f0000 sparse, 0x1000000 direct"
suspend_extents="0x100000 direct, 0x100000 failed, 0x100000 direct, 0x100000 sparse, \
0x10000 failed, 0x1bf0000 sparse, 0x2000000 direct"

# Malformed areas: they overlap, end past the region, overflow, or are empty.
malformed_areas="0x10000+0x30000,0x20000+0x40000,0x3ff0000+0x20000,0xffffffffffff0000+0x20000,\
0x80000+0"
malformed_extents="0x10000 sparse, 0x50000 direct, 0x3f90000 sparse, 0x10000 direct"

no_tool=${NO_TOOL:-}
memcheck=${MEMCHECK:-}
light=${memcheck:+-light}
pending=/tmp/pending # the words of the pending cases, one a line

# A test of the program `device`; under memcheck it waits for flush.
check() { # DESCRIPTION CASE [ARGUMENT...]
	description=$1
	shift
	if [ -n "$memcheck" ]; then
		tap_note "memcheck: $description"
		[ ! -s "$pending" ] || echo -- >>"$pending"
		printf '%s\n' "$@" >>"$pending"
	else
		tap_run "$description" device "$@"
	fi
}

flush() { # DESCRIPTION
	[ -n "$memcheck" ] || return 0
	description=$1
	set -- valgrind -q --error-exitcode=9 --leak-check=full --show-leak-kinds=all \
		--errors-for-leak-kinds=all --track-fds=yes device --memcheck
	while read -r word; do
		set -- "$@" "$word"
	done <"$pending"
	rm "$pending"
	tap_run "memcheck: $description" "$@"
}

bind_all() { # DRIVER DEVICE...
	driver=$1
	shift
	for device in "$@"; do
		bind "$device" "$driver" || tap_ok 1 "bind $device to $driver"
	done
}

load() { # AREAS [NAME [MODULE_PARAMETER...]]
	load_sparse "$@" || tap_ok 1 "load the sparse driver"
}

unit_tests() {
	if [ ! -d /test/unit ]; then
		tap_skip "unit tests" "built without check"
		return
	fi
	for test in /test/unit/*; do
		tap_run "unit test: $(basename "$test")" "$test"
	done
}

compare_shown() { # DEVICE
	barspan show --json "$1" >/tmp/shown && shown "$1" </tmp/shown
}

show() { # NAME DEVICE
	check "$1: regions match sysfs" regions "$2"
	if [ -n "$memcheck$no_tool" ]; then
		return
	elif [ -x /test/barspan ]; then
		tap_run "$1: barspan show matches sysfs" compare_shown "$2"
	else
		tap_skip "$1: barspan show matches sysfs" "built without the barspan program"
	fi
}

open_errors() {
	check "open: not an address" open-fails 00.02:0 EINVAL
	check "open: no such device" open-fails 0000:00:1d.7 ENODEV
	check "open: no driver" open-fails "$EDU" ENXIO
	[ -n "$memcheck" ] || check "open: another driver" open-fails "$NVME" ENXIO
	flush "open errors"
}

plain_devices() {
	bind_all vfio-pci "$EDU" "$E1000E" "$NVME" "$IVSHMEM0" "$IVSHMEM1"
	show edu "$EDU"
	show e1000e "$E1000E"
	show nvme "$NVME"
	show ivshmem-plain "$IVSHMEM0"
	check "open: in use" open-twice "$EDU"
	[ -n "$memcheck" ] || check "open: no permission" open-denied "$EDU"
	check "open: the caller's descriptor" open-descriptor "$EDU"
	check "edu, not sparse" edu "$EDU" direct
	check "a region smaller than a page" small "$IVSHMEM0"
	check "a region smaller than a page: extents" extents "$IVSHMEM0" 0 "0x100 direct"
	check "I/O ports" ports "$E1000E"
	check "MSI-X table: nvme" msix "$NVME"
	check "MSI-X table: e1000e" msix "$E1000E"
	flush "plain devices"
}

# Two functions of one slot share a group.
shared_group() {
	[ -z "$memcheck" ] || return 0
	bind_all vfio-pci "$SHARED.0"
	bind_all nvme "$SHARED.1"
	check "open: the group is not viable" open-fails "$SHARED.0" EBUSY
	release "$SHARED.1"
	check "open: the group is viable again" regions "$SHARED.0"
}

sparse_devices() {
	load "$sparse;$EDU/0:0x0+0x10000" barspan-vfio-pci "refuse=$refused"
	bind_all barspan-vfio-pci "$EDU" "$IVSHMEM0" "$IVSHMEM1"
	check "sparse edu: its registers are direct" edu "$EDU" direct
	check "sparse edu: extents" extents "$EDU" 0 "0x10000 direct, 0xf0000 sparse"
	check "sparse ivshmem: extents" extents "$IVSHMEM0" 2 "$sparse_extents"
	check "sparse ivshmem: a refused area is one hole" extents "$IVSHMEM1" 2 "$suspend_extents"
	check "sparse ivshmem: a refused area, strict" strict-fails "$IVSHMEM1" 2 ENXIO
	check "sparse ivshmem: a plain mmap of the whole BAR is refused" plain-mmap "$IVSHMEM0" 2
	check "sparse ivshmem: writes of every kind" data "$IVSHMEM0" "sparse$light"
	check "sparse ivshmem: suspend, memory decoding off and on, resume" \
		suspend "$IVSHMEM1" "suspend$light"
	check "two devices, eight threads" threads "$IVSHMEM0" "sparse$light" "$IVSHMEM1" "suspend$light"
	flush "sparse devices"
}

# Areas of 4 KiB with pages of 64 KiB, for example.
small_areas() {
	load "$EDU/0:0x0+$half,$PAGE_SIZE+$half"
	bind_all barspan-vfio-pci "$EDU"
	check "areas smaller than a page: registers are in a hole" edu "$EDU" hole
	check "areas smaller than a page: extents" extents "$EDU" 0 "$(hex "$half") page, \
$(hex "$half") sparse, $(hex "$half") page, $(hex $((0x100000 - PAGE_SIZE - half))) sparse"
	flush "areas smaller than a page"
}

# The driver takes the name vfio-pci, which some programs require.
malformed_devices() {
	load "$EDU/0:0x10000+0x10000;$IVSHMEM1/2:$malformed_areas;$NVME/0:" vfio-pci
	bind_all vfio-pci "$EDU" "$IVSHMEM1" "$NVME"
	check "sparse edu: its registers are in a hole" edu "$EDU" hole
	check "sparse edu: extents with a hole first" \
		extents "$EDU" 0 "0x10000 sparse, 0x10000 direct, 0xe0000 sparse"
	check "no areas" extents "$NVME" 0 "0x4000 sparse"
	check "no areas: trapped access" no-area "$NVME"
	check "malformed areas are normalised" extents "$IVSHMEM1" 2 "$malformed_extents"
	check "malformed areas, strict" strict-fails "$IVSHMEM1" 2 EPROTO
	flush "malformed areas"
}

# Behind a root port, each reset of a device without a reset of its own takes
# seconds.
disable_reset() { # DEVICE...
	for device in "$@"; do
		reset=$(device_path "$device")/reset_method
		[ ! -e "$reset" ] || echo >"$reset"
	done
}

disable_reset "$IVSHMEM0" "$IVSHMEM1"
tap_run "pages have $PAGE_SIZE bytes" \
	grep -q "^KernelPageSize: *$((PAGE_SIZE / 1024)) kB" /proc/self/smaps
[ -n "$memcheck" ] || unit_tests
open_errors
plain_devices
shared_group
sparse_devices
small_areas
malformed_devices
