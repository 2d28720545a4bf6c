#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# barspan query.
. "${srcdir:-.}/tests/tool/program.sh"
plan 16

run query "$sparse" 0 0x10
ended 0 'query of a direct offset succeeds'
has "$out" '^BAR0 0x10 \+ 0x1: direct$' 'a direct offset is reported as direct'
has "$out" "^ +0x0 \+ $(hex "$page") .*direct$" 'a direct offset is printed with its extent'

run query "$sparse" bar0 "$page" 4
has "$out" "^BAR0 $(hex "$page") \+ 0x4: hole, sparse: in no area" \
	'a hole is reported with its reason'
has "$out" "^ +$(hex "$page") \+ $(hex $((2 * page))) .*hole +sparse$" \
	'a hole is printed with its extent'

run query "$sparse" 0 $((page - 4)) 8
ended 3 'query of a range across an edge'
has "$out" ': not direct as a whole$' 'a range across an edge is not direct'
bad=0
[ "$(grep -c '^ ' "$out")" -eq 2 ] || bad=1
report $bad 'a range across an edge has two extents'

run query "$sparse" 0 0 $((4 * page))
bad=0
[ "$(grep -c '^ ' "$out")" -eq 3 ] || bad=1
report $bad 'the whole region has three extents'

run query --json "$sparse" 0 $((page - 4)) 8
has_json 'JSON of a range across an edge' region=0 offset=$((page - 4)) \
	length=8 direct=false 'extents.#=2' \
	extents.0.kind=direct extents.1.kind=hole extents.1.reason=sparse extents.1.offset="$page" \
	extents.1.length=$((2 * page))
run query --json "$sparse" 0 $((3 * page)) "$page"
has_json 'JSON of a direct range' direct=true 'extents.#=1' extents.0.offset=$((3 * page))

fails "region 0: $(hex $((4 * page))) \+ 0x1 is past the end.*ERANGE" 'an offset past the end' \
	query "$sparse" 0 $((4 * page))
fails 'ERANGE' 'a range that ends past the end' query "$sparse" 0 $((4 * page - 4)) 8
fails 'ERANGE' 'a range that would overflow' query "$sparse" 0 4 0xffffffffffffffff
fails 'region 1: cannot map: ENOENT' 'a missing region' query "$sparse" 1 0

if find_lie; then
	run_lying pread-error query "$sparse" 0 0 $((4 * page))
	ended 3 'query reads no register'
else
	skip 'query reads no register' 'no library can be preloaded'
fi
finish
