/* SPDX-License-Identifier: BSD-3-Clause */
/* Compares random layouts and guard tables with a byte map that applies the
 * documented rules to each byte. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "layout/guard.h"
#include "layout/layout.h"
#include "support/guard-ways.h"
#include "support/trial.h"
#include "util/sys.h"

/* The documented state of each byte of the region, and the errors of the
 * request. */
struct map {
	uint8_t *reason;
	bool insane;   /* -EPROTO under strict */
	bool bad_hole; /* -ERANGE */
};

static bool msix_has(const struct layout_request *request, uint64_t at)
{
	return request->msix.bar == request->index &&
	       !(request->region.flags & BARSPAN_REGION_MSIX_MAPPABLE) &&
	       at >= request->msix.offset && at < request->msix.offset + request->msix.length;
}

/* Paints `bit` over the bytes of an area that are inside the region. Returns
 * whether any was painted before. */
static bool paint_area(uint8_t *bytes, uint64_t size, struct barspan_range area, uint8_t bit)
{
	bool twice = false;

	for (uint64_t i = 0; i < area.length && area.offset < size && i < size - area.offset; i++) {
		twice |= bytes[area.offset + i] & bit;
		bytes[area.offset + i] |= bit;
	}
	return twice;
}

enum { ADVERTISED = 1, REQUESTED = 2, MSIX = 4, DIRECT = 8 };

static void paint_areas(const struct layout_request *request, struct map *map, uint8_t *bytes)
{
	const struct barspan_region *region = &request->region;

	if (!(region->flags & BARSPAN_REGION_SPARSE)) {
		memset(bytes, ADVERTISED, region->size);
		return;
	}
	for (uint32_t i = 0; i < region->n_areas; i++) {
		struct barspan_range area = region->areas[i];

		if (!area.length)
			continue;
		/* An end at or beyond 2^64 overflows. */
		if (area.length > UINT64_MAX - area.offset) {
			map->insane = true;
			continue;
		}
		map->insane |=
			area.offset > region->size || area.length > region->size - area.offset;
		map->insane |= paint_area(bytes, region->size, area, ADVERTISED);
	}
}

static enum barspan_reason reason_of(const struct layout_request *request, uint8_t byte)
{
	if (!(request->region.flags & BARSPAN_REGION_MMAP) || !request->prot)
		return BARSPAN_REASON_UNMAPPABLE;
	if (!(byte & ADVERTISED))
		return BARSPAN_REASON_SPARSE;
	if (byte & MSIX)
		return BARSPAN_REASON_MSIX;
	if (byte & REQUESTED)
		return BARSPAN_REASON_REQUESTED;
	return byte & DIRECT ? BARSPAN_REASON_NONE : BARSPAN_REASON_PAGE;
}

static void make_map(const struct layout_request *request, struct map *map)
{
	uint64_t size = request->region.size, page = request->page_size;
	uint8_t *bytes = calloc(1, size);

	memset(map, 0, sizeof(*map));
	paint_areas(request, map, bytes);
	if (!(request->region.flags & BARSPAN_REGION_MMAP) || !request->prot)
		map->insane = false;
	for (size_t i = 0; i < request->n_holes; i++) {
		map->bad_hole |= request->holes[i].offset > size ||
				 request->holes[i].length > size - request->holes[i].offset;
		paint_area(bytes, size, request->holes[i], REQUESTED);
	}
	for (uint64_t at = request->msix.offset; at < size && msix_has(request, at); at++)
		bytes[at] |= MSIX;
	for (uint64_t start = 0; start < size; start += page) {
		uint64_t end = size - start < page ? size : start + page;
		bool all = true;

		for (uint64_t at = start; at < end; at++)
			all &= bytes[at] == ADVERTISED;
		for (uint64_t at = start; all && at < end; at++)
			bytes[at] |= DIRECT;
	}
	for (uint64_t at = 0; at < size; at++)
		bytes[at] = (uint8_t)reason_of(request, bytes[at]);
	map->reason = bytes;
}

/* A ck_assert_msg() that costs nothing if it holds. */
#define FAIL_UNLESS(trial, expression) \
	do { \
		if (!(expression)) \
			ck_abort_msg("page size %llu, seed %llu: " #expression, \
				     (unsigned long long)(trial)->request.page_size, \
				     (unsigned long long)(trial)->seed); \
	} while (0)

/* Extents must be sorted, gapless and maximal, and agree with the map on each
 * byte. */
static void check_extents(const struct trial *trial, const struct map *map,
			  const struct barspan_extent *extents, size_t n)
{
	const struct layout_request *request = &trial->request;
	uint64_t at = 0;

	FAIL_UNLESS(trial, n > 0);
	for (size_t i = 0; i < n; i++) {
		bool direct = extents[i].reason == BARSPAN_REASON_NONE;
		bool same = true;

		FAIL_UNLESS(trial, extents[i].offset == at && extents[i].length > 0);
		FAIL_UNLESS(trial, extents[i].length <= request->length - at);
		FAIL_UNLESS(trial, extents[i].kind == (direct ? BARSPAN_DIRECT : BARSPAN_HOLE));
		FAIL_UNLESS(trial, !i || extents[i].reason != extents[i - 1].reason);
		for (uint64_t end = at + extents[i].length; at < end; at++)
			same &= map->reason[request->offset + at] == extents[i].reason;
		FAIL_UNLESS(trial, same);
	}
	FAIL_UNLESS(trial, at == request->length);
}

