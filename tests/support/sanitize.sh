#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Builds with sanitizers, in folders of their own under the build folder, and
# runs the tests there: sanitize.sh SOURCE_FOLDER SANITIZERS...
set -u
source=$(cd "$1" && pwd)
shift
failed=0

for sanitizers in "$@"; do
	folder=sanitize-${sanitizers%%,*}
	mkdir -p "$folder"
	echo "== -fsanitize=$sanitizers in $folder"
	(
		cd "$folder" || exit 1
		# make exports its options and variables, which are not for
		# these builds.
		unset MAKEFLAGS MFLAGS MAKELEVEL MAKEOVERRIDES
		[ -f config.status ] || "$source/configure" -q --disable-static \
			--enable-sanitizer="$sanitizers" \
			CFLAGS='-g -O1' >configure.out 2>&1 || { tail configure.out; exit 1; }
		make -j2 all >make.out 2>&1 || { tail -n 20 make.out; exit 1; }
		UBSAN_OPTIONS=print_stacktrace=1 make -j2 check >check.out 2>&1
		code=$?
		grep -E '^(FAIL|ERROR|# [A-Z]+:)' check.out
		[ $code -eq 0 ] || [ ! -f test-suite.log ] || tail -n 150 test-suite.log
		# If no test was run, the end of the output has the reason.
		grep -q '^# PASS' check.out || tail -n 20 check.out
		exit $code
	) || failed=1
done
exit $failed
