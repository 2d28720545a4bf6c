#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Writes the fuzz targets' seeds to FOLDER/capability and FOLDER/layout:
# corpus.sh FOLDER
set -eu
folder=$1
mkdir -p "$folder/capability" "$folder/layout"

# little BYTES NUMBER...: prints each number in little-endian order.
little() {
	bytes=$1
	shift
	for number in "$@"; do
		i=0
		while [ "$i" -lt "$bytes" ]; do
			printf "\\$(printf %03o $((number >> (8 * i) & 255)))"
			i=$((i + 1))
		done
	done
}

# Prints the offset of the chain, which the target reads first, and the 32 bytes
# of struct vfio_region_info.
info() {
	little 4 "$1" 256 15 0 "$1"
	little 8 65536 0
}
# Capabilities: id, version, next. Sparse ones add a count and 4 reserved bytes.
header() {
	little 2 "$1" "$2"
	little 4 "$3"
}
sparse() {
	header 1 1 "$1"
	little 4 "$2" 0
}

cd "$folder/capability"
info 0 >no-capability
{ info 32; sparse 0 2; little 8 0 4096 8192 4096; } >two-areas
{ info 32; sparse 0 0; } >no-areas
{ info 32; header 3 1 40; sparse 0 1; little 8 0 4096; } >msix-then-sparse
{ info 32; header 9 1 40; header 1 2 48; sparse 0 1; little 8 4096 4096; } >unknown-skipped
{ info 32; header 3 1 40; header 3 1 32; } >loop
{ info 32; sparse 0 4294967295; little 8 0 4096; } >too-many-areas
{ info 32; sparse 0 268435457; little 8 0 4096; } >count-overflows
{ info 32; header 3 1 4294967295; } >next-outside
{ info 32; sparse 64 1; little 8 0 4096; sparse 0 1; little 8 0 4096; } >sparse-twice
{ info 33; little 1 0; header 3 1 0; } >unaligned
info 4 >inside-the-header
info 4294967288 >first-outside

# request FLAGS STRICT PROT PAGE_SHIFT N_HOLES SIZE OFFSET LENGTH INDEX BAR
# MSIX_OFFSET MSIX_ENTRIES: LENGTH is one less than the window's.
request() {
	little 1 "$1" "$2" "$3" "$4" "$5"
	little 8 "$6" "$7" "$8"
	little 1 "$9" "${10}"
	little 4 "${11}"
	little 2 "${12}"
}
areas() { little 8 "$@"; }

cd ../layout
request 7 0 3 0 0 65536 0 65535 0 1 0 0 >whole
{ request 15 0 3 0 0 65536 0 65535 0 1 0 0; areas 0 4096 8192 4096; } >two-areas
{
	request 15 0 3 0 0 65536 0 65535 0 1 0 0
	areas 8192 4096 0 4096 4096 4096
} >touching-in-disorder
{ request 15 1 3 0 0 65536 0 65535 0 1 0 0; areas 0 8192 4096 8192; } >overlap
{ request 15 0 3 0 0 65536 0 65535 0 1 0 0; areas 100 8192 20000 9000 40000 0; } >unaligned
{
	request 15 0 3 0 0 65536 0 65535 0 1 0 0
	areas 61440 8192 -4096 8192 70000 4096
} >past-the-end-and-overflow
{ request 15 0 3 0 2 65536 0 65535 0 1 0 0; areas 4096 1 20000 5000 0 65536; } >holes
{ request 15 0 3 0 0 65536 0 65535 0 0 8192 63; areas 0 65536; } >msix
{ request 31 0 3 0 0 65536 0 65535 0 0 8192 63; areas 0 65536; } >msix-mappable
{ request 15 0 3 2 0 66000 16384 40000 0 1 0 0; areas 0 66000; } >window-of-16K-pages
{ request 15 0 3 4 0 256 0 255 0 1 0 0; areas 0 256; } >smaller-than-a-page
request 3 0 3 0 0 65536 0 65535 0 1 0 0 >not-mappable
request 15 0 3 0 0 65536 0 65535 0 1 0 0 >no-areas
{ request 15 0 1 0 0 -1 0 -2 0 1 0 0; areas 0 -1 4096 -4097; } >huge
