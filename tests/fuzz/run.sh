#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Fuzzes one target: run.sh SOURCE_FOLDER NAME SECONDS. Works in tests/fuzz of
# the build folder.
set -eu
source=$1 name=$2 seconds=$3
clang=${CLANG:-clang}

if ! command -v "$clang" >/dev/null; then
	echo "make fuzz needs $clang (Debian: clang)" >&2
	exit 1
fi
"$source/tests/fuzz/corpus.sh" tests/fuzz/corpus
mkdir -p "tests/fuzz/found/$name"
# The targets belong to the layer layout and need the functions that it calls.
set --
for layer in util layout device span compat; do
	set -- "$@" "$source/lib/$layer"/*.c
done
"$clang" -std=gnu11 -D_GNU_SOURCE -g -O1 -fsanitize=fuzzer,address,undefined \
	-fno-sanitize-recover=all -I"$source/include" -I"$source/lib" -I"$source/tests" \
	"$source/tests/fuzz/fuzz-$name.c" "$@" -o "tests/fuzz/libfuzzer-$name"
"tests/fuzz/libfuzzer-$name" -max_total_time="$seconds" -print_final_stats=1 \
	-artifact_prefix="tests/fuzz/found/" "tests/fuzz/found/$name" "tests/fuzz/corpus/$name"
