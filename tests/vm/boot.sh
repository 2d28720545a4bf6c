# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash disable=SC2154 # variables of run
#
# Boots the machine and reports. Part of run.

make_backing_files() {
	rm -f "$work"/*.mem "$work/nvme.img"
	truncate -s 64M "$work/ivshmem0.mem" "$work/ivshmem1.mem" "$work/nvme.img"
}

ivshmem_device() { # N ADDRESS [BUS]
	local bus=''
	if [ -n "$root_ports" ]; then
		printf '%s\n' -device "pcie-root-port,id=port$1,chassis=$1,addr=$2"
		bus=",bus=port$1"
	else
		bus=",addr=$2"
	fi
	printf '%s\n' \
		-object "memory-backend-file,id=ivshmem$1,size=64M,share=on,mem-path=$work/ivshmem$1.mem" \
		-device "ivshmem-plain,memdev=ivshmem$1$bus"
}

# QEMU and its libraries from another suite, or this machine's.
find_qemu() {
	local libraries
	if [ -z "$qemu_suite" ]; then
		command=("$qemu")
		return
	fi
	libraries=$qemu_tree/usr/lib/x86_64-linux-gnu
	command=(env "LD_LIBRARY_PATH=$libraries:$qemu_tree/lib/x86_64-linux-gnu"
		"QEMU_MODULE_DIR=$libraries/qemu" "$qemu_tree/usr/bin/$qemu"
		-L "$qemu_tree/usr/share/qemu" -L "$qemu_tree/usr/share/seabios")
}

# TAP has a serial port of its own. KVM is not used: it is not available
# everywhere, and results would differ.
boot() {
	local command arguments row_arguments
	find_qemu
	read -ra row_arguments <<<"$machine $tap_device"
	arguments=(
		-accel tcg -m "$memory" -smp "$smp"
		-nodefaults -no-user-config -display none -no-reboot
		-serial "file:$work/console.log" -chardev "file,id=tap,path=$work/tap.serial"
		"${row_arguments[@]}"
		-kernel "$tree/boot/vmlinuz-$release" -initrd "$work/initramfs"
		-append "$kernel_arguments panic=-1 oops=panic $append"
		-device "edu,addr=02.0"
		-device "e1000e,addr=03.0,romfile="
		-drive "if=none,id=nvme,format=raw,file=$work/nvme.img"
		-device "nvme,serial=barspan,drive=nvme,addr=04.0"
		-device "vmxnet3,addr=09.0,romfile="
	)
	mapfile -t -O ${#arguments[@]} arguments < <(ivshmem_device 0 05.0; ivshmem_device 1 06.0)
	truncate -s 0 "$work/console.log" "$work/tap.serial"
	timeout -k 5 "$timeout" "${command[@]}" "${arguments[@]}" "${qemu_extra[@]}" \
		</dev/null >"$work/qemu.log" 2>&1 &
	qemu=$!
	trap 'kill "$qemu" 2>/dev/null' EXIT
	trap 'exit 1' HUP INT TERM
	boot_status=0
	wait "$qemu" || boot_status=$?
	trap - EXIT
	tr -d '\r' <"$work/tap.serial" >"$work/guest-tap"
}

# The report.

show() { # TITLE FILE
	printf '# ---- %s\n' "$1"
	tail -n 400 "$2" | tr -d '\r' | sed 's/^/# /'
}

why_incomplete() {
	if [ "$boot_status" -eq 124 ] || [ "$boot_status" -eq 137 ]; then
		echo "time ran out after $timeout s"
	elif [ "$boot_status" -ne 0 ]; then
		echo "QEMU ended with status $boot_status"
	else
		echo "the guest powered off or crashed without a plan"
	fi
}

result() { # STATUS DESCRIPTION
	count=$((count + 1))
	if [ "$1" -eq 0 ]; then
		printf 'ok %d - %s\n' "$count" "$2"
	else
		printf 'not ok %d - %s\n' "$count" "$2"
		failed=yes
	fi
}

report_guest() {
	count=$(grep -cE '^(not )?ok ' "$work/guest-tap") || true
	grep -vE '^1\.\.[0-9]+$' "$work/guest-tap" || true
	! grep -q '^not ok ' "$work/guest-tap" || failed=yes
	if [ "$(tail -n 1 "$work/guest-tap")" != "1..$count" ]; then
		result 1 "the guest reports to its end ($(why_incomplete))"
	fi
}

report_host_checks() {
	local check status
	for check in "${host_checks[@]}"; do
		status=0
		(cd "$work" && DPDK=$dpdk sh -c "$check") >"$work/host-check.log" 2>&1 </dev/null || status=$?
		result "$status" "on the host: $check"
		[ "$status" -eq 0 ] || show "exit status $status" "$work/host-check.log"
	done
}

report() {
	count=0 failed=
	report_guest
	report_host_checks
	printf '1..%d\n' "$count"
	[ -n "$failed" ] || return 0
	show QEMU "$work/qemu.log"
	show "the guest's console" "$work/console.log"
	return 1
}
