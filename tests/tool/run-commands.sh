#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# barspan run with each kind of program, script and folder as its command.
. "${srcdir:-.}/tests/tool/program.sh"

driver=$PWD/tests/tool/legacy-driver
played=$PWD/tests/tool/.libs/fake-vfio.so
linker=$(ldd "$driver" | sed -n 's,^[^/]*\(/[^ ]*/ld-[^ ]*\).*,\1,p')

drive() { # ARGUMENT...
	status=0
	LD_PRELOAD=$played "$barspan" run "$@" >"$out" 2>"$err" </dev/null || status=$?
}

works() { # DESCRIPTION ARGUMENT...
	description=$1
	shift
	drive "$@"
	bad=0
	[ "$status" -eq 0 ] || bad=1
	[ "$(cat "$out")" = ok ] || bad=1
	report "$bad" "$description"
}

works 'several --trap options add up' \
	--trap=emulate --trap=report --report="$work/report" -- "$driver"
has "$work/report" 'trap report: [1-9]' 'each of the modes is active'
refuses 'trap=.*off.* excludes' 'off excludes other modes' run --trap=off --trap=emulate true

# PATH.
mkdir "$work/folder" "$work/folder/the-driver" "$work/text" "$work/good"
echo text >"$work/text/the-driver"
cp "$driver" "$work/good/the-driver"
PATH=$work/folder:$work/text:$work/good:$PATH \
	works 'folders and files that are not executable are skipped in PATH' the-driver
PATH=$work/folder:$PATH drive the-driver
ended 126 'a folder in PATH cannot be run'
has "$err" 'the-driver.*EACCES' 'the message has the error'
drive "$work/folder"
ended 126 'a folder cannot be run by its path'
drive ''
ended 127 'an empty name is not found'
has "$err" "^barspan: '': cannot run: ENOENT" 'the message has an empty name'

# Scripts.
printf 'exec "$1"\n' >"$work/plain-script"
chmod 755 "$work/plain-script"
works "the shell runs a script without an interpreter" "$work/plain-script" "$driver"
works 'a report of a script without an interpreter' \
	--trap=emulate --trap=report --report="$work/report" "$work/plain-script" "$driver"
printf '#!%s\n' "$PWD/tests/tool/static-program" >"$work/static-script"
chmod 755 "$work/static-script"
fails 'static-program: linked statically' 'a script with a static interpreter' \
	run "$work/static-script"

# The dynamic linker as a program.
if [ -n "$linker" ]; then
	works 'ld.so PROGRAM' "$linker" "$driver"
	works 'ld.so with options' "$linker" --library-path /nowhere "$driver"
	fails 'static-program: linked statically' 'ld.so with a static program' \
		run "$linker" "$PWD/tests/tool/static-program"
else
	skip 'ld.so PROGRAM' 'ldd names no dynamic linker'
fi

# Programs that cannot load the preloaded object.
zeros='\000\000\000\000\000\000\000\000\000'
printf "\\177ELF\\001\\001\\001$zeros\\002\\000\\003\\000\\001%060d" 0 >"$work/small"
printf "\\177ELF\\002\\001\\001$zeros\\002\\000\\377\\000\\001%060d" 0 >"$work/other"
LC_ALL=C sed 's#/lib64/ld-linux-x86-64.so.2#/lib/ld-musl-x86_64.so.1\x00\x00\x00#' \
	"$driver" >"$work/musl"
head -c 40 "$driver" >"$work/short"
chmod 755 "$work/small" "$work/other" "$work/musl" "$work/short"
fails 'small: a program of 32 bits: the preloaded object has 64' 'a program of 32 bits' \
	run "$work/small"
fails 'other: for another machine' 'a program for another machine' run "$work/other"
fails 'musl: for another C library \(musl\): its dynamic linker is /lib/ld-musl' \
	'a program for musl' \
	run "$work/musl"
fails 'short: the ELF file is truncated' 'a truncated ELF file' run "$work/short"

# The runtime of gcc's address sanitizer refuses to start if it is not the first
# library.
unset ASAN_OPTIONS
echo 'int main(void){return 0;}' >"$work/try.c"
if gcc -fsanitize=address -o "$work/try" "$work/try.c" 2>/dev/null && "$work/try"; then
	gcc -std=gnu11 -D_GNU_SOURCE -fsanitize=address -g -o "$work/asan" \
		"${srcdir:-.}/tests/tool/run-driver.c" >"$err" 2>&1
	drive --trap=emulate,report --report="$work/report" "$work/asan" return
	ended 0 "a program with gcc's address sanitizer succeeds"
	has "$work/report" ' 5 accesses, 0 failed' 'its accesses to holes are served'
else
	skip "gcc's address sanitizer" 'no gcc with a sanitizer'
fi

# The installed tree in another place, without the build folder.
libraries=$(sed -n 's,^libdir = ${[a-z_]*}/,,p' Makefile)
tree=$work/tree
# Below /usr, programs look for libraries where all others do.
search=$tree/$libraries
[ -z "$(sed -n 's/^ORIGIN_RPATH = //p' Makefile)" ] || search=''
if [ -n "$libraries" ]; then
	folder=$tree/$libraries/barspan-$(sed -n 's/^BARSPAN_MAJOR = //p' Makefile)
	mkdir -p "$tree/bin" "$folder"
	cp .libs/barspan "$tree/bin/"
	cp .libs/libbarspan.so.0 "$tree/$libraries/"
	nowhere=$(echo "$PWD/.libs" | tr -c '/\n' x)
	LC_ALL=C sed "s,$PWD/.libs,$nowhere,g" .libs/libbarspan-trap.so.0 \
		>"$tree/$libraries/libbarspan-trap.so.0"
	LC_ALL=C sed "s,$PWD/.libs,$nowhere,g" .libs/libbarspan-preload.so \
		>"$folder/libbarspan-preload.so"
	status=0
	LD_LIBRARY_PATH=$search LD_PRELOAD=$played "$tree/bin/barspan" run "$driver" \
		>"$out" 2>"$err" || status=$?
	ended 0 'a moved installation works'
else
	skip 'a moved installation works' 'the libraries are not in a folder below the prefix'
fi
mkdir "$work/flat"
cp .libs/barspan .libs/libbarspan-preload.so "$work/flat/"
for name in 'a b' 'a:b'; do
	mkdir "$work/$name"
	cp -R "$work/flat" "$work/$name/flat"
	status=0
	LD_LIBRARY_PATH=$PWD/.libs "$work/$name/flat/barspan" run true >"$out" 2>"$err" || status=$?
	ended 1 "an installation in a folder named '$name' is refused"
	has "$err" 'no path with a blank or a colon' 'the message says why'
done

# A debugger stops at each signal.
printf '#!/bin/sh\n' >"$work/gdb"
chmod 755 "$work/gdb"
drive "$work/gdb"
has "$err" 'handle SIGSEGV SIGBUS nostop noprint pass' 'run prints a hint for gdb'
drive "$work/plain-script" true
is_empty "$err" 'run prints no hint for other programs'
plan "$count"
finish
