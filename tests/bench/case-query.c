/* SPDX-License-Identifier: BSD-3-Clause */
#include <barspan.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>

#include "bench.h"
#include "pages.h"
#include "pattern.h"

struct query {
	struct barspan *span;
	uint64_t size;
	const struct barspan_range *areas;
	size_t n_areas;
	const void *roaring, *judy;
	const uint64_t *offsets;
	size_t mix;
	/* the expected answers, computed from the areas */
	const uint8_t *is_direct;
	const uint32_t *extents;
};

/* The memory that queries point to. */
struct fixture {
	struct pages pages;
	struct pages_sets sets;
	struct query query;
	uint64_t offsets[PATTERN_LENGTH];
	uint8_t is_direct[PATTERN_LENGTH];
	uint32_t extents[PATTERN_LENGTH];
};

#define INLINE static inline __attribute__((always_inline))

/* All fields of an extent must have been looked up. */
INLINE uint32_t digest(const struct barspan_extent *extent)
{
	return (uint32_t)((extent->offset ^ extent->length) >> PAGES_SHIFT) +
	       (uint32_t)extent->kind;
}

INLINE bool ours_is_direct(const struct query *query, uint64_t offset)
{
	return barspan_is_direct(query->span, offset, 4);
}

INLINE bool scan_is_direct(const struct query *query, uint64_t offset)
{
	for (size_t i = 0; i < query->n_areas; i++)
		if (offset >= query->areas[i].offset &&
		    offset + 4 <= query->areas[i].offset + query->areas[i].length)
			return true;
	return false;
}

