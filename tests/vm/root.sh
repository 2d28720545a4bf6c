# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash disable=SC2154 # variables of run
#
# Makes the guest's initramfs. Part of run.

# Debian's merged layout: libraries have the same absolute paths.
make_root() {
	root=$work/root
	rm -rf "$root"
	mkdir -p "$root"/usr/{bin,lib,lib64} "$root"/{proc,sys,dev,tmp,run,etc,test}
	ln -s usr/bin "$root/bin"
	ln -s usr/bin "$root/sbin"
	ln -s usr/lib "$root/lib"
	ln -s usr/lib64 "$root/lib64"
	ln -s bin "$root/usr/sbin"
	cp "$tree/bin/busybox" "$root/usr/bin/"
	install -m 755 "$here/init" "$root/init"
	cp "$here/guest-lib.sh" "$root/test/"
	printf 'set -u\n. /test/guest-lib.sh\n' >"$root/test/script"
	printf '%s\n' "${scripts[@]}" : >>"$root/test/script" # the last test's status is not the script's
}

write_environment() {
	local variable value
	for variable in EDU=0000:00:02.0 E1000E=0000:00:03.0 NVME=0000:00:04.0 \
		"IVSHMEM0=${ivshmem[0]}" "IVSHMEM1=${ivshmem[1]}" VMXNET3=0000:00:09.0 \
		"PAGE_SIZE=$page_size" "TAP_PORT=$tap_port" \
		"MODULES=${modules[*]}" "${environment[@]}"; do
		value=${variable#*=}
		printf "export %s='%s'\n" "${variable%%=*}" "${value//\'/\'\\\'\'}"
	done >"$root/test/environment"
}

# A module and its dependencies, from modules.dep.
copy_module() { # NAME
	local from=$tree/lib/modules/$release pattern path
	pattern=$(printf '%s' "$1" | sed 's/[-_]/[-_]/g')
	# shellcheck disable=SC2013 # words are wanted: one path each
	for path in $(sed -n "s,^\(.*/$pattern\.ko\): *,\1 ,p" "$from/modules.dep"); do
		mkdir -p "$root/lib/modules/$release/$(dirname "$path")"
		cp "$from/$path" "$root/lib/modules/$release/$path"
	done
	[ -n "${path:-}" ] || grep -q "/$pattern\.ko" "$from/modules.builtin" ||
		die "the kernel has no module $1"
}

copy_modules() {
	local module
	for module in vfio-pci vfio_iommu_type1 "${modules[@]}"; do
		copy_module "$module"
	done
	mkdir -p "$root/lib/modules/$release/extra"
	cp "$tree/lib/modules/$release/modules.builtin" "$root/lib/modules/$release/"
	cp "$kmod/barspan_vfio_pci.ko" "$root/lib/modules/$release/extra/"
	busybox depmod -b "$root" "$release"
}

is_elf() { [ "$(head -c 4 "$1" | od -An -tx1 | tr -d ' ')" = 7f454c46 ]; }

# Before installation libtool has a shell script in the program's place, and the
# program in .libs.
real_program() { # FILE
	local hidden
	hidden=$(dirname "$1")/.libs/$(basename "$1")
	if [ -f "$hidden" ] && ! is_elf "$1"; then echo "$hidden"; else echo "$1"; fi
}

# valgrind needs the symbols of ld.so to start. Debian has them in a package of
# their own.
copy_debug_file() { # LIBRARY
	local id file
	id=$(readelf -n "$1" 2>/dev/null | sed -n 's/^ *Build ID: //p')
	file=/usr/lib/debug/.build-id/${id:0:2}/${id:2}.debug
	[ -n "$id" ] && [ -f "$file" ] || return 0
	mkdir -p "$root$(dirname "$file")"
	cp -L "$file" "$root$file"
}

# A library of the system keeps its path; others go to /usr/local/lib. A library
# that the caller gave as a file is not copied again: a program that loads both
# would run its constructors twice.
copy_library() { # NAME PATH
	local to=$2
	case $2 in
	/lib/* | /lib64/* | /usr/lib/*) ;;
	*) to=/usr/local/lib/$1 ;;
	esac
	[ ! -e "$root$to" ] || return 0
	[ ! -e "$root/usr/lib/x86_64-linux-gnu/$1" ] || return 0
	mkdir -p "$root$(dirname "$to")"
	cp -L "$2" "$root$to"
	[ -z "$valgrind" ] || copy_debug_file "$2"
}

# ldd runs programs: it cannot run another architecture's. Their C library is the
# cross compiler's, and all libraries go to /usr/local/lib.
copy_foreign_libraries() { # PROGRAM
	local interpreter library folder
	interpreter=$(readelf -l "$1" | sed -n 's/.*program interpreter: \(.*\)\]/\1/p')
	if [ -n "$interpreter" ] && [ ! -e "$root$interpreter" ]; then
		cp -L "/usr/$triplet/lib/$(basename "$interpreter")" "$root$interpreter"
	fi
	mkdir -p "$root/usr/local/lib"
	for library in $(readelf -d "$1" | sed -n '/ld-linux/d; s/.*(NEEDED).*\[\(.*\)\]/\1/p'); do
		[ ! -e "$root/usr/local/lib/$library" ] || continue
		for folder in "${library_paths[@]}" "/usr/$triplet/lib" ''; do
			[ ! -e "$folder/$library" ] || break
		done
		[ -n "$folder" ] || die "$1 needs $library, which is not found; see --library-path"
		cp -L "$folder/$library" "$root/usr/local/lib/$library"
		copy_foreign_libraries "$folder/$library"
	done
}

copy_libraries() { # PROGRAM
	local search library path
	if [ "$architecture" != "$native" ]; then
		copy_foreign_libraries "$1"
		return
	fi
	search=$(IFS=:; printf '%s' "${library_paths[*]}${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}")
	LD_LIBRARY_PATH=$search ldd "$1" >"$work/ldd" 2>/dev/null || return 0 # static
	while read -r library _ path _; do
		case $path in
		/*) copy_library "$library" "$path" ;;
		not) die "$1 needs $library, which is not found; see --library-path" ;;
		*) case $library in /*) copy_library "$(basename "$library")" "$library" ;; esac ;;
		esac
	done <"$work/ldd"
}

copy_file() { # SRC[:DEST]
	local from=${1%%:*} to=/test/
	case $1 in *:*) to=${1#*:} ;; esac
	[ -e "$from" ] || die "no such file: $from"
	case $to in */) to=$to$(basename "$from") ;; esac
	mkdir -p "$root$(dirname "$to")"
	if [ -d "$from" ]; then
		mkdir -p "$root$to"
		cp -a "$from/." "$root$to/"
	else
		cp -L "$(real_program "$from")" "$root$to"
	fi
}

