#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# barspan show --svg.
. "${srcdir:-.}/tests/tool/program.sh"
plan 15

svg=$work/picture.svg
run show --svg "$svg" "$sparse;256@rw"
ended 0 'a picture is written'
is_empty "$out" 'and nothing else'
has "$svg" '^<svg xmlns="http://www.w3.org/2000/svg" width="[0-9]+" height="[0-9]+"' 'it is SVG'
has "$svg" '^</svg>$' 'it is complete'
lacks "$svg" 'href|@import|<image|<script' 'it needs no other file'
has "$svg" '<pattern id="barspan-sparse"' 'holes are hatched'
has "$svg" '<pattern id="barspan-unmappable"' 'each reason in its own way'
lacks "$svg" 'barspan-msix' 'reasons that there are none of are left out'
for offset in 0 "$page" $((3 * page)) $((4 * page)); do
	has "$svg" ">$(hex "$offset")</text>" "$(hex "$offset") is labelled"
done

run show --json --svg "$svg" "$sparse"
has_json '--json with --svg prints JSON too' 'regions.#=1'
fails "$work/none/x.svg: cannot write: ENOENT" 'a file that cannot be made' show --svg "$work/none/x.svg" "$sparse"
fails '/dev/full: cannot write: ENOSPC' 'a disk that is full' show --svg /dev/full "$sparse"
finish
