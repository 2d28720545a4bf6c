#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# barspan show, as text and as JSON.
. "${srcdir:-.}/tests/tool/program.sh"
plan 30

run show "$sparse"
ended 0 'a sparse region is shown'
is_empty "$err" 'a sparse region is shown without a message'
has "$out" "^BAR0  .*\($(hex $((4 * page)))\)  read write mmap sparse$" \
	'show prints name, size and flags'
has "$out" "^ +0x0 \+ $(hex "$page") .*direct$" 'show prints the first area'
has "$out" "^ +$(hex "$page") \+ $(hex $((2 * page))) .*hole +sparse$" \
	'show prints the hole and its reason'
has "$out" "^ +$(hex $((3 * page))) \+ $(hex "$page") .*direct$" 'show prints the second area'
has "$out" '^  direct +[0-9]+K  50\.0 %$' 'show prints the number of direct bytes'
has "$out" '^    sparse +[0-9]+K  50\.0 %  in no area' \
	'show prints the number of bytes and the meaning of a reason'
has "$out" '^  #{19}\.+ sparse \.+#{20}$' 'the picture is 80 columns wide and in ASCII'
lacks "$out" '[^ -~]' 'the C locale gets only ASCII'

export COLUMNS=40
run show "$sparse"
has "$out" '^  #{9}\.{5} sparse \.{6}#{10}$' 'COLUMNS=40 makes the picture narrower'
lacks "$out" '^.{45}' 'COLUMNS=40 makes all lines narrower'
COLUMNS=200
run show "$sparse"
has "$out" '^  #{49}\.+ sparse \.+#{50}$' 'COLUMNS=200 makes the picture wider'
COLUMNS=nonsense
run show "$sparse"
has "$out" '^  #{19}\.+ sparse \.+#{20}$' 'an invalid COLUMNS is ignored'
unset COLUMNS

if [ "$(LC_ALL=C.UTF-8 locale charmap 2>/dev/null)" = UTF-8 ]; then
	LC_ALL=C.UTF-8
	run show "$sparse"
	LC_ALL=C
	has "$out" '██░░.* sparse .*░░██' 'a UTF-8 locale gets block characters'
else
	skip 'a UTF-8 locale gets block characters' 'no C.UTF-8'
fi

run show "soft:4K;0;256@rw;$((2 * page)):"
has "$out" '^BAR2  256 \(0x100\)  read write$' 'a region that cannot be mapped is shown'
has "$out" '^ +0x0 \+ 0x100 +256  hole +unmappable$' 'a region that cannot be mapped is a hole'
lacks "$out" '^BAR1' 'a region of size 0 is not shown'
has "$out" "^ +0x0 \+ $(hex $((2 * page))) .*hole +sparse$" \
	'a sparse region without areas is a hole'

run show --region BAR2 "soft:4K;0;256@rw"
lacks "$out" '^BAR0' '--region leaves other regions out'
has "$out" '^BAR2' '--region shows the region'
fails 'region 1: cannot map: ENOENT' '--region with a region of size 0' show --region 1 'soft:4K;0'
run show soft:0
has "$out" '^no region$' 'a device without regions is shown'

run show "soft:$((2 * page)):0+$((page + 8))"
has "$err" '^barspan: soft region 0: area 0 .*not page-aligned' \
	'messages of the library are printed'

run show --json "$sparse;256@r"
ended 0 '--json succeeds'
has_json 'JSON has the region' device="$sparse;256@r" 'regions.#=2' \
	regions.0.index=0 regions.0.name=BAR0 regions.0.size=$((4 * page)) \
	regions.0.flags.read=true regions.0.flags.write=true regions.0.flags.mmap=true \
	regions.0.flags.sparse=true regions.0.flags.msix_mappable=false \
	'regions.0.areas.#=2' regions.0.areas.1.offset=$((3 * page)) \
	regions.0.areas.1.length="$page" regions.0.direct=$((2 * page)) \
	regions.0.hole=$((2 * page)) regions.0.reasons.sparse=$((2 * page)) 'regions.0.reasons.#=1'
has_json 'JSON has the extents' 'regions.0.extents.#=3' \
	regions.0.extents.0.offset=0 regions.0.extents.0.length="$page" \
	regions.0.extents.0.kind=direct regions.0.extents.0.reason=none \
	regions.0.extents.1.offset="$page" regions.0.extents.1.length=$((2 * page)) \
	regions.0.extents.1.kind=hole regions.0.extents.1.reason=sparse \
	regions.0.extents.2.offset=$((3 * page)) regions.0.extents.2.kind=direct
has_json 'JSON has a region that cannot be mapped' \
	regions.1.size=256 regions.1.flags.write=false \
	regions.1.extents.0.reason=unmappable regions.1.direct=0 regions.1.hole=256

if find_lie; then
	run_lying mmap show "$sparse"
	has "$out" '^ +0x0 \+ .*hole +failed$' \
		'an area that cannot be mapped is a hole with the reason failed'
	run_lying pread-error show "$sparse"
	ended 0 'show reads no register'
else
	skip 'an area that cannot be mapped is a hole with the reason failed' \
		'no library can be preloaded'
	skip 'show reads no register' 'no library can be preloaded'
fi
finish