/* A length that is 0, small, on an edge, up to the end, huge or wrapping. */
static uint64_t some_length(struct trial *trial, uint64_t offset)
{
	switch (random_below(trial, 8)) {
	case 0:
		return 0;
	case 1:
		return UINT64_MAX - random_below(trial, 3);
	case 2:
		return UINT64_C(0) - offset + random_below(trial, trial->request.length + 1);
	case 3:
		return trial->request.length - offset;
	case 4:
		return trial->request.page_size;
	case 5:
		return random_below(trial, trial->request.length + 2);
	default:
		return 1 + random_below(trial, 8);
	}
}

static void check_query(struct trial *trial, const struct map *map, const uint64_t *run_end,
			const struct barspan *span, uint64_t offset)
{
	const uint8_t *reason = map->reason + trial->request.offset;
	uint64_t length = some_length(trial, offset);
	bool inside = offset < trial->request.length;
	bool direct = inside && reason[offset] == BARSPAN_REASON_NONE && length &&
		      length <= run_end[offset] - offset;
	struct barspan_extent extent = { 0 };
	int r = barspan_extent_at(span, offset, &extent);

	FAIL_UNLESS(trial, barspan_is_direct(span, offset, length) == direct);
	FAIL_UNLESS(trial, (uintptr_t)barspan_pointer(span, offset, length) ==
				   (direct ? BASE + offset : 0));
	FAIL_UNLESS(trial, guard_ways_agree(span, offset));
	FAIL_UNLESS(trial, r == (inside ? 0 : -ERANGE));
	if (!inside)
		return;
	FAIL_UNLESS(trial,
		    extent.offset <= offset && extent.offset + extent.length == run_end[offset]);
	FAIL_UNLESS(trial, extent.reason == reason[offset]);
	FAIL_UNLESS(trial, !extent.offset || reason[extent.offset - 1] != extent.reason);
}

static void check_guard(struct trial *trial, const struct map *map,
			const struct barspan_extent *extents, size_t n)
{
	struct barspan_entry_ *entries = calloc(n + 1, sizeof(*entries));
	uint64_t length = trial->request.length, *run_end = calloc(length, sizeof(*run_end));
	struct barspan_extent got;
	struct barspan_guard_ *guard;

	for (size_t i = 0; i < n; i++) {
		entries[i].start = extents[i].offset;
		entries[i].reason = extents[i].reason;
		entries[i].base = extents[i].kind == BARSPAN_DIRECT ? BASE : 0;
	}
	entries[n].start = length;
	for (uint64_t at = length; at-- > 0;) {
		const uint8_t *reason = map->reason + trial->request.offset + at;
		bool last = at + 1 == length || reason[0] != reason[1];

		run_end[at] = last ? at + 1 : run_end[at + 1];
	}
	FAIL_UNLESS(trial, !guard_build(&guard, entries, n, PROT_READ, NULL));

	struct barspan span = { 0 };

	guard_publish(&span, guard, guard);

	FAIL_UNLESS(trial, barspan_extent_count(&span) == n);
	FAIL_UNLESS(trial, barspan_extent_get(&span, n, &got) == -ERANGE);
	for (size_t i = 0; i < n; i++) {
		FAIL_UNLESS(trial, !barspan_extent_get(&span, i, &got));
		FAIL_UNLESS(trial,
			    got.offset == extents[i].offset && got.length == extents[i].length);
		FAIL_UNLESS(trial, got.kind == extents[i].kind && got.reason == extents[i].reason);
		check_query(trial, map, run_end, &span, got.offset);
		check_query(trial, map, run_end, &span, got.offset + got.length - 1);
	}
	for (int i = 0; i < QUERIES; i++)
		check_query(trial, map, run_end, &span, random_below(trial, length + 4));
	check_query(trial, map, run_end, &span, UINT64_MAX - random_below(trial, 4));
	sys_free(guard);
	free(run_end);
	free(entries);
}

static void run_trial(struct trial *trial)
{
	struct barspan_extent *extents = NULL;
	struct map map;
	size_t n = 0;
	int r = layout(&extents, &n, &trial->request);

	make_map(&trial->request, &map);
	if (map.insane && trial->request.strict)
		FAIL_UNLESS(trial, r == -EPROTO || (map.bad_hole && r == -ERANGE));
	else
		FAIL_UNLESS(trial, r == (map.bad_hole ? -ERANGE : 0));
	if (!r) {
		check_extents(trial, &map, extents, n);
		check_guard(trial, &map, extents, n);
		sys_free(extents);
	}
	free(map.reason);
}

static void run_trials(uint64_t page_size, uint64_t n)
{
	struct trial trial;

	if (harness_instrumented())
		n = n / 100 + 20;
	for (uint64_t seed = 1; seed <= n; seed++) {
		make_trial(&trial, seed, page_size);
		run_trial(&trial);
	}
}

/* Small pages allow many cases in little time. */
START_TEST(layouts_with_pages_of_32_bytes_agree_with_a_byte_map)
{
	run_trials(32, 40000);
}
END_TEST

START_TEST(layouts_with_pages_of_4K_agree_with_a_byte_map)
{
	run_trials(4096, 8000);
}
END_TEST

START_TEST(layouts_with_pages_of_16K_agree_with_a_byte_map)
{
	run_trials(16384, 4000);
}
END_TEST

START_TEST(layouts_with_pages_of_64K_agree_with_a_byte_map)
{
	run_trials(65536, 1500);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("property");

	harness_add(suite, "property",
		    (const TTest *const[]){ layouts_with_pages_of_32_bytes_agree_with_a_byte_map,
					    layouts_with_pages_of_4K_agree_with_a_byte_map,
					    layouts_with_pages_of_16K_agree_with_a_byte_map,
					    layouts_with_pages_of_64K_agree_with_a_byte_map,
					    NULL });
	return harness_run(suite);
}
