/* SPDX-License-Identifier: BSD-3-Clause */
/* Guard tables by example. tests/robust/test-property.c compares random ones
 * with a byte map. */
#include <errno.h>
#include <sys/mman.h>

#include "layout/guard.h"
#include "support/guard-ways.h"
#include "support/harness.h"
#include "util/sys.h"

enum { NONE = BARSPAN_REASON_NONE, SPARSE = BARSPAN_REASON_SPARSE, PAGE = BARSPAN_REASON_PAGE };

static struct barspan_guard_ *guard;
static struct barspan span;

static void build_guard(const struct barspan_entry_ *entries, size_t n, int prot)
{
	struct barspan_entry_ *own = calloc(n + 1, sizeof(*own));

	ck_assert_ptr_nonnull(own);
	memcpy(own, entries, (n + 1) * sizeof(*own));
	sys_free(guard);
	ck_assert_zero(guard_build(&guard, own, n, prot, NULL));
	free(own);
	span = (struct barspan){ 0 };
	guard_publish(&span, guard, guard);
}

static void tear_down(void)
{
	sys_free(guard);
	guard = NULL;
}

#define BASE ((uintptr_t)0x10000000)

static const struct barspan_entry_ three[] = {
	{ 0, BASE, NONE },
	{ 0x1000, 0, SPARSE },
	{ 0x3000, BASE, NONE },
	{ 0x4000, 0, 0 },
};

START_TEST(a_range_is_direct_if_all_its_bytes_are)
{
	build_guard(three, 3, PROT_READ);
	ck_assert(barspan_is_direct(&span, 0, 0x1000));
	ck_assert(barspan_is_direct(&span, 0xfff, 1));
	ck_assert(barspan_is_direct(&span, 0x3000, 0x1000));
	ck_assert(!barspan_is_direct(&span, 0, 0x1001));
	ck_assert(!barspan_is_direct(&span, 0x1000, 1));
	ck_assert(!barspan_is_direct(&span, 0x2fff, 2));
	ck_assert(!barspan_is_direct(&span, 0, 0x4000));
	tear_down();
}
END_TEST

START_TEST(offsets_past_the_end_are_not_direct)
{
	build_guard(three, 3, PROT_READ);
	ck_assert(!barspan_is_direct(&span, 0x3fff, 2));
	ck_assert(!barspan_is_direct(&span, 0x4000, 1));
	ck_assert(!barspan_is_direct(&span, UINT64_MAX, 1));
	ck_assert(!barspan_is_direct(&span, 0x3000, UINT64_MAX));
	ck_assert(!barspan_is_direct(&span, UINT64_MAX, UINT64_MAX));
	tear_down();
}
END_TEST

START_TEST(an_empty_range_is_not_direct)
{
	build_guard(three, 3, PROT_READ);
	ck_assert(!barspan_is_direct(&span, 0, 0));
	ck_assert_ptr_null((void *)(uintptr_t)barspan_pointer(&span, 0x3000, 0));
	tear_down();
}
END_TEST

START_TEST(a_pointer_is_base_plus_offset)
{
	build_guard(three, 3, PROT_READ);
	ck_assert_uint_eq((uintptr_t)barspan_pointer(&span, 0x3010, 4), BASE + 0x3010);
	ck_assert_uint_eq((uintptr_t)barspan_pointer(&span, 0x2ffe, 4), 0);
	tear_down();
}
END_TEST

START_TEST(extents_are_found_by_number_and_by_offset)
{
	struct barspan_extent extent;

	build_guard(three, 3, PROT_READ);
	ck_assert_uint_eq(barspan_extent_count(&span), 3);
	ck_assert_zero(barspan_extent_get(&span, 1, &extent));
	ck_assert_uint_eq(extent.offset, 0x1000);
	ck_assert_uint_eq(extent.length, 0x2000);
	ck_assert_int_eq(extent.kind, BARSPAN_HOLE);
	ck_assert_int_eq(extent.reason, BARSPAN_REASON_SPARSE);
	ck_assert_zero(barspan_extent_at(&span, 0x3fff, &extent));
	ck_assert_uint_eq(extent.offset, 0x3000);
	ck_assert_int_eq(extent.kind, BARSPAN_DIRECT);
	tear_down();
}
END_TEST

