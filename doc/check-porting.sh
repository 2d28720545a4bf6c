#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# The files in barspan-porting(7): the loop that waits, and a driver whose public header includes ours, by CMake and by
# meson. Prints TAP; runs in the build folder.
set -u
: "${srcdir:=.}"
srcdir=$(cd "$srcdir" && pwd)
work=$(pwd)/doc/check-porting.tmp
installed=$work/installed
. "$srcdir/tests/support/tap.sh"

explain() {
	cat "$work/output" 2>/dev/null
}
quiet() { "$@" >>"$work/output" 2>&1; }

# The library as it is installed, without its manual. It is copied, since libtool links libraries again to install them.
install_library() {
	mkdir -p "$installed/lib/pkgconfig" || return 1
	cp -P .libs/libbarspan.so* "$installed/lib" 2>/dev/null || cp .libs/libbarspan.a "$installed/lib" || return 1
	sed "s,^prefix=.*,prefix=$installed,; s,^libdir=.*,libdir=$installed/lib,
		s,^includedir=.*,includedir=$srcdir/include," lib/barspan.pc >"$installed/lib/pkgconfig/barspan.pc"
}

# extract FILE: copies it from the page into the work folder.
extract() {
	mkdir -p "$(dirname "$work/$1")"
	awk -v name="$1" -f "$srcdir/doc/snippet.awk" "$srcdir/doc/barspan-porting.7" >"$work/$1"
	report $? "the page has $1"
}

write_sources() {
	cat >"$work/driver/driver.h" <<-'END'
	#include <barspan.h>
	#define REG_READ(bar, offset) barspan_ptr_read32((const volatile char *)(bar) + (offset))
	uint32_t driver_status(const volatile void *bar);
	END
	cat >"$work/driver/driver.c" <<-'END'
	#include "driver.h"
	uint32_t driver_status(const volatile void *bar) { return REG_READ(bar, 4); }
	END
	cat >"$work/program/program.c" <<-'END'
	#include <driver.h>
	int main(void)
	{
		static const unsigned char bar[8] __attribute__((aligned(8))) = { 1, 0, 0, 0, 2, 0, 0, 0 };

		return REG_READ(bar, 0) != 1 || driver_status(bar) != 2;
	}
	END
}

# A device that is ready after some reads, fails, or answers with all ones.
write_waiter() {
	cat >"$work/waiter.c" <<-'END'
	#define _DEFAULT_SOURCE
	#include <barspan.h>
	#include <errno.h>
	#include <stdio.h>
	#include <string.h>
	#include <unistd.h>
	#include "wait-until-set.c"

	struct answer { int error; unsigned int wait; uint32_t value; };

	static int answer(void *context, uint64_t offset, void *buffer, size_t length)
	{
		struct answer *answer = context;

		(void)offset;
		memset(buffer, 0, length);
		if (!answer->wait)
			memset(buffer, (int)answer->value, length);
		else
			answer->wait--;
		return answer->error;
	}

	static int wait_for(struct answer wanted)
	{
		struct barspan_soft_region region = { .size = 0x1000, .flags = BARSPAN_REGION_READ, .read = answer,
						      .context = &wanted };
		struct barspan_soft_options options = BARSPAN_SOFT_OPTIONS(&region, 1);
		struct barspan_device *device;
		struct barspan *span;
		int r;

		if (barspan_device_open_soft(&device, &options) || barspan_map(&span, device, 0, NULL))
			return -EDOM;
		r = wait_until_set((volatile char *)barspan_base(span) + 8, 3);
		barspan_unmap(span);
		barspan_device_close(device);
		return r;
	}

	int main(void)
	{
		printf("ready %d\n", wait_for((struct answer){ .wait = 3, .value = 3 }));
		printf("failing %d\n", wait_for((struct answer){ .error = -EIO, .value = 3 }) == -EIO);
		printf("gone %d\n", wait_for((struct answer){ .value = 255 }) == -ENODEV);
		printf("half %d\n", wait_for((struct answer){ .value = 2 }) == -ETIMEDOUT);
		return 0;
	}
	END
}

try_loop() {
	# shellcheck disable=SC2046 # a list of flags
	quiet cc -Wall -Wextra -Werror -I"$work" "$work/waiter.c" -o "$work/waiter" $(pkg-config --cflags --libs barspan)
	report $? "the loop compiles"
	"$work/waiter" >"$work/waited"
	printf 'ready 0\nfailing 1\ngone 1\nhalf 1\n' | quiet diff - "$work/waited"
	report $? "the loop returns 0, the error of a read, ENODEV, ETIMEDOUT"
}

try_cmake() {
	command -v cmake >/dev/null || { skip 'CMake' 'no cmake'; return; }
	quiet cmake -S "$work/driver" -B "$work/cmake-driver" -DCMAKE_INSTALL_PREFIX="$work/root" &&
		quiet cmake --build "$work/cmake-driver" --target install
	report $? "CMake builds and installs the driver"
	quiet cmake -S "$work/program" -B "$work/cmake-program" -DCMAKE_PREFIX_PATH="$work/root" &&
		quiet cmake --build "$work/cmake-program"
	report $? "CMake builds the program"
	quiet "$work/cmake-program/program"
	report $? "CMake's program reads registers by the macro and by the function"
}

try_meson() {
	command -v meson >/dev/null || { skip 'meson' 'no meson'; return; }
	quiet meson setup "$work/meson-driver" "$work/driver" --prefix "$work/root" --libdir lib &&
		quiet meson install -C "$work/meson-driver"
	report $? "meson builds and installs the driver"
	quiet pkg-config --libs driver && pkg-config --libs driver | quiet grep -e '-lbarspan'
	report $? "the driver's pkg-config file names libbarspan"
	quiet meson setup "$work/meson-program" "$work/program" && quiet meson compile -C "$work/meson-program"
	report $? "meson builds the program"
	quiet "$work/meson-program/program"
	report $? "meson's program reads registers by the macro and by the function"
}

rm -rf "$work"
mkdir -p "$work"
trap 'rm -rf "$work"' EXIT
quiet install_library
report $? "the library is copied"
PKG_CONFIG_PATH=$installed/lib/pkgconfig:$work/root/lib/pkgconfig
LD_LIBRARY_PATH=$installed/lib:$work/root/lib
export PKG_CONFIG_PATH LD_LIBRARY_PATH
unset MAKEFLAGS MFLAGS MAKELEVEL DESTDIR
for file in wait-until-set.c driver/CMakeLists.txt driver/driver-config.cmake program/CMakeLists.txt \
	driver/meson.build program/meson.build; do
	extract "$file"
done
write_sources
write_waiter
try_loop
# A static library cannot become a part of the driver, which is a shared one.
if [ -e "$installed/lib/libbarspan.so" ]; then
	try_cmake
	rm -rf "$work/root"
	try_meson
else
	skip 'CMake and meson' 'no shared library'
fi
finish
