/* SPDX-License-Identifier: BSD-3-Clause */
#include "layout/layout.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "layout/interval.h"
#include "util/log.h"
#include "util/sys.h"

/* The sets of bytes that determine a layout. All are normalised. */
struct sets {
	struct interval *advertised, *requested, *direct;
	size_t n_advertised, n_requested, n_direct;
	struct interval msix;
};

static uint64_t lesser_of(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* The distance of an offset from the start of its page. */
static uint64_t in_page(const struct layout_request *request, uint64_t offset)
{
	return offset & (request->page_size - 1);
}

/* Logs how an area is repaired. Under BARSPAN_STRICT a malformed area is an
 * error instead. */
static int warn_odd_area(const struct layout_request *request, uint32_t i, bool malformed,
			 const char *what, const char *repair)
{
	const struct barspan_range *area = &request->region.areas[i];
	bool refuse = malformed && request->strict;

	log_message(refuse ? BARSPAN_LOG_ERROR : BARSPAN_LOG_WARNING,
		    "%s region %u: area %" PRIu32 " at 0x%" PRIx64 " + 0x%" PRIx64
		    " %s (region size 0x%" PRIx64 "): %s",
		    request->device, request->index, i, area->offset, area->length, what,
		    request->region.size, refuse ? "refused by BARSPAN_STRICT" : repair);
	return refuse ? -EPROTO : 0;
}

/* Clips area i to the region; *out may become empty. Warns about malformed and
 * unaligned areas. */
static int check_area(const struct layout_request *request, uint32_t i, struct interval *out)
{
	const struct barspan_range *area = &request->region.areas[i];
	uint64_t size = request->region.size, end;

	*out = (struct interval){ 0, 0 };
	if (!area->length)
		return warn_odd_area(request, i, false, "is empty", "ignored");
	if (__builtin_add_overflow(area->offset, area->length, &end))
		return warn_odd_area(request, i, true, "overflows 64 bits", "ignored");

	*out = (struct interval){ lesser_of(area->offset, size), lesser_of(end, size) };
	if (area->offset >= size)
		return warn_odd_area(request, i, true, "is past the end of the region", "ignored");
	if (end > size)
		return warn_odd_area(request, i, true, "exceeds the region", "truncated");
	if (in_page(request, area->offset) || (in_page(request, end) && end != size))
		return warn_odd_area(request, i, false, "is not page-aligned",
				     "trimmed to whole pages unless others complete them");
	return 0;
}

static int find_advertised(const struct layout_request *request, struct sets *sets)
{
	const struct barspan_region *region = &request->region;
	uint32_t n = region->flags & BARSPAN_REGION_SPARSE ? region->n_areas : 1;
	uint64_t overlap;

	if (!(region->flags & BARSPAN_REGION_MMAP) || !request->prot)
		return 0;
	if (n > BARSPAN_MAX_AREAS)
		return -EPROTO;
	sets->advertised = sys_calloc((size_t)n + 1, sizeof(*sets->advertised));
	if (!sets->advertised)
		return -ENOMEM;
	if (!(region->flags & BARSPAN_REGION_SPARSE)) {
		sets->advertised[0] = (struct interval){ 0, region->size };
		sets->n_advertised = 1;
		return 0;
	}

	for (uint32_t i = 0; i < n; i++) {
		int r = check_area(request, i, &sets->advertised[i]);

		if (r)
			return r;
	}
	sets->n_advertised = interval_normalise(sets->advertised, n, &overlap);
	if (overlap != UINT64_MAX) {
		log_message(request->strict ? BARSPAN_LOG_ERROR : BARSPAN_LOG_WARNING,
			    "%s region %u: areas overlap at 0x%" PRIx64 ": %s", request->device,
			    request->index, overlap,
			    request->strict ? "refused by BARSPAN_STRICT" : "merged");
		if (request->strict)
			return -EPROTO;
	}
	return 0;
}

static int find_requested(const struct layout_request *request, struct sets *sets)
{
	uint64_t size = request->region.size;

	if (!request->n_holes)
		return 0;
	sets->requested = sys_calloc(request->n_holes, sizeof(*sets->requested));
	if (!sets->requested)
		return -ENOMEM;
	for (size_t i = 0; i < request->n_holes; i++) {
		const struct barspan_range *hole = &request->holes[i];

		if (hole->offset > size || hole->length > size - hole->offset) {
			log_error("%s region %u: requested hole at 0x%" PRIx64 " + 0x%" PRIx64
				  " is not inside the region (size 0x%" PRIx64 ")",
				  request->device, request->index, hole->offset, hole->length,
				  size);
			return -ERANGE;
		}
		sets->requested[i] = (struct interval){ hole->offset, hole->offset + hole->length };
	}
	sets->n_requested = interval_normalise(sets->requested, request->n_holes, NULL);
	return 0;
}

static void find_msix(const struct layout_request *request, struct sets *sets)
{
	const struct msix_table *table = &request->msix;
	uint64_t size = request->region.size;

	if (table->bar == request->index && !(request->region.flags & BARSPAN_REGION_MSIX_MAPPABLE))
		sets->msix = (struct interval){
			lesser_of(table->offset, size),
			lesser_of(table->offset + table->length, size),
		};
}

/* Adds [start, end) after trimming it to whole pages. The end of the region
 * counts as a page boundary. */
static void add_direct(const struct layout_request *request, struct sets *sets, uint64_t start,
		       uint64_t end)
{
	uint64_t lost = in_page(request, -start);

	if (end != request->region.size)
		end -= in_page(request, end);
	if (start < end && lost < end - start)
		sets->direct[sets->n_direct++] = (struct interval){ start + lost, end };
}

/* A byte is direct if it is advertised and not blocked. */
static int find_direct(const struct layout_request *request, struct sets *sets)
{
	struct interval *blocked = sys_calloc(sets->n_requested + 1, sizeof(*blocked));
	size_t n_blocked = 0, next = 0;

	/* Each blocked interval splits at most one advertised interval. */
	sets->direct =
		sys_calloc(sets->n_advertised + sets->n_requested + 2, sizeof(*sets->direct));
	if (!blocked || !sets->direct) {
		sys_free(blocked);
		return -ENOMEM;
	}
	for (size_t i = 0; i < sets->n_requested; i++)
		blocked[n_blocked++] = sets->requested[i];
	blocked[n_blocked++] = sets->msix;
	n_blocked = interval_normalise(blocked, n_blocked, NULL);

	for (size_t i = 0; i < sets->n_advertised; i++) {
		uint64_t start = sets->advertised[i].start, end = sets->advertised[i].end;

		while (next < n_blocked && blocked[next].end <= start)
			next++;
		for (size_t j = next; j < n_blocked && blocked[j].start < end; j++) {
			if (blocked[j].start > start)
				add_direct(request, sets, start, blocked[j].start);
			start = lesser_of(blocked[j].end, end);
		}
		add_direct(request, sets, start, end);
	}
	sys_free(blocked);
	return 0;
}

/* The position of the walk along each set. */
struct walks {
	struct interval_walk advertised, requested, direct, msix;
};

static enum barspan_reason reason_at(const struct layout_request *request, struct walks *walks,
				     uint64_t at)
{
	if (!(request->region.flags & BARSPAN_REGION_MMAP) || !request->prot)
		return BARSPAN_REASON_UNMAPPABLE;
	if (interval_walk_has(&walks->direct, at))
		return BARSPAN_REASON_NONE;
	if (!interval_walk_has(&walks->advertised, at))
		return BARSPAN_REASON_SPARSE;
	if (interval_walk_has(&walks->msix, at))
		return BARSPAN_REASON_MSIX;
	if (interval_walk_has(&walks->requested, at))
		return BARSPAN_REASON_REQUESTED;
	return BARSPAN_REASON_PAGE;
}

/* The next offset after `at` at which the reason may change. */
static uint64_t next_edge(struct walks *walks, uint64_t at)
{
	uint64_t edge = interval_walk_edge(&walks->advertised, at);

	edge = lesser_of(edge, interval_walk_edge(&walks->requested, at));
	edge = lesser_of(edge, interval_walk_edge(&walks->direct, at));
	return lesser_of(edge, interval_walk_edge(&walks->msix, at));
}

/* Makes one extent of each maximal run of bytes with one reason. */
static int make_extents(const struct layout_request *request, const struct sets *sets,
			struct barspan_extent **out, size_t *out_n)
{
	struct walks walks = {
		{ sets->advertised, sets->n_advertised },
		{ sets->requested, sets->n_requested },
		{ sets->direct, sets->n_direct },
		{ &sets->msix, 1 },
	};
	uint64_t first = request->offset, last = first + request->length, next;
	size_t n = 0,
	       capacity = 2 * (sets->n_advertised + sets->n_requested + sets->n_direct + 1) + 1;
	struct barspan_extent *extents = sys_calloc(capacity, sizeof(*extents));

	if (!extents)
		return -ENOMEM;
	for (uint64_t at = first; at < last; at = next) {
		enum barspan_reason reason = reason_at(request, &walks, at);

		next = lesser_of(next_edge(&walks, at), last);
		if (n && extents[n - 1].reason == reason) {
			extents[n - 1].length += next - at;
			continue;
		}
		extents[n++] = (struct barspan_extent){
			at - first,
			next - at,
			reason == BARSPAN_REASON_NONE ? BARSPAN_DIRECT : BARSPAN_HOLE,
			reason,
		};
	}
	*out = extents;
	*out_n = n;
	return 0;
}

int layout(struct barspan_extent **out, size_t *n, const struct layout_request *request)
{
	struct sets sets = { 0 };
	int r = find_advertised(request, &sets);

	if (!r)
		r = find_requested(request, &sets);
	if (!r) {
		find_msix(request, &sets);
		r = find_direct(request, &sets);
	}
	if (!r)
		r = make_extents(request, &sets, out, n);
	sys_free(sets.advertised);
	sys_free(sets.requested);
	sys_free(sets.direct);
	return r;
}

static int compare_cuts(const void *left, const void *right)
{
	uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;

	return (a > b) - (a < b);
}

int layout_cuts(uint64_t **cuts, size_t *n, const struct layout_request *request)
{
	const struct barspan_region *region = &request->region;
	uint32_t n_areas = region->flags & BARSPAN_REGION_SPARSE ? region->n_areas : 0;
	size_t n_made = 0, kept = 0;
	uint64_t *made;

	if (n_areas > BARSPAN_MAX_AREAS)
		return -EPROTO;
	made = sys_calloc(2 * (size_t)n_areas + 1, sizeof(*made));
	if (!made)
		return -ENOMEM;
	for (uint32_t i = 0; i < n_areas; i++) {
		uint64_t edges[] = { region->areas[i].offset,
				     region->areas[i].offset + region->areas[i].length };

		for (size_t j = 0; j < 2; j++)
			if (edges[j] > request->offset && !in_page(request, edges[j]))
				made[n_made++] = edges[j] - request->offset;
	}
	qsort(made, n_made, sizeof(*made), compare_cuts);
	for (size_t i = 0; i < n_made; i++)
		if (!kept || made[kept - 1] != made[i])
			made[kept++] = made[i];
	*cuts = made;
	*n = kept;
	return 0;
}
