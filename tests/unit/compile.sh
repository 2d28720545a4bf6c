#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# The installed headers and libraries, as programs of others see them. Prints TAP; runs in the build folder.
set -u
: "${srcdir:=.}"
map=$(cd "$srcdir" && pwd)/lib/libbarspan.map
stage=$(pwd)/tests/compile.tmp
value() { sed -n "s/^$1 = //p" Makefile | head -n 1; }
prefix=$(value prefix)
. "$srcdir/tests/support/tap.sh"

explain() {
	cat "$stage/output" 2>/dev/null
}
quiet() { "$@" >"$stage/output" 2>&1; }

# Both programs are the same but for the language.
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
		struct barspan *span;

		memset(&region, 0, sizeof(region));
		memset(&options, 0, sizeof(options));
		region.size = 0x30000;
		region.flags = BARSPAN_REGION_READ | BARSPAN_REGION_WRITE | BARSPAN_REGION_MMAP;
		region.areas = areas;
		region.n_areas = 2;
		options.size = sizeof(options);
		if (barspan_device_open_soft(&device, &soft) || barspan_map(&span, device, 0, &options))
			return 1;
		barspan_write32(span, 0x10004, 0x12345678);
		barspan_write8(span, 0x20000, 7);
		if (barspan_read32(span, 0x10004) != 0x12345678 || barspan_read8(span, 0x20000) != 7 || barspan_take_error(span, NULL))
			return 2;
		if (!barspan_is_direct(span, 0, 0x10000) || barspan_is_direct(span, 0, 0x10001))
			return 3;
		if (barspan_pointer(span, 0x20000, 4) != (volatile char *)barspan_base(span) + 0x20000)
			return 4;
		if (barspan_extent_at(span, 0x10000, &extent) || extent.reason != BARSPAN_REASON_SPARSE)
			return 5;
		barspan_unmap(span);
		barspan_device_close(device);
		return strcmp(barspan_version(), BARSPAN_VERSION) != 0;
	}
	END
}

# The flags of others' projects, all of them errors.
warnings='-Werror -Wall -Wextra -pedantic -pedantic-errors -Wshadow -Wundef'
c_flags="$warnings -std=c99 -Wstrict-prototypes -Wmissing-prototypes"
cxx_flags="$warnings -std=c++11"

# try COMPILER SUFFIX FLAGS
try() {
	compiler=$1 suffix=$2
	shift 2
	for level in -O0 -O2; do
		if ! command -v "$compiler" >/dev/null; then
			skip "$compiler $level" "no $compiler"
			continue
		fi
		quiet "$compiler" "$@" $level $cflags "$stage/program.$suffix" -o "$stage/program" $libs &&
			quiet env LD_LIBRARY_PATH="$libdir" "$stage/program"
		report $? "$compiler $level, shared library"
		if [ -f "$libdir/libbarspan.a" ]; then
			quiet "$compiler" "$@" $level $cflags "$stage/program.$suffix" -o "$stage/program" \
				"$libdir/libbarspan.a" -pthread && quiet "$stage/program"
			report $? "$compiler $level, static library"
		fi
	done
	for header in $headers; do
		command -v "$compiler" >/dev/null || continue
		# Twice, which the guard against that makes the same as once.
		printf '#include <%s>\n#include <%s>\nextern int unused;\n' "$header" "$header" >"$stage/alone.$suffix"
		quiet "$compiler" "$@" $cflags -c "$stage/alone.$suffix" -o "$stage/alone.o"
		report $? "$compiler, $header alone"
	done
}

rm -rf "$stage"
mkdir -p "$stage"
trap 'rm -rf "$stage"' EXIT
quiet env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL make install-libLTLIBRARIES install-pkgconfigDATA \
	install-includeHEADERS install-barspanincludeHEADERS install-barspaninlineHEADERS DESTDIR="$stage/root"
report $? "install"

headers=$(cd "$stage/root$prefix/include" && find . -name '*.h' | sed 's,^\./,,' | sort)
test "$(echo "$headers" | wc -w)" -ge 6
report $? "headers are installed"

pkgconfig=$(find "$stage/root" -name barspan.pc)
if command -v pkg-config >/dev/null; then
	PKG_CONFIG_LIBDIR=$(dirname "$pkgconfig") PKG_CONFIG_SYSROOT_DIR="$stage/root"
	PKG_CONFIG_ALLOW_SYSTEM_CFLAGS=1 PKG_CONFIG_ALLOW_SYSTEM_LIBS=1
	export PKG_CONFIG_LIBDIR PKG_CONFIG_SYSROOT_DIR PKG_CONFIG_ALLOW_SYSTEM_CFLAGS PKG_CONFIG_ALLOW_SYSTEM_LIBS
	quiet pkg-config --exists --print-errors barspan
	report $? "pkg-config finds it"
	test "$(pkg-config --modversion barspan)" = "$(value VERSION)"
	report $? "pkg-config names the version"
	cflags=$(pkg-config --cflags barspan)
	libs=$(pkg-config --libs barspan)
else
	skip pkg-config 'no pkg-config'
	cflags="-I$stage/root$prefix/include"
	libs="-L$(dirname "$pkgconfig")/.. -lbarspan"
fi
libdir=$(dirname "$(find "$stage/root" -name 'libbarspan.so' -o -name 'libbarspan.a' | head -n 1)")

write_program "$stage/program.c"
write_program "$stage/program.cc"
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

if [ -f "$libdir/libbarspan.so" ]; then
	sed -n 's/^\t\([a-z][a-z0-9_]*\);$/\1/p' "$map" | sort >"$stage/wanted"
	nm -D --defined-only "$libdir/libbarspan.so" | sed -n 's/.* [A-Z] \(.*\)@@BARSPAN_0$/\1/p' | sort >"$stage/exported"
	quiet diff "$stage/wanted" "$stage/exported"
	report $? "the symbols of the map are exported"
	nm -D --defined-only "$libdir/libbarspan.so" | grep -v '@@BARSPAN_0$' | grep -v ' A BARSPAN_0$' >"$stage/output"
	test ! -s "$stage/output"
	report $? "no others are"
else
	skip 'exported symbols' 'no shared library'
fi
finish
