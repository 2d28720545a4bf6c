/* SPDX-License-Identifier: BSD-3-Clause */
/* Compares guard tables of very unevenly spaced extents with a linear search,
 * and checks the tables' size. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "layout/guard.h"
#include "support/guard-ways.h"
#include "support/harness.h"
#include "util/sys.h"

enum {
	MAX_EXTENTS = 2 * 65536, /* 65,536 areas and the holes between */
	SLOTS = 65536,		 /* bytes */
	EXTENT = 32,		 /* bytes */
	REST = 256,		 /* bytes */
	FEW = 8,
	MANY = 17, /* entries that a query compares at most */
};

#define TOP (UINT64_C(1) << 63)

/* The starts of extents, the first of which is 0, and the end of the last. */
struct shape {
	const char *name;
	uint64_t *starts;
	size_t n;
	uint64_t length;
	unsigned int steps; /* bound for a query */
	bool spread_bases;  /* each direct extent has a base of its own */
};

/* A ck_assert_msg() that costs nothing if it holds. */
#define FAIL_UNLESS(shape, at, expression) \
	do { \
		if (!(expression)) \
			ck_abort_msg( \
				"%s of %zu extents in 0x%llx bytes, offset 0x%llx: " #expression, \
				(shape)->name, (shape)->n, (unsigned long long)(shape)->length, \
				(unsigned long long)(at)); \
	} while (0)

static int compare_starts(const void *left, const void *right)
{
	uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;

	return (a > b) - (a < b);
}

/* Sorts the starts. Removes duplicates and those past the end. */
static void finish_shape(struct shape *shape)
{
	size_t kept = 0;

	shape->starts[0] = 0;
	qsort(shape->starts, shape->n, sizeof(*shape->starts), compare_starts);
	for (size_t i = 0; i < shape->n; i++)
		if (shape->starts[i] < shape->length &&
		    (!kept || shape->starts[i] != shape->starts[kept - 1]))
			shape->starts[kept++] = shape->starts[i];
	shape->n = kept;
}

/* Direct extents, at odd places, and holes alternate: no neighbours merge. */
static uint32_t reason_of(size_t i)
{
	static const uint32_t reasons[] = {
		BARSPAN_REASON_SPARSE, BARSPAN_REASON_NONE, BARSPAN_REASON_MSIX,
		BARSPAN_REASON_NONE,   BARSPAN_REASON_PAGE, BARSPAN_REASON_FAILED,
	};

	return reasons[i % (sizeof(reasons) / sizeof(reasons[0]))];
}

static uintptr_t base_of(const struct shape *shape, size_t i)
{
	return reason_of(i) == BARSPAN_REASON_NONE ? 4096 + (shape->spread_bases ? i * 65536 : 0)
						   : 0;
}

/* Finds an offset's extent by looking at all extents. */
static size_t find_naively(const struct shape *shape, uint64_t offset)
{
	size_t found = 0;

	for (size_t i = 0; i < shape->n; i++)
		if (shape->starts[i] <= offset)
			found = i;
	return found;
}

static void check_at(const struct shape *shape, const struct barspan *span, uint64_t offset,
		     size_t i)
{
	uint64_t end = i + 1 < shape->n ? shape->starts[i + 1] : shape->length;
	bool direct = reason_of(i) == BARSPAN_REASON_NONE;
	struct barspan_extent extent = { 0 };

	FAIL_UNLESS(shape, offset, !barspan_extent_at(span, offset, &extent));
	FAIL_UNLESS(shape, offset, extent.offset == shape->starts[i]);
	FAIL_UNLESS(shape, offset, extent.length == end - shape->starts[i]);
	FAIL_UNLESS(shape, offset, extent.reason == reason_of(i));
	FAIL_UNLESS(shape, offset, barspan_is_direct(span, offset, end - offset) == direct);
	FAIL_UNLESS(shape, offset, barspan_is_direct(span, offset, 1) == direct);
	FAIL_UNLESS(shape, offset, !barspan_is_direct(span, offset, end - offset + 1));
	FAIL_UNLESS(shape, offset, !barspan_is_direct(span, offset, UINT64_MAX - offset + 1));
	FAIL_UNLESS(shape, offset,
		    (uintptr_t)barspan_pointer(span, offset, 1) ==
			    (direct ? base_of(shape, i) + offset : 0));
	FAIL_UNLESS(shape, offset, guard_ways_steps(span->guard_, offset) <= shape->steps);
	FAIL_UNLESS(shape, offset, guard_ways_agree(span, offset));
}

