#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# The installed library, examples and program, as their users have them. Prints
# TAP.
#
# `make installcheck` and debian/tests/installed run it. The environment has
# DESTDIR and the names of folders below it, and CC and CFLAGS.
set -u
: "${srcdir:=.}" "${DESTDIR:=}" "${CC:=gcc}" "${CFLAGS:=-O2 -Wall -Wextra}"
: "${bindir:=/usr/bin}" "${libdir:=/usr/lib}" "${examplesdir:=/usr/share/doc/libbarspan/examples}"
: "${tool:=yes}" "${emulation:=$(uname -m | sed -n 's/^x86_64$/yes/p')}"
. "$srcdir/tests/support/tap.sh"
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
barspan=$DESTDIR$bindir/barspan

explain() {
	cat "$work/output"
}

quiet() { # COMMAND...
	"$@" >"$work/output" 2>&1
}

# The system's pkg-config files have no DESTDIR.
export PKG_CONFIG_LIBDIR="$DESTDIR$libdir/pkgconfig" PKG_CONFIG_SYSROOT_DIR="$DESTDIR"
export PKG_CONFIG_ALLOW_SYSTEM_CFLAGS=1 PKG_CONFIG_ALLOW_SYSTEM_LIBS=1
export LD_LIBRARY_PATH="$DESTDIR$libdir${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"
static=--static
[ ! -e "$DESTDIR$libdir/libbarspan.so" ] || static=''

# An example is a source file, or a folder of them.
# shellcheck disable=SC2046,SC2086,SC2100 # lists of flags
build_example() { # NAME SOURCE...
	name=$1
	shift
	library=barspan
	! grep -q barspan_trap_ "$@" || library=barspan-trap
	quiet $CC $CFLAGS $(pkg-config --cflags $library) -o "$work/examples/$name" "$@" \
		$(pkg-config --libs $static $library)
	report $? "example $name compiles"
}

for library in barspan barspan-trap; do
	quiet pkg-config --exists --print-errors $library
	report $? "pkg-config finds $library"
done

mkdir "$work/examples"
for example in "$DESTDIR$examplesdir"/*; do
	name=$(basename "$example" .c)
	if [ -d "$example" ]; then
		build_example "$name" "$example"/*.c
		[ "$emulation" = yes ] || continue
		quiet "$work/examples/$name"
		report $? "example $name works"
	elif [ "$example" != "${example%.c}" ]; then
		build_example "$name" "$example"
	fi
done
quiet env EXAMPLES="$work/examples" srcdir="$srcdir" sh "$srcdir/doc/check-examples.sh"
report $? "the examples work"
if [ "$tool" != yes ]; then
	finish
fi

[ "$("$barspan" --version 2>&1)" = "barspan $(pkg-config --modversion barspan)" ]
report $? "the program has the version of the library"
quiet "$barspan" demo
report $? "barspan demo"
if [ -n "$static" ] || [ "$emulation" != yes ]; then
	finish
fi

# A driver that stores to holes, and a device for it.
# shellcheck disable=SC2086 # a command and its options
quiet $CC -O2 -D_GNU_SOURCE -o "$work/driver" "$srcdir/tests/tool/legacy-driver.c" &&
	quiet $CC -O2 -D_GNU_SOURCE -shared -fPIC -o "$work/fake-vfio.so" "$srcdir/tests/tool/fake-vfio.c"
report $? "the driver of the tests compiles"
fake=$work/fake-vfio.so
quiet env LD_PRELOAD="$fake" "$barspan" run --trap=off -- "$work/driver"
[ $? -eq 139 ]
report $? "without the trap, that driver dies"
quiet env LD_PRELOAD="$fake" "$barspan" run -- "$work/driver"
report $? "barspan run serves that driver"
quiet "$barspan" run -- cat /proc/self/maps
# A path that has DESTDIR is not another installation's.
grep -q " $(realpath "$DESTDIR$libdir")/barspan-[0-9]*/libbarspan-preload.so$" "$work/output"
report $? "barspan run loads the installed object"
finish
