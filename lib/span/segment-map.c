/* SPDX-License-Identifier: BSD-3-Clause */
#include "span/segment-map.h"

#include <errno.h>
#include <sys/mman.h>

#include "device/device.h"
#include "util/log.h"
#include "span/registry.h"
#include "span/span.h"
#include "util/sys.h"

/* Unmaps what a transport's failed `map` left of a scratch reservation with one page behind it. */
static void drop_scratch(struct reservation *scratch, size_t size)
{
	if (reservation_reclaim(scratch->base, size, scratch->base + size)) {
		reservation_release(scratch->start, scratch->length);
		return;
	}
	reservation_release(scratch->base + size, scratch->length - size);
	log_error("a failed map left a mapping at %p + 0x%zx, which stays", (void *)scratch->base, size);
}

/* A transport maps at a given address only. It gets a reserved one. */
static int map_scratch(const struct span *span, const struct segment *segment, uint8_t **out)
{
	size_t size = segment_size(segment);
	struct reservation_request request = {
		.length = size, .alignment = span->page_size, .with_neighbour = true,
	};
	struct reservation scratch;
	int r = reservation_create(&scratch, &request);

	if (r)
		return r;
	r = device_map_at(span->device, span->index, span->request.offset + segment->offset, size, span->prot,
			  scratch.base);
	if (r) {
		drop_scratch(&scratch, size);
		return r;
	}
	r = reservation_trim(&scratch, size);
	if (r)
		reservation_release(scratch.start, scratch.length);
	else
		*out = scratch.base;
	return r;
}

/* Maps a segment at an address of the kernel's choice. On failure nothing is left. */
static int map_anywhere(const struct span *span, const struct segment *segment, uint8_t **out)
{
	uint64_t offset = span->request.offset + segment->offset;

	if (segment->length > SIZE_MAX - span->page_size)
		return -ENOMEM;
	if (span->device->locate)
		return device_map_anywhere(span->device, span->index, offset, segment_size(segment), span->prot, out);
	return map_scratch(span, segment, out);
}

int segment_try(const struct span *span, const struct segment *segment)
{
	uint8_t *elsewhere;
	int r = map_anywhere(span, segment, &elsewhere);

	if (!r)
		reservation_release(elsewhere, segment_size(segment));
	/* The mapping that is there needs neither addresses nor memory again. */
	return r == -ENOMEM || r == -EAGAIN ? 0 : r;
}

static bool is_reserved(const struct span *span, const uint8_t *page)
{
	uintptr_t start = (uintptr_t)page;
	struct registry_range owned;

	if (page < span->reservation.start || page >= span->reservation.start + span->reservation.length)
		return false;
	return !span->is_detoured || span_next_owned(span, (uintptr_t)span->base, start, start + span->page_size, &owned);
}

/* A page of the reservation, with nothing mapped over it, that touches segment i; NULL: there is none. */
static uint8_t *find_neighbour(const struct span *span, size_t i)
{
	const struct segment *segment = &span->segments[i];
	uint8_t *left = segment->address - span->page_size, *right = segment->address + segment_size(segment);
	bool is_last = i + 1 == span->n_segments;

	if ((is_last || !segment_is_mapped(segment + 1)) && is_reserved(span, right))
		return right;
	return (!i || !segment_is_mapped(segment - 1)) && is_reserved(span, left) ? left : NULL;
}

void segment_narrow_lost(const struct span *span, size_t i, uint8_t **lost, size_t *length)
{
	uint8_t *neighbour = find_neighbour(span, i), *start = *lost, *end = start + *length;
	size_t page = span->page_size;

	if (!neighbour)
		return;
	while (neighbour >= end && end > start &&
	       reservation_is_whole(end - page, (size_t)(neighbour + page - (end - page))))
		end -= page;
	while (neighbour < start && end > start && reservation_is_whole(neighbour, (size_t)(start + page - neighbour)))
		start += page;
	*lost = start;
	*length = (size_t)(end - start);
}

/* One MAP_FIXED over the reservation. */
static int map_in_place(struct span *span, const struct segment *segment, uint8_t *neighbour, bool *lost)
{
	size_t size = segment_size(segment);
	bool again;
	int r;

	do {
		r = device_map_at(span->device, span->index, span->request.offset + segment->offset, size, span->prot,
				  segment->address);
		*lost = r && !reservation_reclaim(segment->address, size, neighbour);
		again = r == -EAGAIN && !*lost && reservation_unlock(&span->reservation);
	} while (again);
	return r;
}

/* Makes a mapping fit to be moved into a span that is in use. */
static int hide_mapping(const struct span *span, uint8_t *address, size_t size)
{
	int r = span->device->marks_mappings ? 0 : sys_madvise(address, size, MADV_DONTDUMP);

	return r ? r : sys_mprotect(address, size, PROT_NONE);
}

/* Maps a segment at another address and moves it into place. */
static int map_and_move(const struct span *span, const struct segment *segment, bool hidden, uint8_t *neighbour,
			bool *lost)
{
	size_t size = segment_size(segment);
	uint8_t *elsewhere;
	int r = map_anywhere(span, segment, &elsewhere);

	if (r)
		return r;
	if (hidden)
		r = hide_mapping(span, elsewhere, size);
	if (!r) {
		r = sys_mremap(elsewhere, size, segment->address);
		*lost = r && !reservation_reclaim(segment->address, size, neighbour);
	}
	if (r)
		reservation_release(elsewhere, size);
	return r;
}

int segment_map_new(struct span *span, size_t i, bool *lost)
{
	struct segment *segment = &span->segments[i];
	uint8_t *neighbour;

	if (!span->base)
		return map_anywhere(span, segment, &segment->address);
	neighbour = find_neighbour(span, i);
	if (!neighbour)
		return map_and_move(span, segment, false, NULL, lost);
	return map_in_place(span, segment, neighbour, lost);
}

/* BARSPAN_INDEPENDENT: any address will do. */
static int map_independent(struct span *span, struct segment *segment)
{
	uint8_t *address;
	int r = map_anywhere(span, segment, &address);

	if (r)
		return r;
	r = hide_mapping(span, address, segment_size(segment));
	segment->address = address;
	if (!r)
		r = span_register_segment(span, segment);
	if (r) {
		segment->address = NULL;
		reservation_release(address, segment_size(segment));
	}
	return r;
}

int segment_map_suspended(struct span *span, size_t i, bool *lost)
{
	if (!span->base)
		return map_independent(span, &span->segments[i]);
	return map_and_move(span, &span->segments[i], true, find_neighbour(span, i), lost);
}