static void check_queries(const struct shape *shape, const struct barspan *span)
{
	uint64_t seed = shape->n;
	struct barspan_extent extent;

	for (size_t i = 0; i < shape->n; i++) {
		uint64_t end = i + 1 < shape->n ? shape->starts[i + 1] : shape->length;

		check_at(shape, span, shape->starts[i], i);
		check_at(shape, span, end - 1, i);
		check_at(shape, span,
			 shape->starts[i] + harness_random(&seed) % (end - shape->starts[i]), i);
	}
	for (int i = 0; i < (shape->n > 5000 ? 50 : 300); i++) {
		/* Half of the offsets are uniform over the span, half over the
		 * orders of magnitude. */
		uint64_t offset =
			(harness_random(&seed) >> (i % 2 ? harness_random(&seed) % 64 : 0)) %
			shape->length;

		check_at(shape, span, offset, find_naively(shape, offset));
	}
	ck_assert_int_eq(barspan_extent_at(span, shape->length, &extent), -ERANGE);
	ck_assert_int_eq(barspan_extent_at(span, UINT64_MAX, &extent), -ERANGE);
	ck_assert(!barspan_is_direct(span, shape->length, 1));
}

/* The spare memory is enough for the table, whichever direct extents a failed
 * suspend leaves without access. */
static void check_spare(const struct shape *shape, const struct barspan_entry_ *entries)
{
	struct barspan_entry_ *some = calloc(shape->n + 1, sizeof(*some));
	size_t most = guard_max_size(entries, shape->n);
	static const uint32_t holes[] = {
		BARSPAN_REASON_SUSPENDED,
		BARSPAN_REASON_SUSPENDED,
		BARSPAN_REASON_FAILED,
	};
	uint64_t seed = shape->n;
	struct barspan_guard_ *guard;

	FAIL_UNLESS(shape, 0, most <= SLOTS + EXTENT * shape->n + REST);
	for (int round = 0; round < 3; round++) {
		memcpy(some, entries, (shape->n + 1) * sizeof(*some));
		for (size_t i = 0; i < shape->n; i++)
			if (!some[i].reason && (round || harness_random(&seed) % 2))
				some[i].reason = holes[round];
		FAIL_UNLESS(shape, 0, guard_max_size(some, shape->n) == most);
		ck_assert_zero(guard_build(&guard, some, shape->n, PROT_READ, NULL));
		FAIL_UNLESS(shape, 0, guard_size(guard) <= most);
		sys_free(guard);
	}
	free(some);
}

static void check_shape(struct shape *shape)
{
	struct barspan_entry_ *entries = calloc(shape->n + 1, sizeof(*entries));
	struct barspan_guard_ *guard;

	for (size_t i = 0; i < shape->n; i++)
		entries[i] = (struct barspan_entry_){ shape->starts[i], base_of(shape, i),
						      reason_of(i) };
	entries[shape->n].start = shape->length;
	check_spare(shape, entries);
	ck_assert_zero(guard_build(&guard, entries, shape->n, PROT_READ | PROT_WRITE, NULL));

	struct barspan span = { 0 };

	guard_publish(&span, guard, guard);

	ck_assert_uint_eq(barspan_extent_count(&span), shape->n);
	FAIL_UNLESS(shape, 0, guard_size(guard) <= SLOTS + EXTENT * shape->n + REST);
	check_queries(shape, &span);
	sys_free(guard);
	free(entries);
}