# Libraries are last: copy_library() must find those given as files.
copy_files() {
	local spec from
	for spec in "${files[@]}"; do
		copy_file "$spec"
	done
	for spec in "${files[@]}"; do
		from=$(real_program "${spec%%:*}")
		while read -r from; do
			! is_elf "$from" || copy_libraries "$from"
		done < <(find -H "$from" -type f)
	done
}

copy_valgrind() {
	local program=/usr/bin/valgrind.bin from=/usr/libexec/valgrind # Debian wraps it in a script
	[ -x "$program" ] || program=/usr/bin/valgrind
	mkdir -p "$root$from"
	cp "$program" "$root/usr/bin/valgrind"
	copy_libraries "$program"
	cp "$from"/{default.supp,memcheck-amd64-linux} "$from"/vgpreload_{core,memcheck}-amd64-linux.so \
		"$root$from/"
}

# The tree has all libraries, except, without a suite, the C library.
copy_dpdk() {
	cp -a "$dpdk/." "$root/"
	(
		library_paths=("$dpdk/usr/lib/x86_64-linux-gnu")
		copy_libraries "$dpdk/usr/bin/dpdk-testpmd"
	)
}

make_initramfs() {
	make_root
	write_environment
	copy_modules
	[ -z "$dpdk" ] || copy_dpdk # first: its libraries must not be copied twice
	copy_files
	[ -z "$valgrind" ] || copy_valgrind
	(cd "$root" && find . | cpio -o -H newc -R 0:0 --quiet) >"$work/initramfs"
	rm -rf "$root"
}
