#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Compiles and links programs against the installed headers and libraries.
# Prints TAP; runs in the build folder.
set -u
: "${srcdir:=.}"
maps=$(cd "$srcdir" && pwd)/lib
stage=$(pwd)/tests/compile.tmp
value() { sed -n "s/^$1 = //p" Makefile | head -n 1; }
prefix=$(value prefix)
. "$srcdir/tests/support/tap.sh"

explain() {
	cat "$stage/output" 2>/dev/null
}
quiet() { "$@" >"$stage/output" 2>&1; }

# The source is valid C and C++.
write_program() {
	cat >"$1" <<-'END'
	#include <barspan.h>
	#include <stdio.h>
	#include <string.h>

	int main(void)
	{
		struct barspan_range areas[2] = { { 0, 0x10000 }, { 0x20000, 0x10000 } };
		struct barspan_soft_region region;
		struct barspan_soft_options soft = BARSPAN_SOFT_OPTIONS(&region, 1);
		struct barspan_options options;
		struct barspan_device *device;
		struct barspan_extent extent;
		volatile char *base;
		struct barspan *span;

		memset(&region, 0, sizeof(region));
		memset(&options, 0, sizeof(options));
		region.size = 0x30000;
		region.flags = BARSPAN_REGION_READ | BARSPAN_REGION_WRITE | BARSPAN_REGION_MMAP;
		region.areas = areas;
		region.n_areas = 2;
		options.size = sizeof(options);
		if (barspan_device_open_soft(&device, &soft))
			return 1;
		if (barspan_map(&span, device, 0, &options))
			return 1;
		barspan_write32(span, 0x10004, 0x12345678);
		barspan_write8(span, 0x20000, 7);
		if (barspan_read32(span, 0x10004) != 0x12345678)
			return 2;
		if (barspan_read8(span, 0x20000) != 7 || barspan_take_error(span, NULL))
			return 2;
		if (!barspan_is_direct(span, 0, 0x10000) || barspan_is_direct(span, 0, 0x10001))
			return 3;
		base = (volatile char *)barspan_base(span);
		if (barspan_pointer(span, 0x20000, 4) != base + 0x20000)
			return 4;
		if (barspan_extent_at(span, 0x10000, &extent))
			return 5;
		if (extent.reason != BARSPAN_REASON_SPARSE)
			return 5;
		barspan_unmap(span);
		barspan_device_close(device);
		return strcmp(barspan_version(), BARSPAN_VERSION) != 0;
	}
	END
}

write_trap_program() {
	cat >"$1" <<-'END'
	#include <barspan.h>
	#include <errno.h>
	#include <string.h>

	int main(void)
	{
		struct barspan_trap_counts counts;
		struct barspan_trap_options trap;
		struct barspan_soft_region region;
		struct barspan_soft_options soft = BARSPAN_SOFT_OPTIONS(&region, 1);
		struct barspan_device *device;
		struct barspan *span;
		int r;

		memset(&counts, 0, sizeof(counts));
		memset(&trap, 0, sizeof(trap));
		memset(&region, 0, sizeof(region));
		region.size = 0x10000;
		region.flags = BARSPAN_REGION_READ | BARSPAN_REGION_WRITE;
		counts.size = sizeof(counts);
		trap.size = sizeof(trap);
		trap.flags = BARSPAN_TRAP_EMULATE;
		if (barspan_device_open_soft(&device, &soft) || barspan_map(&span, device, 0, NULL))
			return 1;
		r = barspan_trap_enable(&trap);
		if (r)
			return r != -EOPNOTSUPP || barspan_trap_enable(NULL);
		*(volatile int *)((char *)barspan_base(span) + 0x100) = 77;
		if (barspan_read32(span, 0x100) != 77)
			return 2;
		if (barspan_trap_count(&counts) || counts.served != 1)
			return 2;
		barspan_trap_disable();
		barspan_unmap(span);
		barspan_device_close(device);
		return 0;
	}
	END
}

# Warning flags that other projects use, as errors.
warnings='-Werror -Wall -Wextra -pedantic -pedantic-errors -Wshadow -Wundef'
c_flags="$warnings -std=c99 -Wstrict-prototypes -Wmissing-prototypes"
cxx_flags="$warnings -std=c++11"

# try_program PACKAGE FLAGS: compiles the program for PACKAGE with $compiler,
# from the source with $suffix, at $level, and runs it.
# shellcheck disable=SC2086 # lists of flags
try_program() {
	package=$1 archives=$libdir/libbarspan.a
	shift
	case $package in
	barspan) libs=$core_libs ;;
	*) libs=$trap_libs archives="$libdir/libbarspan-trap.a $archives $(value ZYDIS_LIBS)" ;;
	esac
	quiet "$compiler" "$@" "$level" $cflags "$stage/$package.$suffix" -o "$stage/program" \
		$libs && quiet env LD_LIBRARY_PATH="$libdir" "$stage/program"
	report $? "$compiler $level, $package"
	[ -f "$libdir/libbarspan.a" ] || return 0
	quiet "$compiler" "$@" "$level" $cflags "$stage/$package.$suffix" -o "$stage/program" \
		$archives -pthread && quiet "$stage/program"
	report $? "$compiler $level, $package, static library"
}