/* Makes a shape of `n` starts, checks it with one base for all extents and with
 * one for each, and frees it. */
static void check_starts(const char *name, unsigned int steps_at_most, size_t n, uint64_t length,
			 uint64_t (*start)(size_t i, uint64_t *seed, uint64_t length))
{
	struct shape shape = { name, calloc(n, sizeof(uint64_t)), n, length, steps_at_most, false };
	uint64_t seed = n;

	ck_assert_ptr_nonnull(shape.starts);
	for (size_t i = 1; i < n; i++)
		shape.starts[i] = start(i, &seed, length);
	finish_shape(&shape);
	check_shape(&shape);
	shape.spread_bases = true;
	check_shape(&shape);
	free(shape.starts);
}

static size_t limit_extents(size_t n)
{
	return harness_instrumented() && n > 2000 ? 2000 : n;
}

static uint64_t place_anywhere(size_t i, uint64_t *seed, uint64_t length)
{
	(void)i;
	return harness_random(seed) % length;
}

START_TEST(evenly_spread_extents_are_found)
{
	static const size_t numbers[] = { 1, 2, 3, 5, 17, 256, 4096, MAX_EXTENTS };
	static const uint64_t lengths[] = {
		1, 2, 7, 4096, 1 << 20, UINT64_C(1) << 40, TOP - 1, TOP, TOP + 1, UINT64_MAX - 4095,
	};

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		for (size_t j = 0; j < sizeof(lengths) / sizeof(lengths[0]); j++)
			check_starts("even", FEW, limit_extents(numbers[i]), lengths[j],
				     place_anywhere);
}
END_TEST

static uint64_t place_packed(size_t i, uint64_t *seed, uint64_t length)
{
	(void)seed;
	(void)length;
	return i * 4096;
}

static uint64_t packed_at_the_end(size_t i, uint64_t *seed, uint64_t length)
{
	(void)seed;
	return length - i * 4096;
}

static uint64_t single_bytes(size_t i, uint64_t *seed, uint64_t length)
{
	(void)seed;
	return length / 2 + i;
}

START_TEST(one_cluster_in_a_huge_span_is_found)
{
	check_starts("start", MANY, limit_extents(MAX_EXTENTS), TOP, place_packed);
	check_starts("end", MANY, limit_extents(MAX_EXTENTS), TOP, packed_at_the_end);
	check_starts("middle", MANY, limit_extents(MAX_EXTENTS), TOP, single_bytes);
	check_starts("middle of less", MANY, limit_extents(3000), UINT64_C(1) << 40, single_bytes);
}
END_TEST

static uint64_t place_exponential(size_t i, uint64_t *seed, uint64_t length)
{
	(void)seed;
	(void)length;
	return UINT64_C(1) << (i - 1);
}

static uint64_t exponential_both_ways(size_t i, uint64_t *seed, uint64_t length)
{
	(void)seed;
	return i % 2 ? UINT64_C(1) << i / 2 : length - (UINT64_C(1) << i / 2);
}

static uint64_t exponential_clusters(size_t i, uint64_t *seed, uint64_t length)
{
	return ((UINT64_C(1) << i % 63) + harness_random(seed) % 4096) % length;
}

START_TEST(exponentially_spaced_extents_are_found)
{
	check_starts("exponential", MANY, 64, TOP, place_exponential);
	check_starts("exponential, odd length", MANY, 64, TOP - 12345, place_exponential);
	check_starts("both ways", MANY, 120, TOP, exponential_both_ways);
	check_starts("clusters", MANY, limit_extents(20000), TOP, exponential_clusters);
}
END_TEST