START_TEST(past_the_end_no_extent_is_found)
{
	struct barspan_extent extent = { 1, 2, BARSPAN_HOLE, BARSPAN_REASON_PAGE };

	build_guard(three, 3, PROT_READ);
	ck_assert_int_eq(barspan_extent_get(&span, 3, &extent), -ERANGE);
	ck_assert_int_eq(barspan_extent_get(&span, SIZE_MAX, &extent), -ERANGE);
	ck_assert_int_eq(barspan_extent_at(&span, 0x4000, &extent), -ERANGE);
	ck_assert_uint_eq(extent.offset, 1);
	tear_down();
}
END_TEST

START_TEST(neighbours_of_one_kind_and_reason_are_one_extent)
{
	const struct barspan_entry_ entries[] = {
		{ 0, BASE, NONE },     { 0x1000, BASE, NONE }, { 0x2000, 0, SPARSE },
		{ 0x3000, 0, SPARSE }, { 0x4000, 0, PAGE },    { 0x5000, 0, 0 },
	};

	build_guard(entries, 5, PROT_READ);
	ck_assert_uint_eq(barspan_extent_count(&span), 3);
	ck_assert(barspan_is_direct(&span, 0xfff, 2));
	tear_down();
}
END_TEST

START_TEST(direct_neighbours_at_other_addresses_are_not_merged)
{
	const struct barspan_entry_ entries[] = { { 0, BASE, NONE },
						  { 0x1000, BASE * 2, NONE },
						  { 0x2000, 0, 0 } };

	build_guard(entries, 2, PROT_READ);
	ck_assert_uint_eq(barspan_extent_count(&span), 2);
	ck_assert(!barspan_is_direct(&span, 0xfff, 2));
	ck_assert_uint_eq((uintptr_t)barspan_pointer(&span, 0x1004, 4), BASE * 2 + 0x1004);
	tear_down();
}
END_TEST

START_TEST(slices_of_direct_bytes_have_a_fast_path)
{
	/* All edges are multiples of a page, but 1 GiB has more pages than the
	 * table has slots: a slice is 128 KiB. */
	const struct barspan_entry_ large[] = {
		{ 0, BASE, NONE },
		{ 0x3fff0000, 0, SPARSE },
		{ 0x3fff1000, BASE, NONE },
		{ 0x40000000, 0, 0 },
	};

	build_guard(three, 3, PROT_READ);
	ck_assert(guard_ways_fast_read(&span, 0) && guard_ways_fast_read(&span, 0xff8));
	ck_assert(guard_ways_fast_read(&span, 0x3000) && guard_ways_fast_read(&span, 0x3ff8));
	ck_assert(!guard_ways_fast_read(&span, 0x1000) && !guard_ways_fast_read(&span, 0x2ff8));
	build_guard(large, 3, PROT_READ);
	ck_assert(guard_ways_fast_read(&span, 0) && guard_ways_fast_read(&span, 0x3ffdfff8));
	ck_assert(!guard_ways_fast_read(&span, 0x3ffe0000));
	ck_assert(!guard_ways_fast_read(&span, 0x3fff1000));
	ck_assert_uint_eq((uintptr_t)barspan_pointer(&span, 0x3fff1000, 8), BASE + 0x3fff1000);
	tear_down();
}
END_TEST

