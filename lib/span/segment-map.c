/* SPDX-License-Identifier: BSD-3-Clause */
#include "span/segment-map.h"

#include <errno.h>
#include <sys/mman.h>

#include "device/device.h"
#include "util/log.h"
#include "span/registry.h"
#include "span/span.h"
#include "util/sys.h"

/* Releases a scratch reservation, which has one page after `size` bytes, after
 * a transport's `map` into it has failed. */
static void drop_scratch(const struct span *span, struct reservation *scratch, size_t size)
{
	if (reservation_reclaim(scratch->base, size, scratch->base + size)) {
		reservation_release(scratch->start, scratch->length);
		return;
	}
	reservation_release(scratch->base + size, scratch->length - size);
	log_error("%s region %u: failed map left a mapping at %p-%p: left in place",
		  span->window.device, span->index, (void *)scratch->base,
		  (void *)(scratch->base + size - 1));
}

/* A transport maps at given addresses only, so this reserves some first. */
static int map_scratch(const struct span *span, const struct segment *segment, uint8_t **out)
{
	size_t size = segment_size(segment);
	struct reservation_request request = {
		.length = size,
		.alignment = span->page_size,
		.with_neighbour = true,
	};
	struct reservation scratch;
	int r = reservation_create(&scratch, &request);

	if (r)
		return r;
	r = device_map_at(span->device, span->index, span->window.offset + segment->offset, size,
			  span->prot, scratch.base);
	if (r) {
		drop_scratch(span, &scratch, size);
		return r;
	}
	r = reservation_trim(&scratch, size);
	if (r)
		reservation_release(scratch.start, scratch.length);
	else
		*out = scratch.base;
	return r;
}

/* Maps a segment at an address that the kernel chooses. Leaves nothing mapped
 * on failure. */
static int map_anywhere(const struct span *span, const struct segment *segment, uint8_t **out)
{
	uint64_t offset = span->window.offset + segment->offset;

	if (segment->length > SIZE_MAX - span->page_size)
		return -ENOMEM;
	if (span->device->locate)
		return device_map_anywhere(span->device, span->index, offset, segment_size(segment),
					   span->prot, out);
	return map_scratch(span, segment, out);
}

int segment_try(const struct span *span, const struct segment *segment)
{
	uint8_t *elsewhere;
	int r = map_anywhere(span, segment, &elsewhere);

	if (!r)
		reservation_release(elsewhere, segment_size(segment));
	/* The device allows the mapping. The existing one needs no more
	 * addresses or memory. */
	return r == -ENOMEM || r == -EAGAIN ? 0 : r;
}

static bool is_reserved(const struct span *span, const uint8_t *page)
{
	uintptr_t start = (uintptr_t)page;
	struct registry_range owned;

	if (page < span->reservation.start ||
	    page >= span->reservation.start + span->reservation.length)
		return false;
	return !span_is_detoured(&span->handle) ||
	       span_next_owned(span, (uintptr_t)span->base, start, start + span->page_size, &owned);
}

/* Finds a page of the reservation that touches segment i and has no mapping
 * over it; NULL if there is none. */
static uint8_t *find_neighbour(const struct span *span, size_t i)
{
	const struct segment *segment = &span->segments[i];
	uint8_t *left = segment->address - span->page_size,
		*right = segment->address + segment_size(segment);
	bool is_last = i + 1 == span->n_segments;

	if ((is_last || !segment_is_mapped(segment + 1)) && is_reserved(span, right))
		return right;
	return (!i || !segment_is_mapped(segment - 1)) && is_reserved(span, left) ? left : NULL;
}

enum map_result segment_note_lost(const struct span *span, size_t i, struct map_failure *failure)
{
	uint8_t *neighbour = find_neighbour(span, i), *start = span->segments[i].address;
	uint8_t *end = start + segment_size(&span->segments[i]);
	size_t page = span->page_size;

	while (neighbour && neighbour >= end && end > start &&
	       reservation_is_whole(end - page, (size_t)(neighbour + page - (end - page))))
		end -= page;
	while (neighbour && neighbour < start && end > start &&
	       reservation_is_whole(neighbour, (size_t)(start + page - neighbour)))
		start += page;
	failure->lost = start;
	failure->lost_length = (size_t)(end - start);
	return MAP_RANGE_LOST;
}

/* Maps over the reservation with one MAP_FIXED. */
static enum map_result map_in_place(struct span *span, size_t i, uint8_t *neighbour,
				    struct map_failure *failure)
{
	const struct segment *segment = &span->segments[i];
	uint64_t offset = span->window.offset + segment->offset;
	size_t size = segment_size(segment);

	do {
		failure->error = device_map_at(span->device, span->index, offset, size, span->prot,
					       segment->address);
		if (!failure->error)
			return MAP_DONE;
		if (!reservation_reclaim(segment->address, size, neighbour))
			return segment_note_lost(span, i, failure);
	} while (failure->error == -EAGAIN && reservation_unlock(&span->reservation));
	return MAP_ERROR;
}

/* Prepares a mapping to be moved into a span that is in use: it must have no
 * access yet. */
static int hide_mapping(const struct span *span, uint8_t *address, size_t size)
{
	int r = span->device->marks_mappings ? 0 : sys_madvise(address, size, MADV_DONTDUMP);

	return r ? r : sys_mprotect(address, size, PROT_NONE);
}

/* Moves a mapping to a segment's addresses. On failure it stays where it is. */
static enum map_result move_into_place(const struct span *span, size_t i, uint8_t *elsewhere,
				       struct map_failure *failure)
{
	const struct segment *segment = &span->segments[i];
	size_t size = segment_size(segment);
	uint8_t *neighbour = find_neighbour(span, i);

	failure->error = sys_move_mapping(elsewhere, size, segment->address);
	if (!failure->error)
		return MAP_DONE;
	if (reservation_reclaim(segment->address, size, neighbour))
		return MAP_ERROR;
	return segment_note_lost(span, i, failure);
}

/* Maps a segment at another address and moves it into place. */
static enum map_result map_and_move(const struct span *span, size_t i, bool hidden,
				    struct map_failure *failure)
{
	const struct segment *segment = &span->segments[i];
	enum map_result result = MAP_ERROR;
	uint8_t *elsewhere;

	failure->error = map_anywhere(span, segment, &elsewhere);
	if (failure->error)
		return MAP_ERROR;
	if (hidden)
		failure->error = hide_mapping(span, elsewhere, segment_size(segment));
	if (!failure->error)
		result = move_into_place(span, i, elsewhere, failure);
	if (result != MAP_DONE)
		reservation_release(elsewhere, segment_size(segment));
	return result;
}

enum map_result segment_map_new(struct span *span, size_t i, struct map_failure *failure)
{
	struct segment *segment = &span->segments[i];
	uint8_t *neighbour;

	if (!span->base) {
		failure->error = map_anywhere(span, segment, &segment->address);
		return failure->error ? MAP_ERROR : MAP_DONE;
	}
	neighbour = find_neighbour(span, i);
	if (!neighbour)
		return map_and_move(span, i, false, failure);
	return map_in_place(span, i, neighbour, failure);
}

/* With BARSPAN_INDEPENDENT the segment may have any address. */
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

enum map_result segment_map_suspended(struct span *span, size_t i, struct map_failure *failure)
{
	if (span->base)
		return map_and_move(span, i, true, failure);
	failure->error = map_independent(span, &span->segments[i]);
	return failure->error ? MAP_ERROR : MAP_DONE;
}
