/* SPDX-License-Identifier: BSD-3-Clause */
/* Guard tables by example; tests/robust/test-property.c has them against a byte map. */
#include <errno.h>
#include <sys/mman.h>

#include "layout/guard.h"
#include "support/guard-ways.h"
#include "support/harness.h"
#include "util/sys.h"

enum { NONE = BARSPAN_REASON_NONE, SPARSE = BARSPAN_REASON_SPARSE, PAGE = BARSPAN_REASON_PAGE };

static struct barspan_guard_ *guard;
static struct barspan span;

static struct barspan_guard_ *build_after(const struct barspan_entry_ *entries, size_t n, int prot,
					  const struct barspan_guard_ *before)
{
	struct barspan_entry_ *own = calloc(n + 1, sizeof(*own));
	struct barspan_guard_ *made;

	ck_assert_ptr_nonnull(own);
	memcpy(own, entries, (n + 1) * sizeof(*own));
	ck_assert_zero(guard_build(&made, own, n, prot, before, NULL));
	free(own);
	return made;
}

static void build_guard(const struct barspan_entry_ *entries, size_t n, int prot)
{
	sys_free(guard);
	guard = build_after(entries, n, prot, NULL);
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
	{ 0, BASE, NONE }, { 0x1000, 0, SPARSE }, { 0x3000, BASE, NONE }, { 0x4000, 0, 0 },
};

START_TEST(a_range_is_direct_when_all_of_it_is)
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

START_TEST(past_the_end_is_not_direct)
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

START_TEST(extents_are_told_by_number_and_by_offset)
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

START_TEST(there_is_no_extent_past_the_end)
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
		{ 0, BASE, NONE }, { 0x1000, BASE, NONE }, { 0x2000, 0, SPARSE }, { 0x3000, 0, SPARSE }, { 0x4000, 0, PAGE },
		{ 0x5000, 0, 0 },
	};

	build_guard(entries, 5, PROT_READ);
	ck_assert_uint_eq(barspan_extent_count(&span), 3);
	ck_assert(barspan_is_direct(&span, 0xfff, 2));
	tear_down();
}
END_TEST

START_TEST(direct_neighbours_at_other_addresses_stay_apart)
{
	const struct barspan_entry_ entries[] = { { 0, BASE, NONE }, { 0x1000, BASE * 2, NONE }, { 0x2000, 0, 0 } };

	build_guard(entries, 2, PROT_READ);
	ck_assert_uint_eq(barspan_extent_count(&span), 2);
	ck_assert(!barspan_is_direct(&span, 0xfff, 2));
	ck_assert_uint_eq((uintptr_t)barspan_pointer(&span, 0x1004, 4), BASE * 2 + 0x1004);
	tear_down();
}
END_TEST

START_TEST(the_main_extent_is_the_largest_that_prot_allows)
{
	const struct barspan_entry_ entries[] = {
		{ 0, BASE, NONE }, { 0x1000, 0, SPARSE }, { 0x2000, BASE, NONE }, { 0x4007, 0, 0 },
	};

	build_guard(entries, 3, PROT_READ);
	ck_assert_uint_eq(span.main_start_, 0x2000);
	ck_assert_uint_eq(span.main_read_, 0x2000);
	ck_assert_uint_eq(span.main_write_, 0);
	build_guard(entries, 3, PROT_WRITE);
	ck_assert_uint_eq(span.main_read_, 0);
	ck_assert_uint_eq(span.main_write_, 0x2000);
	tear_down();
}
END_TEST

START_TEST(other_direct_extents_have_a_short_way_of_their_own)
{
	/* Most of 1 GiB direct, and one page of a hole near its end: slices are of 256 KiB. */
	const struct barspan_entry_ large[] = {
		{ 0, BASE, NONE }, { 0x3fff0000, 0, SPARSE }, { 0x3fff1000, BASE, NONE }, { 0x40000000, 0, 0 },
	};

	build_guard(three, 3, PROT_READ);
	ck_assert(guard_ways_first(&span, 0xff8) && !guard_ways_first(&span, 0x1000) && !guard_ways_first(&span, 0x3000));
	ck_assert(guard_ways_second(&span, 0x3000) && guard_ways_second(&span, 0x3ff8));
	ck_assert(!guard_ways_second(&span, 0x1000) && !guard_ways_second(&span, 0x2ff8));
	build_guard(three, 3, PROT_WRITE);
	ck_assert(!guard_ways_first(&span, 0) && !guard_ways_second(&span, 0x3000));
	build_guard(large, 3, PROT_READ);
	ck_assert(guard_ways_first(&span, 0x3ffefff8) && !guard_ways_first(&span, 0x3fff0000));
	ck_assert(guard_ways_second(&span, 0x3ffbfff8) && !guard_ways_second(&span, 0x3fff1000));
	tear_down();
}
END_TEST