START_TEST(the_fast_path_serves_only_accesses_that_prot_allows)
{
	build_guard(three, 3, PROT_READ);
	ck_assert(guard_ways_fast_read(&span, 0) && !guard_ways_fast_write(&span, 0));
	build_guard(three, 3, PROT_WRITE);
	ck_assert(!guard_ways_fast_read(&span, 0) && guard_ways_fast_write(&span, 0));
	build_guard(three, 3, PROT_READ | PROT_WRITE);
	ck_assert(guard_ways_fast_read(&span, 0) && guard_ways_fast_write(&span, 0));
	build_guard(three, 3, PROT_NONE);
	ck_assert(!guard_ways_fast_read(&span, 0) && !guard_ways_fast_write(&span, 0));
	tear_down();
}
END_TEST

START_TEST(the_fast_path_has_the_base_of_the_largest_direct_extent)
{
	const struct barspan_entry_ apart[] = {
		{ 0, BASE, NONE },	    { 0x1000, 0, SPARSE }, { 0x2000, BASE * 2, NONE },
		{ 0x4000, BASE * 3, NONE }, { 0x5000, 0, 0 },
	};

	build_guard(apart, 4, PROT_READ);
	ck_assert(guard_ways_fast_read(&span, 0x2000) && guard_ways_fast_read(&span, 0x3ff8));
	ck_assert_uint_eq(guard->base, BASE * 2);
	ck_assert(!guard_ways_fast_read(&span, 0) && !guard_ways_fast_read(&span, 0x4000));
	ck_assert_uint_eq((uintptr_t)barspan_pointer(&span, 0, 8), BASE);
	ck_assert_uint_eq((uintptr_t)barspan_pointer(&span, 0x4000, 8), BASE * 3 + 0x4000);
	tear_down();
}
END_TEST

START_TEST(an_access_across_an_odd_end_is_not_on_the_fast_path)
{
	/* Direct from 4 to 20, and from 32 to 44. */
	const struct barspan_entry_ odd[] = {
		{ 0, 0, SPARSE },   { 4, BASE, NONE }, { 20, 0, SPARSE },
		{ 32, BASE, NONE }, { 44, 0, 0 },
	};
	const struct barspan_entry_ twelve[] = { { 0, BASE, NONE }, { 12, 0, 0 } };
	const struct barspan_entry_ sixteen[] = { { 0, BASE, NONE }, { 16, 0, 0 } };

	build_guard(odd, 4, PROT_READ);
	for (uint64_t offset = 0; offset < 44; offset++)
		ck_assert(guard_ways_agree(&span, offset));
	build_guard(twelve, 1, PROT_READ);
	ck_assert(!guard_ways_fast_read(&span, 8) && guard_ways_agree(&span, 8));
	build_guard(sixteen, 1, PROT_READ);
	ck_assert(guard_ways_fast_read(&span, 8) && guard_ways_agree(&span, 8));
	tear_down();
}
END_TEST

START_TEST(slices_are_as_large_as_their_edges_allow)
{
	const struct barspan_entry_ whole[] = { { 0, BASE, NONE }, { UINT64_C(1) << 40, 0, 0 } };
	const struct barspan_entry_ holes[] = {
		{ 0, BASE, NONE },
		{ 0x4000, 0, SPARSE },
		{ 0x4010, 0, PAGE },
		{ 0x8000, 0, 0 },
	};

	build_guard(three, 3, PROT_READ);
	ck_assert_uint_eq(guard->shift, 12);
	ck_assert_uint_eq(guard->n_slots, 4);
	build_guard(whole, 1, PROT_READ);
	ck_assert_uint_eq(guard->n_slots, 1);
	/* Edges between two holes do not make slices smaller. */
	build_guard(holes, 3, PROT_READ);
	ck_assert_uint_eq(guard->n_slots, 2);
	tear_down();
}
END_TEST