/* The number of areas that begin at or before the offset. */
INLINE size_t bisect(const struct query *query, uint64_t offset)
{
	size_t low = 0, high = query->n_areas;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (query->areas[middle].offset <= offset)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

INLINE bool bisect_is_direct(const struct query *query, uint64_t offset)
{
	size_t n = bisect(query, offset);

	return n && offset + 4 <= query->areas[n - 1].offset + query->areas[n - 1].length;
}

INLINE uint32_t ours_extent(const struct query *query, uint64_t offset)
{
	struct barspan_extent extent;

	return barspan_extent_at(query->span, offset, &extent) ? UINT32_MAX : digest(&extent);
}

/* The extent of an offset if n areas begin at or before it. */
INLINE uint32_t extent_after(const struct query *query, size_t n, uint64_t offset)
{
	const struct barspan_range *areas = query->areas;
	struct barspan_extent extent = { .kind = BARSPAN_HOLE };

	if (n && offset < areas[n - 1].offset + areas[n - 1].length) {
		extent = (struct barspan_extent){ areas[n - 1].offset, areas[n - 1].length,
						  BARSPAN_DIRECT, BARSPAN_REASON_NONE };
		return digest(&extent);
	}
	extent.offset = n ? areas[n - 1].offset + areas[n - 1].length : 0;
	extent.length = (n < query->n_areas ? areas[n].offset : query->size) - extent.offset;
	return digest(&extent);
}

INLINE uint32_t scan_extent(const struct query *query, uint64_t offset)
{
	size_t n = 0;

	while (n < query->n_areas && query->areas[n].offset <= offset)
		n++;
	return extent_after(query, n, offset);
}

INLINE uint32_t bisect_extent(const struct query *query, uint64_t offset)
{
	return extent_after(query, bisect(query, offset), offset);
}

/* The loop of all ways. The floor loads an offset, as the others do, and then a
 * precomputed answer. */
#define LOOP(name, answer) \
	PATTERN_LOOP(name) \
	{ \
		const struct query query = *(const struct query *)context; \
		uint64_t sum = 0; \
\
		for (size_t i = 0; i < n; i++) { \
			size_t index = pattern_index(i, query.mix); \
			uint64_t offset = ((const volatile uint64_t *)query.offsets)[index]; \
\
			(void)offset; \
			sum += answer; \
		} \
		return sum; \
	}

LOOP(run_ours_is_direct, ours_is_direct(&query, offset))
LOOP(run_floor_is_direct, ((const volatile uint8_t *)query.is_direct)[index])
LOOP(run_scan_is_direct, scan_is_direct(&query, offset))
LOOP(run_bisect_is_direct, bisect_is_direct(&query, offset))
#ifdef HAVE_ROARING
LOOP(run_roaring_is_direct,
     roaring_bitmap_contains(query.roaring, (uint32_t)(offset >> PAGES_SHIFT)))
#else
#define run_roaring_is_direct NULL
#endif
#ifdef HAVE_JUDY
LOOP(run_judy_is_direct, (uint64_t)Judy1Test(query.judy, offset >> PAGES_SHIFT, PJE0))
#else
#define run_judy_is_direct NULL
#endif

LOOP(run_ours_extent, ours_extent(&query, offset))
LOOP(run_floor_extent, ((const volatile uint32_t *)query.extents)[index])
LOOP(run_scan_extent, scan_extent(&query, offset))
LOOP(run_bisect_extent, bisect_extent(&query, offset))

/* Each area is the first half of a slice. All slices have equal size. */
static void predict_answers(struct fixture *fixture)
{
	uint64_t half = fixture->query.size / fixture->query.n_areas / 2;

	for (size_t i = 0; i < PATTERN_LENGTH; i++) {
		uint64_t number = fixture->offsets[i] / half;
		struct barspan_extent extent = { number * half, half,
						 number % 2 ? BARSPAN_HOLE : BARSPAN_DIRECT,
						 BARSPAN_REASON_NONE };

		fixture->is_direct[i] = number % 2 == 0;
		fixture->extents[i] = digest(&extent);
	}
}

/* bench_time() compares the results of the first few offsets. This compares
 * all. */
static int agree_on_all(const struct bench_way *ways, size_t n)
{
	uint64_t right = ways[1].run(ways[1].context, PATTERN_LENGTH);

	for (size_t i = 0; i < n; i++)
		if (ways[i].run && ways[i].run(ways[i].context, PATTERN_LENGTH) != right)
			return bench_complain(-EILSEQ, "%s gives wrong answers", ways[i].name);
	return 0;
}

static const char *name_of(uint64_t size)
{
	return size >> 40 ? "1 TiB" : size >> 30 ? "1 GiB" : size >> 20 ? "1 MiB" : "16 KiB";
}

static int measure_order(struct bench *bench, struct query *query, const char *order)
{
	const struct bench_way is_direct[] = {
		{ "ours", run_ours_is_direct, query },
		{ "floor", run_floor_is_direct, query },
		{ "scan", run_scan_is_direct, query },
		{ "bisect", run_bisect_is_direct, query },
		{ "CRoaring", run_roaring_is_direct, query },
		{ "Judy", run_judy_is_direct, query },
	}, extent[] = {
		{ "ours", run_ours_extent, query },
		{ "floor", run_floor_extent, query },
		{ "scan", run_scan_extent, query },
		{ "bisect", run_bisect_extent, query },
	};
	int r = agree_on_all(is_direct, 6);

	if (!r)
		r = agree_on_all(extent, 4);
	if (!r)
		r = bench_time(bench, is_direct, 6, "is_direct %s areas %zu %s",
			       name_of(query->size), query->n_areas, order);
	return r ? r
		 : bench_time(bench, extent, 4, "extent_at %s areas %zu %s", name_of(query->size),
			      query->n_areas, order);
}

static int measure_orders(struct bench *bench, struct fixture *fixture)
{
	int r;

	pattern_ascend(fixture->offsets, fixture->query.size);
	predict_answers(fixture);
	r = measure_order(bench, &fixture->query, "sequential");
	if (r)
		return r;
	pattern_scatter(fixture->offsets, fixture->query.size);
	fixture->query.mix = PATTERN_MIX;
	predict_answers(fixture);
	return measure_order(bench, &fixture->query, "random");
}

static int fill_sets(struct fixture *fixture)
{
	int r = pages_fill_roaring(&fixture->sets, &fixture->pages);

	if (!r || r == -ENOSYS)
		r = pages_fill_judy(&fixture->sets, &fixture->pages);
	return r == -ENOSYS ? 0 : r;
}

static int measure_span(struct bench *bench, struct fixture *fixture)
{
	struct barspan_device *device;
	int r = pages_open(&device, &fixture->pages);

	if (r)
		return bench_complain(r, "cannot make a device");
	r = barspan_map(&fixture->query.span, device, 0, NULL);
	barspan_device_close(device);
	if (r)
		return bench_complain(r, "cannot map %zu areas", fixture->query.n_areas);
	r = measure_orders(bench, fixture);
	barspan_unmap(fixture->query.span);
	return r;
}

static int measure_areas(struct bench *bench, uint64_t size, size_t n)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));
	int r = -ENOMEM;

	if (!fixture)
		return r;
	r = pages_init(&fixture->pages, size, n);
	if (!r)
		r = fill_sets(fixture);
	fixture->query = (struct query){
		.size = size,
		.areas = fixture->pages.areas,
		.n_areas = n,
		.roaring = fixture->sets.roaring,
		.judy = fixture->sets.judy,
		.offsets = fixture->offsets,
		.is_direct = fixture->is_direct,
		.extents = fixture->extents,
	};
	if (!r)
		r = measure_span(bench, fixture);
	pages_sets_clear(&fixture->sets);
	pages_clear(&fixture->pages);
	free(fixture);
	return r;
}

/* A region of 16 KiB has room for 2 areas. The other regions skip that
 * number. */
static bool is_wanted(struct bench *bench, uint64_t size, size_t n)
{
	if (bench_quick(bench) && (size > UINT64_C(1) << 30 || n > 1024))
		return false;
	return pages_fit(size, n) && (n != 2 || !pages_fit(size, 16));
}

static int run_query(struct bench *bench)
{
	static const uint64_t sizes[] = { 1 << 14, 1 << 20, 1 << 30, UINT64_C(1) << 40 };
	static const size_t numbers[] = { 1, 2, 16, 256, 1024, 4096, 65536 };
	int r = 0;

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
		for (size_t j = 0; !r && j < sizeof(numbers) / sizeof(numbers[0]); j++)
			if (is_wanted(bench, sizes[i], numbers[j]))
				r = measure_areas(bench, sizes[i], numbers[j]);
	return r;
}

const struct bench_case case_query = { "query", "questions to the guard table", run_query };