START_TEST(an_end_that_is_no_multiple_of_8_is_not_on_a_short_way)
{
	/* Neither a main extent that begins at 4 and has 12 bytes, nor another that ends after 12. */
	const struct barspan_entry_ odd[] = {
		{ 0, 0, SPARSE }, { 4, BASE, NONE }, { 20, 0, SPARSE }, { 32, BASE, NONE }, { 44, 0, 0 },
	};

	build_guard(odd, 4, PROT_READ);
	for (uint64_t offset = 0; offset < 48; offset += 8)
		ck_assert(guard_ways_agree(&span, offset));
	ck_assert(guard_ways_first(&span, 8) && !guard_ways_first(&span, 16));
	tear_down();
}
END_TEST

START_TEST(the_main_extent_stays_where_it_was)
{
	const struct barspan_entry_ none[] = { { 0, 0, SPARSE }, { 0x4000, 0, 0 } };
	const struct barspan_entry_ grown[] = { { 0, BASE, NONE }, { 0x4000, 0, 0 } };
	const struct barspan_entry_ moved[] = { { 0, BASE * 2, NONE }, { 0x4000, 0, 0 } };
	const struct barspan_entry_ *const later[] = { none, grown, moved };
	static const size_t lengths[] = { 0, 0x1000, 0 };

	for (size_t i = 0; i < 3; i++) {
		struct barspan_guard_ *next;

		build_guard((const struct barspan_entry_[]){ { 0, 0, SPARSE }, { 0x3000, BASE, NONE }, { 0x4000, 0, 0 } }, 2, PROT_READ);
		next = build_after(later[i], 1, PROT_READ, guard);
		guard_publish(&span, next, next);
		ck_assert_uint_eq(span.main_start_, 0x3000);
		ck_assert_uint_eq(span.main_base_, BASE);
		ck_assert_uint_eq(span.main_read_, lengths[i]);
		for (uint64_t offset = 0; offset < 0x4000; offset += 8)
			ck_assert(guard_ways_agree(&span, offset));
		guard_publish(&span, guard, guard);
		ck_assert_uint_eq(span.main_read_, 0x1000);
		sys_free(next);
	}
	tear_down();
}
END_TEST

START_TEST(a_span_of_one_byte_and_one_of_all_bytes)
{
	const struct barspan_entry_ tiny[] = { { 0, BASE, NONE }, { 1, 0, 0 } };
	const struct barspan_entry_ huge[] = {
		{ 0, 0, SPARSE }, { UINT64_MAX - 0x1fff, BASE, NONE }, { UINT64_MAX - 0xfff, 0, SPARSE }, { UINT64_MAX, 0, 0 },
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

START_TEST(a_crowded_corner_of_a_large_span_is_found_in_few_steps)
{
	enum { N = 1000 };
	static struct barspan_entry_ entries[N + 1];
	unsigned int deepest = 0;

	for (size_t i = 0; i < N; i++)
		entries[i] = (struct barspan_entry_){ i * 0x1000, i % 2 ? 0 : BASE, i % 2 ? SPARSE : NONE };
	entries[N].start = UINT64_C(1) << 40;
	build_guard(entries, N, PROT_READ);
	for (size_t i = 0; i < N; i++) {
		uint64_t offset = i * 0x1000 + 0x10;
		unsigned int steps = guard_ways_steps(guard, offset);

		deepest = steps > deepest ? steps : deepest;
		ck_assert_int_eq(barspan_is_direct(&span, offset, 4), i % 2 == 0);
	}
	/* Halving alone would take ten. */
	ck_assert_uint_le(deepest, 6);
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

	harness_add(suite, "guard", (const TTest *const[]){
		a_range_is_direct_when_all_of_it_is, past_the_end_is_not_direct, an_empty_range_is_not_direct,
		a_pointer_is_base_plus_offset, extents_are_told_by_number_and_by_offset, there_is_no_extent_past_the_end,
		neighbours_of_one_kind_and_reason_are_one_extent, direct_neighbours_at_other_addresses_stay_apart,
		the_main_extent_is_the_largest_that_prot_allows,
		other_direct_extents_have_a_short_way_of_their_own, an_end_that_is_no_multiple_of_8_is_not_on_a_short_way,
		the_main_extent_stays_where_it_was, a_span_of_one_byte_and_one_of_all_bytes,
		a_crowded_corner_of_a_large_span_is_found_in_few_steps, reasons_have_names, NULL });
	return harness_run(suite);
}