static uint64_t place_nested(size_t i, uint64_t *seed, uint64_t length)
{
	uint64_t room = length, at = 0;

	/* Each level halves its room several times, towards one end or the
	 * other. */
	for (size_t bits = i; bits && room > 2; bits /= 4) {
		room >>= 1 + harness_random(seed) % 12;
		if (bits & 1)
			at += length / 2 > at + room ? room : 0;
	}
	return at + (room ? harness_random(seed) % room : 0);
}

static uint64_t many_clusters(size_t i, uint64_t *seed, uint64_t length)
{
	return length / 1024 * (i % 1024) + harness_random(seed) % 4096;
}

static uint64_t clusters_of_three(size_t i, uint64_t *seed, uint64_t length)
{
	(void)seed;
	return length / (MAX_EXTENTS / 3 + 1) * (i / 3) + i % 3;
}

/* Clusters of all sizes, near the start of a few slices or of all. */
START_TEST(clusters_in_many_places_are_found)
{
	check_starts("nested", MANY, limit_extents(MAX_EXTENTS), TOP, place_nested);
	check_starts("many clusters", MANY, limit_extents(MAX_EXTENTS), TOP, many_clusters);
	check_starts("clusters of three", MANY, limit_extents(MAX_EXTENTS), TOP, clusters_of_three);
	check_starts("many small clusters", MANY, limit_extents(8000), UINT64_C(1) << 48,
		     many_clusters);
}
END_TEST

START_TEST(extents_of_random_shapes_are_found)
{
	uint64_t (*const shapes[])(size_t, uint64_t *, uint64_t) = {
		place_anywhere,	      place_packed, single_bytes,
		exponential_clusters, place_nested, many_clusters,
	};
	uint64_t seed = 1;

	for (int i = 0; i < (harness_instrumented() ? 20 : 2000); i++) {
		uint64_t length = (harness_random(&seed) >> (harness_random(&seed) % 60)) + 1;
		size_t n = 1 + harness_random(&seed) % 200;

		check_starts("random", MANY, n, length, shapes[i % 6]);
	}
}
END_TEST

START_TEST(neighbours_that_are_one_extent_are_merged)
{
	struct barspan_entry_ entries[] = {
		{ 0, 4096, BARSPAN_REASON_NONE },
		{ 10, 4096, BARSPAN_REASON_NONE },
		{ 20, 8192, BARSPAN_REASON_NONE },
		{ 30, 0, BARSPAN_REASON_PAGE },
		{ 40, 0, BARSPAN_REASON_PAGE },
		{ 50, 0, BARSPAN_REASON_MSIX },
		{ 60, 0, 0 },
	};
	static const uint64_t starts[] = { 0, 20, 30, 50, 60 };
	struct barspan_guard_ *guard;
	struct barspan_extent extent;

	ck_assert_zero(guard_build(&guard, entries, 6, PROT_READ, NULL));

	struct barspan span = { 0 };

	guard_publish(&span, guard, guard);

	ck_assert_uint_eq(barspan_extent_count(&span), 4);
	for (size_t i = 0; i < 4; i++) {
		ck_assert_zero(barspan_extent_get(&span, i, &extent));
		ck_assert_uint_eq(extent.offset, starts[i]);
		ck_assert_uint_eq(extent.length, starts[i + 1] - starts[i]);
	}
	ck_assert(barspan_is_direct(&span, 5, 15));
	/* all bytes are direct, but at two addresses */
	ck_assert(!barspan_is_direct(&span, 5, 16));
	sys_free(guard);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("shapes");

	harness_add(suite, "shapes",
		    (const TTest *const[]){
			    evenly_spread_extents_are_found, one_cluster_in_a_huge_span_is_found,
			    exponentially_spaced_extents_are_found,
			    clusters_in_many_places_are_found, extents_of_random_shapes_are_found,
			    neighbours_that_are_one_extent_are_merged, NULL });
	return harness_run(suite);
}
