#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# barspan show --svg.
. "${srcdir:-.}/tests/tool/program.sh"
plan 15

svg=$work/picture.svg
run show --svg "$svg" "$sparse;256@rw"
ended 0 '--svg succeeds'
is_empty "$out" '--svg prints nothing'
has "$svg" '^<svg xmlns="http://www.w3.org/2000/svg" width="[0-9]+" height="[0-9]+"' \
	'the picture is SVG'
has "$svg" '^</svg>$' 'the picture is complete'
lacks "$svg" 'href|@import|<image|<script' 'the picture needs no other file'
has "$svg" '<pattern id="barspan-sparse"' 'holes are hatched'
has "$svg" '<pattern id="barspan-unmappable"' 'each reason has its own hatching'
lacks "$svg" 'barspan-msix' 'reasons without a hole are left out'
for offset in 0 "$page" $((3 * page)) $((4 * page)); do
	has "$svg" ">$(hex "$offset")</text>" "$(hex "$offset") is labelled"
done

run show --json --svg "$svg" "$sparse"
has_json '--json with --svg prints JSON too' 'regions.#=1'
fails "$work/none/x.svg: cannot write: ENOENT" 'a file that cannot be created' \
	show --svg "$work/none/x.svg" "$sparse"
fails '/dev/full: cannot write: ENOSPC' 'a full disk' show --svg /dev/full "$sparse"
finish
