/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <sys/mman.h>

#include "support/fake.h"
#include "support/harness.h"
#include "span/registry.h"

/* Only the addresses of these spans are used. */
static struct barspan spans[2048];

static struct registry_range range_at(size_t i)
{
	return (struct registry_range){ (i + 1) * 0x10000, (i + 1) * 0x10000 + 0x8000, 0,
					&spans[i] };
}

static void add_range(size_t i)
{
	struct registry_range range = range_at(i);

	ck_assert_zero(registry_add(&range, 1));
}

/* Fixture: leaves no range for the next test. */
static void drop_all(void)
{
	fake_reset();
	ck_assert_zero(registry_remove(NULL, 0, UINTPTR_MAX));
}

static void expect_found(uintptr_t address, const struct barspan *span, uint64_t offset)
{
	struct registry_range found;
	int r = registry_find(&found, address);

	bool right =
		span ? !r && found.span == span && found.offset + (address - found.start) == offset
		     : r == -ENOENT;

	harness_assert_msg(right, "0x%" PRIxPTR ": found %d, %p + 0x%" PRIx64, address, r,
			   r ? NULL : (void *)found.span,
			   r ? 0 : found.offset + (address - found.start));
}

START_TEST(an_address_finds_its_span)
{
	for (size_t i = 0; i < 1024; i++)
		add_range((i * 389) % 1024);
	for (size_t i = 0; i < 1024; i++) {
		expect_found(range_at(i).start, &spans[i], 0);
		expect_found(range_at(i).end - 1, &spans[i], 0x7fff);
		expect_found(range_at(i).end, NULL, 0);
		expect_found(range_at(i).start - 1, NULL, 0);
	}
	expect_found(0, NULL, 0);
	expect_found(UINTPTR_MAX, NULL, 0);
	drop_all();
	expect_found(range_at(5).start, NULL, 0);
}
END_TEST

START_TEST(many_ranges_are_added_at_once_in_any_order)
{
	static struct registry_range odd[512];

	for (size_t i = 0; i < 1024; i += 2)
		add_range(i);
	for (size_t i = 0; i < 512; i++)
		odd[i] = range_at(2 * (i * 389 % 512) + 1);
	ck_assert_zero(registry_add(odd, 512));
	ck_assert_zero(registry_add(odd, 0));
	for (size_t i = 0; i < 1024; i++) {
		expect_found(range_at(i).start, &spans[i], 0);
		expect_found(range_at(i).end - 1, &spans[i], 0x7fff);
		expect_found(range_at(i).end, NULL, 0);
	}
}
END_TEST

START_TEST(a_part_of_a_range_can_be_removed)
{
	struct registry_range range;

	add_range(0);
	add_range(1);
	ck_assert_zero(registry_remove(NULL, 0x12000, 0x13000));
	expect_found(0x11fff, &spans[0], 0x1fff);
	expect_found(0x12000, NULL, 0);
	expect_found(0x13000, &spans[0], 0x3000);
	ck_assert_zero(registry_remove(NULL, 0x14000, 0x21000));
	expect_found(0x13fff, &spans[0], 0x3fff);
	expect_found(0x14000, NULL, 0);
	expect_found(0x20fff, NULL, 0);
	expect_found(0x21000, &spans[1], 0x1000);
	ck_assert_zero(registry_overlap(&range, 0x14000, 0x21001));
	ck_assert_ptr_eq(range.span, &spans[1]);
	ck_assert_int_eq(registry_overlap(&range, 0x14000, 0x21000), -ENOENT);
}
END_TEST

START_TEST(a_span_can_be_removed_alone)
{
	add_range(0);
	add_range(1);
	add_range(2);
	ck_assert_zero(registry_remove(&spans[1], 0, UINTPTR_MAX));
	expect_found(0x10000, &spans[0], 0);
	expect_found(0x20000, NULL, 0);
	expect_found(0x30000, &spans[2], 0);
}
END_TEST

/* The test undoes every removal, of a part, of an end and of everything, and
 * compares the ranges with those before. */
START_TEST(a_removal_can_be_undone_without_memory)
{
	static const struct {
		uintptr_t start, end;
	} parts[] = {
		{ 0x12000, 0x13000 },
		{ 0x10000, 0x11000 },
		{ 0x17000, 0x18000 },
		{ 0x10000, 0x18000 },
	};
	struct registry_range found;

	add_range(0);
	add_range(1);
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		const struct registry_range part = {
			parts[i].start,
			parts[i].end,
			parts[i].start - 0x10000,
			&spans[0],
		};

		ck_assert_zero(registry_remove(NULL, part.start, part.end));
		expect_found(part.start, NULL, 0);
		fake_reset();
		fake_fail(1, -ENOMEM, 0);
		registry_restore(&part);
		fake_reset();
		expect_found(0x10000, &spans[0], 0);
		ck_assert_zero(registry_overlap(&found, 0x10000, 0x20000));
		ck_assert_uint_eq(found.start, 0x10000);
		ck_assert_uint_eq(found.end, 0x18000);
		expect_found(0x20000, &spans[1], 0);
	}
}
END_TEST

