/* SPDX-License-Identifier: BSD-3-Clause */
/* Splits segments at area boundaries and where addresses were detached. */
#include <errno.h>

#include "layout/guard.h"
#include "span/registry.h"
#include "span/segment.h"
#include "span/span.h"
#include "util/sys.h"

/* The index of the first cut inside a segment; n_cuts if there is none. */
static size_t first_cut(const struct span *span, const struct segment *segment)
{
	size_t low = 0;

	for (size_t left = span->n_cuts; left;) {
		size_t half = left / 2;

		if (span->cuts[low + half] <= segment->offset) {
			low += half + 1;
			left -= half + 1;
		} else {
			left = half;
		}
	}
	return low;
}

static size_t count_cuts(const struct span *span, const struct segment *segment)
{
	size_t first = first_cut(span, segment), n = 0;

	while (first + n < span->n_cuts &&
	       span->cuts[first + n] < segment->offset + segment->length)
		n++;
	return n;
}

static bool is_to_split(const struct segment *segment)
{
	return !segment->is_taken &&
	       (segment->state == SEGMENT_FAILED || segment->state == SEGMENT_REFUSED);
}

/* Writes the parts of a segment, which are mapped again one by one. Returns
 * their number. */
static size_t write_parts(const struct span *span, const struct segment *whole, size_t n_cuts,
			  struct segment *out)
{
	size_t first = first_cut(span, whole);

	for (size_t i = 0; i <= n_cuts; i++) {
		uint64_t start = i ? span->cuts[first + i - 1] : whole->offset;
		uint64_t end = i < n_cuts ? span->cuts[first + i] : whole->offset + whole->length;

		out[i] = *whole;
		out[i].offset = start;
		out[i].length = end - start;
		out[i].state = whole->state == SEGMENT_FAILED ? SEGMENT_WANTED : SEGMENT_NO_ACCESS;
		if (whole->address)
			out[i].address = whole->address + (start - whole->offset);
	}
	return n_cuts + 1;
}

int segments_split_failed(struct span *span)
{
	size_t n_more = 0, n = 0;
	struct segment *split;
	int r = 0;

	if (!segments_have(span, SEGMENT_FAILED) && !segments_have(span, SEGMENT_REFUSED))
		return 0;
	if (!span->cuts)
		r = layout_cuts(&span->cuts, &span->n_cuts, &span->window);
	if (r)
		return r;
	for (size_t i = 0; i < span->n_segments; i++)
		if (is_to_split(&span->segments[i]))
			n_more += count_cuts(span, &span->segments[i]);
	if (!n_more)
		return 0;
	if (span->n_segments + n_more > GUARD_MAX_EXTENTS)
		return -ENOMEM;
	split = sys_calloc(span->n_segments + n_more, sizeof(*split));
	if (!split)
		return -ENOMEM;
	for (size_t i = 0; i < span->n_segments; i++) {
		const struct segment *segment = &span->segments[i];
		size_t n_cuts = is_to_split(segment) ? count_cuts(span, segment) : 0;

		if (n_cuts)
			n += write_parts(span, segment, n_cuts, &split[n]);
		else
			split[n++] = *segment;
	}
	sys_free(span->segments);
	span->segments = split;
	span->n_segments = n;
	return 1;
}

/* Returns the end of the part of a segment that begins at `at`. *taken tells
 * whether the part is detached from the span. */
static uintptr_t next_part(const struct span *span, const struct segment *segment, uintptr_t at,
			   uintptr_t end, bool *taken)
{
	uintptr_t base = (uintptr_t)segment->address - (uintptr_t)segment->offset;
	struct registry_range owned;

	*taken = true;
	if (!span_next_owned(span, base, at, end, &owned))
		return end;
	*taken = owned.start > at;
	return *taken ? owned.start : owned.end;
}

/* Splits a segment by the ownership of its addresses. Returns the number of
 * parts; does not write them if `out` is NULL. */
static size_t write_owned(const struct span *span, const struct segment *whole, struct segment *out)
{
	uintptr_t at = (uintptr_t)whole->address, end = at + segment_size(whole), start = at, next;
	uint64_t whole_end = whole->offset + whole->length;
	size_t n = 0;

	if (whole->state == SEGMENT_HOLE || !at) {
		if (out)
			*out = *whole;
		return 1;
	}
	for (; at < end; at = next, n++) {
		bool taken;

		next = next_part(span, whole, at, end, &taken);
		if (!out)
			continue;
		out[n] = *whole;
		out[n].offset = whole->offset + (at - start);
		out[n].length =
			(next < end ? whole->offset + (next - start) : whole_end) - out[n].offset;
		out[n].address = (uint8_t *)at;
		out[n].is_taken = taken;
	}
	return n;
}

int segments_split_taken(struct span *span)
{
	struct segment *split;
	size_t n = 0;

	if (!span_is_detoured(&span->handle))
		return 0;
	for (size_t i = 0; i < span->n_segments; i++)
		n += write_owned(span, &span->segments[i], NULL);
	if (n > GUARD_MAX_EXTENTS)
		return -ENOMEM;
	split = sys_calloc(n, sizeof(*split));
	if (!split)
		return -ENOMEM;
	n = 0;
	for (size_t i = 0; i < span->n_segments; i++)
		n += write_owned(span, &span->segments[i], &split[n]);
	sys_free(span->segments);
	span->segments = split;
	span->n_segments = n;
	return 0;
}
