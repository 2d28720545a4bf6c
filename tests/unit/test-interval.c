/* SPDX-License-Identifier: BSD-3-Clause */

#include "support/harness.h"
#include "layout/interval.h"

START_TEST(normalising_sorts_merges_and_drops_empty_intervals)
{
	struct interval list[] = { { 8, 9 }, { 0, 2 }, { 5, 5 }, { 2, 4 },
				   { 6, 8 }, { 7, 3 }, { 1, 2 } };
	uint64_t overlap = UINT64_MAX;
	size_t n = interval_normalise(list, sizeof(list) / sizeof(list[0]), &overlap);

	ck_assert_uint_eq(n, 2);
	ck_assert_uint_eq(list[0].start, 0);
	ck_assert_uint_eq(list[0].end, 4);
	ck_assert_uint_eq(list[1].start, 6);
	ck_assert_uint_eq(list[1].end, 9);
	ck_assert_uint_eq(overlap, 1);
}
END_TEST

START_TEST(touching_intervals_do_not_overlap)
{
	struct interval list[] = { { 2, 4 }, { 0, 2 }, { 3, 3 } };
	struct interval same[] = { { 0, UINT64_MAX }, { 0, UINT64_MAX } };
	uint64_t overlap = 0;

	ck_assert_uint_eq(interval_normalise(list, 3, &overlap), 1);
	ck_assert_uint_eq(overlap, UINT64_MAX);
	ck_assert_uint_eq(interval_normalise(same, 2, &overlap), 1);
	ck_assert_uint_eq(overlap, 0);
}
END_TEST

START_TEST(normalising_an_empty_set_leaves_it_empty)
{
	ck_assert_uint_eq(interval_normalise(NULL, 0, NULL), 0);
}
END_TEST

START_TEST(contains_needs_one_interval_that_covers_the_range)
{
	const struct interval list[] = { { 0, 4 }, { 6, 9 }, { 10, 12 } };

	ck_assert(interval_contains(list, 3, 0, 4));
	ck_assert(interval_contains(list, 3, 7, 8));
	ck_assert(interval_contains(list, 3, 10, 12));
	ck_assert(!interval_contains(list, 3, 3, 7));
	ck_assert(!interval_contains(list, 3, 4, 6));
	ck_assert(!interval_contains(list, 3, 11, 13));
	ck_assert(!interval_contains(list, 3, 12, 13));
	ck_assert(!interval_contains(list, 0, 0, 1));
}
END_TEST

START_TEST(a_walk_finds_each_edge)
{
	const struct interval list[] = { { 0, 4 }, { 6, 9 } };
	struct interval_walk walk = { list, 2 };

	ck_assert_uint_eq(interval_walk_edge(&walk, 0), 4);
	ck_assert_uint_eq(interval_walk_edge(&walk, 3), 4);
	ck_assert_uint_eq(interval_walk_edge(&walk, 4), 6);
	ck_assert_uint_eq(interval_walk_edge(&walk, 6), 9);
	ck_assert_uint_eq(interval_walk_edge(&walk, 9), UINT64_MAX);
}
END_TEST

/* Compares both look-ups with a byte map, for random sets. */
START_TEST(look_ups_agree_with_a_byte_map)
{
	enum { BYTES = 128, SETS = 500 };
	uint64_t seed = 1;

	for (int set = 0; set < SETS; set++) {
		struct interval list[12];
		bool has[BYTES + 1] = { false };
		size_t n = harness_random(&seed) % 12;

		for (size_t i = 0; i < n; i++) {
			list[i].start = harness_random(&seed) % BYTES;
			list[i].end =
				list[i].start + harness_random(&seed) % (BYTES - list[i].start);
			for (uint64_t at = list[i].start; at < list[i].end; at++)
				has[at] = true;
		}
		n = interval_normalise(list, n, NULL);

		struct interval_walk walk = { list, n };

		for (uint64_t at = 0; at < BYTES; at++) {
			uint64_t end = at + 1 + harness_random(&seed) % (BYTES - at);
			bool all = true;

			for (uint64_t i = at; i < end; i++)
				all &= has[i];
			ck_assert_int_eq(interval_walk_has(&walk, at), has[at]);
			ck_assert_int_eq(interval_contains(list, n, at, end), all);
		}
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("interval");

	harness_add(suite, "interval",
		    (const TTest *const[]){ normalising_sorts_merges_and_drops_empty_intervals,
					    touching_intervals_do_not_overlap,
					    normalising_an_empty_set_leaves_it_empty,
					    contains_needs_one_interval_that_covers_the_range,
					    a_walk_finds_each_edge, look_ups_agree_with_a_byte_map,
					    NULL });
	return harness_run(suite);
}