/* Compares random changes with a map of pages. */
START_TEST(changes_agree_with_a_map_of_pages)
{
	enum { PAGES = 256 };
	const struct barspan *owner[PAGES] = { NULL };
	uint64_t offset[PAGES], seed = 3;

	for (int round = 0; round < 3000; round++) {
		size_t first = harness_random(&seed) % PAGES,
		       n = 1 + harness_random(&seed) % (PAGES - first);
		struct registry_range range = { (first + 1) << 12, (first + n + 1) << 12, first * 8,
						&spans[round % 7] };
		struct barspan *only = round % 3 ? NULL : &spans[harness_random(&seed) % 7];

		if (round % 2) {
			ck_assert_zero(registry_remove(NULL, range.start, range.end));
			ck_assert_zero(registry_add(&range, 1));
		} else {
			ck_assert_zero(registry_remove(only, range.start, range.end));
		}
		for (size_t i = first; i < first + n; i++)
			if (round % 2 || !only || owner[i] == only) {
				owner[i] = round % 2 ? range.span : NULL;
				offset[i] = range.offset + ((i - first) << 12);
			}
		for (size_t i = 0; i < PAGES; i++)
			expect_found(((i + 1) << 12) + 5, owner[i], owner[i] ? offset[i] + 5 : 0);
	}
}
END_TEST

START_TEST(without_memory_nothing_changes)
{
	struct registry_range range;
	size_t n = 0;

	fake_fail(1, -ENOMEM, 0);
	for (; n < 2048; n++) {
		range = range_at(n);
		if (registry_add(&range, 1))
			break;
	}
	/* The first additions need no allocation. */
	ck_assert_uint_ge(n, 64);
	ck_assert_uint_lt(n, 2048);
	expect_found(range_at(n).start, NULL, 0);
	for (size_t i = 0; i < n; i++)
		expect_found(range_at(i).start, &spans[i], 0);
}
END_TEST

static bool stop; /* atomic */

/* Looks up spans that are always registered while other spans come and go. */
static void *look_for_spans(void *unused)
{
	unsigned long *count = unused;
	uint64_t seed = (uintptr_t)unused;

	while (!__atomic_load_n(&stop, __ATOMIC_RELAXED)) {
		size_t i = harness_random(&seed) % 64;
		struct registry_range found;
		int r = registry_find(&found, range_at(i).start + 5);

		if (i % 2 && (r || found.span != &spans[i] || found.start != range_at(i).start ||
			      found.end != range_at(i).end))
			return count;
		if (i % 2 == 0 && !r &&
		    (found.span != &spans[i] || found.start != range_at(i).start))
			return count;
		++*count;
	}
	return NULL;
}

START_TEST(readers_see_whole_ranges_while_writers_add_and_remove_others)
{
	enum { READERS = 3 };
	unsigned long counts[READERS] = { 0 };
	int rounds = harness_instrumented() ? 2000 : 40000;
	pthread_t readers[READERS];

	for (size_t i = 1; i < 64; i += 2)
		add_range(i);
	__atomic_store_n(&stop, false, __ATOMIC_RELAXED);
	for (int i = 0; i < READERS; i++)
		ck_assert_zero(pthread_create(&readers[i], NULL, look_for_spans, &counts[i]));
	for (int i = 0; i < rounds; i++) {
		size_t which = (size_t)(i * 14) % 64;
		struct registry_range range = range_at(which);

		ck_assert_zero(registry_add(&range, 1));
		ck_assert_zero(registry_remove(&spans[which], range.start, range.end));
	}
	__atomic_store_n(&stop, true, __ATOMIC_RELAXED);
	for (int i = 0; i < READERS; i++) {
		void *bad;

		ck_assert_zero(pthread_join(readers[i], &bad));
		ck_assert_ptr_null(bad);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("registry");

	harness_add_with(
		suite, "registry", fake_reset, drop_all,
		(const TTest *const[]){
			/* First, because tables never shrink and tests
				  * may share a process. */
			without_memory_nothing_changes, an_address_finds_its_span,
			many_ranges_are_added_at_once_in_any_order,
			a_part_of_a_range_can_be_removed, a_span_can_be_removed_alone,
			a_removal_can_be_undone_without_memory, changes_agree_with_a_map_of_pages,
			readers_see_whole_ranges_while_writers_add_and_remove_others, NULL });
	return harness_run(suite);
}
