# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=sh
#
# Functions for guest scripts: . /test/guest-lib.sh
#
# The environment names the machine's devices by PCI address: EDU, E1000E, NVME,
# IVSHMEM0, IVSHMEM1, VMXNET3. PAGE_SIZE is the page size of the row. Results go
# to TAP_PORT, a port of their own: the kernel's messages go to the console.

tap_port=$TAP_PORT
tap_count=/run/tap-count # a file: tests may run in a subshell
tap_output=/run/tap-output

# TAP.

tap_write() { # LINE
	printf '%s\n' "$1" >"$tap_port"
	printf '%s\n' "$1"
}

tap_next() {
	echo $(($(cat "$tap_count") + 1)) >"$tap_count"
	cat "$tap_count"
}

tap_note() { # TEXT
	tap_write "# $1"
}

tap_ok() { # STATUS DESCRIPTION: ok when STATUS is 0
	if [ "$1" -eq 0 ]; then
		tap_write "ok $(tap_next) - $2"
	else
		tap_write "not ok $(tap_next) - $2"
	fi
}

tap_skip() { # DESCRIPTION REASON
	tap_write "ok $(tap_next) - $1 # SKIP $2"
}

# Runs a command as one test. Status 77 is a skip, as in automake. The output
# goes to the console. If the command fails, the last lines go to the TAP, too.
tap_run() { # DESCRIPTION COMMAND [ARGUMENT...]
	tap_description=$1
	shift
	"$@" >"$tap_output" 2>&1 </dev/null
	tap_status=$?
	cat "$tap_output"
	if [ "$tap_status" -eq 77 ]; then
		tap_skip "$tap_description" "$(tail -n 1 "$tap_output")"
		return 0
	fi
	tap_ok "$tap_status" "$tap_description"
	[ "$tap_status" -eq 0 ] && return 0
	tap_note "exit status $tap_status"
	tail -n 60 "$tap_output" | sed 's/^/# /' >"$tap_port"
	return "$tap_status"
}

# Devices and drivers.

device_path() { # DEVICE
	echo "/sys/bus/pci/devices/$1"
}

driver_of() { # DEVICE: prints nothing if it is unbound
	driver_link=$(readlink "$(device_path "$1")/driver") || return 0
	basename "$driver_link"
}

group_of() { # DEVICE: /dev/vfio/N
	echo "/dev/vfio/$(basename "$(readlink "$(device_path "$1")/iommu_group")")"
}

release() { # DEVICE: unbind it
	if [ -e "$(device_path "$1")/driver" ]; then
		echo "$1" >"$(device_path "$1")/driver/unbind" || return
	fi
	echo >"$(device_path "$1")/driver_override"
}

bind() { # DEVICE DRIVER: with driver_override
	release "$1" || return
	echo "$2" >"$(device_path "$1")/driver_override" || return
	echo "$1" >/sys/bus/pci/drivers_probe
	[ "$(driver_of "$1")" = "$2" ] && return
	echo "bind: $1 has driver \"$(driver_of "$1")\", not $2"
	return 1
}

# BAR size and flags from sysfs, whose lines are "START END FLAGS".
bar_line() { # DEVICE BAR
	sed -n "$(($2 + 1))p" "$(device_path "$1")/resource"
}

bar_size() { # DEVICE BAR
	# shellcheck disable=SC2046 # three words
	set -- $(bar_line "$1" "$2")
	if [ $(($3)) -eq 0 ]; then echo 0; else echo $(($2 - $1 + 1)); fi
}

bar_is_memory() { # DEVICE BAR
	# shellcheck disable=SC2046 # three words
	set -- $(bar_line "$1" "$2")
	[ $(($3 & 0x200)) -ne 0 ] # IORESOURCE_MEM, linux/ioport.h
}

# The variant driver.

sparse_name() { # the name of the registered driver
	cat /sys/module/barspan_vfio_pci/parameters/name 2>/dev/null
}

unload_sparse() { # release its devices and remove the module
	[ -d /sys/module/barspan_vfio_pci ] || return 0
	for bound in "/sys/bus/pci/drivers/$(sparse_name)"/*:*; do
		[ -e "$bound" ] || continue
		release "$(basename "$bound")" || return
	done
	rmmod barspan_vfio_pci
}

# Reloads the variant driver. Under the name vfio-pci it replaces that driver;
# load_plain restores it.
load_sparse() { # AREAS [NAME [MODULE_PARAMETER...]]
	sparse_areas=$1
	sparse_driver=${2:-barspan-vfio-pci}
	if [ $# -ge 2 ]; then shift 2; else shift; fi
	unload_sparse || return
	if [ "$sparse_driver" = vfio-pci ] && [ -d /sys/module/vfio_pci ]; then
		rmmod vfio-pci || return
	fi
	modprobe barspan_vfio_pci "areas=$sparse_areas" "name=$sparse_driver" "$@"
}

load_plain() {
	unload_sparse && modprobe vfio-pci
}

# Mappings and descriptors of a process, to compare before and after. It must
# not be the calling shell: redirections change the shell's descriptors.

snapshot() { # PID
	cat "/proc/$1/maps"
	for snapshot_fd in "/proc/$1/fd"/*; do
		echo "fd $(basename "$snapshot_fd") $(readlink "$snapshot_fd")"
	done
}

same_snapshot() { # PID FILE: prints the differences from the snapshot in FILE
	snapshot "$1" | diff "$2" -
}

# Prints the kernel's warnings; fails if there are any.
no_kernel_warning() {
	# Lines with " traps: " are about programs.
	! dmesg | grep -v ' traps: ' |
		grep -E 'WARNING:|BUG:|Oops|general protection|Call Trace|soft lockup'
}
