/* SPDX-License-Identifier: BSD-3-Clause */
/* Input: the numbers of a request in order, the areas last. Missing numbers are
 * 0. */
#include "fuzz.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "layout/guard.h"
#include "support/guard-ways.h"
#include "layout/layout.h"
#include "util/sys.h"

enum { MAX_HOLES = 8, MAX_AREAS = 64 };

struct input {
	const uint8_t *data;
	size_t size;
};

static uint64_t take_bytes(struct input *input, size_t bytes)
{
	uint64_t value = 0;
	size_t n = bytes < input->size ? bytes : input->size;

	memcpy(&value, input->data, n);
	input->data += n;
	input->size -= n;
	return value;
}

static struct barspan_range take_area(struct input *input)
{
	struct barspan_range area;

	area.offset = take_bytes(input, 8);
	area.length = take_bytes(input, 8);
	return area;
}

/* Whether a byte can be mapped, not counting the rounding to pages. */
static bool may_map(const struct layout_request *request, uint64_t at)
{
	const struct barspan_region *region = &request->region;
	bool advertised = !(region->flags & BARSPAN_REGION_SPARSE);

	for (uint32_t i = 0; i < region->n_areas && !advertised; i++)
		advertised = at >= region->areas[i].offset &&
			     at - region->areas[i].offset < region->areas[i].length &&
			     region->areas[i].length <= UINT64_MAX - region->areas[i].offset;
	for (size_t i = 0; i < request->n_holes; i++)
		if (at >= request->holes[i].offset &&
		    at - request->holes[i].offset < request->holes[i].length)
			return false;
	if (request->msix.bar == request->index &&
	    !(region->flags & BARSPAN_REGION_MSIX_MAPPABLE) && at >= request->msix.offset &&
	    at - request->msix.offset < request->msix.length)
		return false;
	return advertised && region->flags & BARSPAN_REGION_MMAP && request->prot;
}

static void check_extents(const struct layout_request *request,
			  const struct barspan_extent *extents, size_t n)
{
	uint64_t at = 0;

	MUST(n > 0);
	for (size_t i = 0; i < n; i++) {
		uint64_t start = request->offset + extents[i].offset,
			 last = start + extents[i].length - 1;
		bool direct = extents[i].reason == BARSPAN_REASON_NONE;

		MUST(extents[i].offset == at && extents[i].length > 0 &&
		     extents[i].length <= request->length - at);
		MUST(!i || extents[i].reason != extents[i - 1].reason);
		MUST(extents[i].kind == (direct ? BARSPAN_DIRECT : BARSPAN_HOLE));
		at += extents[i].length;
		if (!direct) {
			MUST(extents[i].reason == BARSPAN_REASON_PAGE || !may_map(request, start));
			continue;
		}
		MUST(start % request->page_size == 0);
		MUST((last + 1) % request->page_size == 0 || last + 1 == request->region.size ||
		     at == request->length);
		MUST(may_map(request, start) && may_map(request, last) &&
		     may_map(request, start + (last - start) / 2));
	}
	MUST(at == request->length);
}

static void check_guard(const struct layout_request *request, const struct barspan_extent *extents,
			size_t n)
{
	struct barspan_entry_ *entries = calloc(n + 1, sizeof(*entries));
	struct barspan_guard_ *guard;
	struct barspan_extent got;

	MUST(entries);
	for (size_t i = 0; i < n; i++)
		/* An odd base: no extent's address wraps to 0, even in a region
		 * of almost 2^64 bytes. */
		entries[i] = (struct barspan_entry_){ extents[i].offset, 1, extents[i].reason };
	entries[n].start = request->length;
	MUST(!guard_build(&guard, entries, n, PROT_READ, NULL));
	free(entries);

	struct barspan span = { 0 };

	guard_publish(&span, guard, guard);

	MUST(barspan_extent_count(&span) == n && guard_size(guard) <= 65536 + 32 * n + 256);
	for (size_t i = 0; i < n; i++) {
		uint64_t last = extents[i].offset + extents[i].length - 1;
		bool direct = extents[i].reason == BARSPAN_REASON_NONE;

		MUST(!barspan_extent_at(&span, extents[i].offset, &got) &&
		     got.offset == extents[i].offset);
		MUST(!barspan_extent_at(&span, last, &got) && got.offset == extents[i].offset);
		MUST(barspan_is_direct(&span, extents[i].offset, extents[i].length) == direct);
		MUST(!barspan_is_direct(&span, last, 2));
		MUST(guard_ways_agree(&span, extents[i].offset) && guard_ways_agree(&span, last));
	}
	sys_free(guard);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = { data, size };
	struct barspan_range holes[MAX_HOLES], areas[MAX_AREAS];
	struct layout_request request = { .device = "fuzz", .holes = holes, .region.areas = areas };
	struct barspan_extent *extents;
	size_t n;
	int r;

	request.region.flags = (uint32_t)take_bytes(&input, 1);
	request.strict = take_bytes(&input, 1) & 1;
	request.prot = (int)take_bytes(&input, 1) & (PROT_READ | PROT_WRITE);
	request.page_size = UINT64_C(4096) << take_bytes(&input, 1) % 5;
	request.n_holes = take_bytes(&input, 1) % (MAX_HOLES + 1);
	request.region.size = take_bytes(&input, 8);
	request.offset = take_bytes(&input, 8);
	request.length = take_bytes(&input, 8);
	request.index = (unsigned int)take_bytes(&input, 1) % 8;
	request.msix.bar = (unsigned int)take_bytes(&input, 1) % 8;
	/* The capability has 32 bits for the offset and up to 2048 entries. */
	request.msix.offset = take_bytes(&input, 4);
	request.msix.length = (take_bytes(&input, 2) % 2048 + 1) * 16;
	for (size_t i = 0; i < request.n_holes; i++)
		holes[i] = take_area(&input);
	while (input.size && request.region.n_areas < MAX_AREAS)
		areas[request.region.n_areas++] = take_area(&input);
	if (!(request.region.flags & BARSPAN_REGION_SPARSE))
		request.region.n_areas = 0;

	/* The caller of layout() guarantees these. */
	if (!request.region.size)
		return 0;
	request.offset %= request.region.size;
	request.offset -= request.offset % request.page_size;
	request.length = request.length % (request.region.size - request.offset) + 1;

	r = layout(&extents, &n, &request);
	MUST(r == 0 || (r == -EPROTO && request.strict) || (r == -ERANGE && request.n_holes));
	if (r)
		return 0;
	check_extents(&request, extents, n);
	check_guard(&request, extents, n);
	sys_free(extents);
	return 0;
}