START_TEST(a_suspended_table_fits_into_the_spare_memory)
{
	struct barspan_entry_ entries[] = {
		{ 0, BASE, NONE },
		{ 0x1000, 0, SPARSE },
		{ 0x3000, BASE, NONE },
		{ 0x4000, 0, 0 },
	};
	size_t size = guard_max_size(entries, 3);
	struct guard_spare spare = { sys_calloc(1, size), size };

	build_guard(three, 3, PROT_READ);
	ck_assert_uint_eq(guard_size(guard), size);
	ck_assert_uint_lt(size, 256);
	entries[0].reason = entries[2].reason = BARSPAN_REASON_SUSPENDED;
	ck_assert_uint_eq(guard_max_size(entries, 3), size);
	sys_free(guard);
	ck_assert_zero(guard_build(&guard, entries, 3, PROT_READ, &spare));
	ck_assert_uint_eq(guard_size(guard), size);
	/* There was enough memory without the spare block. */
	ck_assert_ptr_nonnull(spare.memory);
	sys_free(spare.memory);
	tear_down();
}
END_TEST

START_TEST(spans_of_1_and_of_almost_2_64_bytes_have_a_table)
{
	const struct barspan_entry_ tiny[] = { { 0, BASE, NONE }, { 1, 0, 0 } };
	const struct barspan_entry_ huge[] = {
		{ 0, 0, SPARSE },
		{ UINT64_MAX - 0x1fff, BASE, NONE },
		{ UINT64_MAX - 0xfff, 0, SPARSE },
		{ UINT64_MAX, 0, 0 },
	};

	build_guard(tiny, 1, PROT_READ);
	ck_assert(barspan_is_direct(&span, 0, 1));
	ck_assert(!barspan_is_direct(&span, 1, 1));
	build_guard(huge, 3, PROT_READ);
	ck_assert(barspan_is_direct(&span, UINT64_MAX - 0x1fff, 0x1000));
	ck_assert(!barspan_is_direct(&span, UINT64_MAX - 0x2000, 1));
	ck_assert(!barspan_is_direct(&span, UINT64_MAX - 0xfff, 1));
	tear_down();
}
END_TEST

START_TEST(a_crowded_slice_is_searched_by_bisection)
{
	enum { N = 1000 };
	static struct barspan_entry_ entries[N + 1];

	for (size_t i = 0; i < N; i++)
		entries[i] = (struct barspan_entry_){ i * 0x1000, i % 2 ? 0 : BASE,
						      i % 2 ? SPARSE : NONE };
	entries[N].start = UINT64_C(1) << 40;
	build_guard(entries, N, PROT_READ);
	for (size_t i = 0; i < N; i++) {
		uint64_t offset = i * 0x1000 + 0x10;

		ck_assert_uint_le(guard_ways_steps(guard, offset), 10);
		ck_assert_int_eq(barspan_is_direct(&span, offset, 4), i % 2 == 0);
		ck_assert(!barspan_is_direct(&span, offset, 0x1000));
	}
	tear_down();
}
END_TEST

START_TEST(reasons_have_names)
{
	ck_assert_str_eq(barspan_reason_name(BARSPAN_REASON_NONE), "none");
	ck_assert_str_eq(barspan_reason_name(BARSPAN_REASON_SUSPENDED), "suspended");
	ck_assert_str_eq(barspan_reason_name((enum barspan_reason)99), "unknown");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("guard");

	harness_add(
		suite, "guard",
		(const TTest *const[]){
			a_range_is_direct_if_all_its_bytes_are, offsets_past_the_end_are_not_direct,
			an_empty_range_is_not_direct, a_pointer_is_base_plus_offset,
			extents_are_found_by_number_and_by_offset, past_the_end_no_extent_is_found,
			neighbours_of_one_kind_and_reason_are_one_extent,
			direct_neighbours_at_other_addresses_are_not_merged,
			slices_of_direct_bytes_have_a_fast_path,
			the_fast_path_serves_only_accesses_that_prot_allows,
			the_fast_path_has_the_base_of_the_largest_direct_extent,
			an_access_across_an_odd_end_is_not_on_the_fast_path,
			slices_are_as_large_as_their_edges_allow,
			a_suspended_table_fits_into_the_spare_memory,
			spans_of_1_and_of_almost_2_64_bytes_have_a_table,
			a_crowded_slice_is_searched_by_bisection, reasons_have_names, NULL });
	return harness_run(suite);
}