# try COMPILER SUFFIX FLAGS
try() {
	compiler=$1 suffix=$2
	shift 2
	for level in -O0 -O2; do
		if ! command -v "$compiler" >/dev/null; then
			skip "$compiler $level" "no $compiler"
			continue
		fi
		try_program barspan "$@"
		try_program barspan-trap "$@"
	done
	for header in $headers; do
		command -v "$compiler" >/dev/null || continue
		# Twice, to test the include guard.
		printf '#include <%s>\n#include <%s>\nextern int unused;\n' "$header" "$header" \
			>"$stage/alone.$suffix"
		quiet "$compiler" "$@" $cflags -c "$stage/alone.$suffix" -o "$stage/alone.o"
		report $? "$compiler, $header compiles alone"
	done
}

rm -rf "$stage"
mkdir -p "$stage"
trap 'rm -rf "$stage"' EXIT
quiet env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL make install-exec install-pkgconfigDATA \
	install-includeHEADERS install-barspanincludeHEADERS install-barspaninlineHEADERS \
	DESTDIR="$stage/root"
report $? "make install succeeds"

headers=$(cd "$stage/root$prefix/include" && find . -name '*.h' | sed 's,^\./,,' | sort)
test "$(echo "$headers" | wc -w)" -ge 6
report $? "headers are installed"

pkgconfig=$(find "$stage/root" -name barspan.pc)
libdir=$(dirname "$(find "$stage/root" -name 'libbarspan.so' -o -name 'libbarspan.a' | head -n 1)")
static=
[ -f "$libdir/libbarspan.so" ] || static=--static
if command -v pkg-config >/dev/null; then
	PKG_CONFIG_LIBDIR=$(dirname "$pkgconfig") PKG_CONFIG_SYSROOT_DIR="$stage/root"
	PKG_CONFIG_ALLOW_SYSTEM_CFLAGS=1 PKG_CONFIG_ALLOW_SYSTEM_LIBS=1
	export PKG_CONFIG_LIBDIR PKG_CONFIG_SYSROOT_DIR
	export PKG_CONFIG_ALLOW_SYSTEM_CFLAGS PKG_CONFIG_ALLOW_SYSTEM_LIBS
	for package in barspan barspan-trap; do
		quiet pkg-config --exists --print-errors $package
		report $? "pkg-config finds $package"
		test "$(pkg-config --modversion $package)" = "$(value VERSION)"
		report $? "pkg-config names the version of $package"
	done
	cflags=$(pkg-config --cflags barspan-trap)
	core_libs=$(pkg-config --libs $static barspan)
	trap_libs=$(pkg-config --libs $static barspan-trap)
else
	skip pkg-config 'no pkg-config'
	cflags="-I$stage/root$prefix/include"
	core_libs="-L$(dirname "$pkgconfig")/.. -lbarspan"
	trap_libs="-L$(dirname "$pkgconfig")/.. -lbarspan-trap -lbarspan"
fi

for suffix in c cc; do
	write_program "$stage/barspan.$suffix"
	write_trap_program "$stage/barspan-trap.$suffix"
done
# shellcheck disable=SC2086 # lists of flags
{
	try gcc c $c_flags
	try clang c $c_flags
	try g++ cc $cxx_flags
	try clang++ cc $cxx_flags
	headers=''
	try gcc c $c_flags -DBARSPAN_NO_INLINE
	try g++ cc $cxx_flags -DBARSPAN_NO_INLINE
}

# check_exports LIBRARY: compares the exported symbols with the library's map.
# Symbols that end in an underscore are private.
check_exports() {
	sed -n 's/^\t\([a-z][a-z0-9_]*\);$/\1/p' "$maps/$1.map" |
		sed 's/_$/_@@BARSPAN_PRIVATE/; t; s/$/@@BARSPAN_0/' | sort >"$stage/wanted"
	nm -D --defined-only "$libdir/$1.so" | sed -n 's/.* [A-Z] \(barspan_.*\)$/\1/p' |
		sort >"$stage/exported"
	test -s "$stage/wanted" && quiet diff "$stage/wanted" "$stage/exported"
	report $? "$1: the symbols of the map are exported"
	nm -D --defined-only "$libdir/$1.so" | grep -v ' [A-Z] barspan_' |
		grep -v -e ' A BARSPAN_0$' -e ' A BARSPAN_PRIVATE$' >"$stage/output"
	test ! -s "$stage/output"
	report $? "$1: no other symbols are exported"
	# Both libraries and the preloaded object's folder have the same number.
	readelf -d "$libdir/$1.so" | grep -q "soname: .$1.so.$(value BARSPAN_MAJOR)\]"
	report $? "$1: the soname has the major version"
	readelf -d "$libdir/$1.so" | grep -q 'FLAGS_1.* NOW NODELETE'
	report $? "$1: functions are bound at start, and dlclose() does not unload it"
}

if [ -f "$libdir/libbarspan.so" ]; then
	check_exports libbarspan
	check_exports libbarspan-trap
	test "$(ls "$libdir/barspan-$(value BARSPAN_MAJOR)")" = libbarspan-preload.so
	report $? 'the folder with the major version has the preloaded object and no .la file'
	nm -D --undefined-only "$libdir/libbarspan.so" |
		grep -E -e ' (__)?(sigaction|signal|sigaltstack)(@|$)' \
			-e ' (__)?(dlopen|dlsym|dlmopen)(@|$)' -e 'Zydis' >"$stage/output"
	test ! -s "$stage/output"
	report $? 'libbarspan has no signal handler, no dlopen() and no decoder'
else
	skip 'exported symbols' 'no shared library'
fi
finish
