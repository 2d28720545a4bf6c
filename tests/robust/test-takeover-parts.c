/* SPDX-License-Identifier: BSD-3-Clause */
/* Spans that are moved, and spans that lose parts to other mappings. */
#include <errno.h>
#include <pthread.h>
#include <sys/mman.h>
#include <unistd.h>

#include "compat/private.h"
#include "device/device.h"
#include "span/span.h"
#include "support/fake.h"
#include "support/takeover-fixture.h"

static void *moved_to;

static int fail_mremap(void **out, void *from, size_t length, size_t new_length, int flags,
		       void *to)
{
	/* Let the library test whether a reservation is complete. */
	if (!flags)
		return real_sys_mremap(out, from, length, new_length, flags, to);
	if (moved_to) {
		ck_assert_zero(munmap(moved_to, new_length));
		moved_in = mmap(moved_to, new_length, PROT_READ | PROT_WRITE,
				MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
		*moved_in = 77;
	}
	return -EFAULT;
}

START_TEST(after_a_failed_remap_the_span_matches_its_mappings)
{
	void *mine;

	set_up();
	mine = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	moved_to = NULL;
	moved_in = NULL;
	fake_hooks.mremap = fail_mremap;
	ck_assert_ptr_eq(
		barspan_mremap_(mine, page, page, MREMAP_MAYMOVE | MREMAP_FIXED, base + page),
		MAP_FAILED);
	check_untouched();
	ck_assert_ptr_eq(barspan_mremap_(base + page, page, 2 * page, MREMAP_MAYMOVE, NULL),
			 MAP_FAILED);
	check_untouched();
	moved_to = base + page;
	ck_assert_ptr_eq(
		barspan_mremap_(mine, page, page, MREMAP_MAYMOVE | MREMAP_FIXED, base + page),
		MAP_FAILED);
	fake_hooks.mremap = NULL;
	check_taken(1);
	barspan_unmap(span);
	span = NULL;
	ck_assert_uint_eq(*moved_in, 77);
	munmap(moved_in, page);
	munmap(mine, page);
	tear_down();
}
END_TEST

/* The mappings on both sides cannot be merged with the hole's. */
START_TEST(a_hole_between_two_mappings_stays_in_the_span)
{
	const int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED;
	uint8_t *mine;

	set_up();
	mine = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	for (size_t i = 2; i <= 4; i += 2)
		ck_assert_ptr_eq(barspan_mmap(base + i * page, page, PROT_READ, flags, -1, 0),
				 base + i * page);
	moved_to = NULL;
	fake_hooks.mremap = fail_mremap;
	ck_assert_ptr_eq(barspan_mremap_(base + 3 * page, 2 * page, 2 * page,
					 MREMAP_MAYMOVE | MREMAP_FIXED, mine),
			 MAP_FAILED);
	fake_hooks.mremap = NULL;
	ck_assert_ptr_eq(barspan_find(base + 3 * page, NULL), span);
	munmap(mine, 2 * page);
	munmap(base + 2 * page, page);
	munmap(base + 4 * page, page);
	tear_down();
}
END_TEST

static int closed_lists;

/* The first list of mappings can be read, the second cannot. */
static int open_once(const char *path, int flags)
{
	return closed_lists++ ? -EMFILE : real_sys_open(path, flags);
}

START_TEST(a_span_moved_onto_itself_loses_the_replaced_pages)
{
	set_up();
	moved_to = NULL;
	closed_lists = 0;
	fake_hooks.open = open_once;
	fake_hooks.mremap = fail_mremap;
	ck_assert_ptr_eq(barspan_mremap_(base + 2 * page, 3 * page, page,
					 MREMAP_MAYMOVE | MREMAP_FIXED, base + page),
			 MAP_FAILED);
	fake_hooks.open = NULL;
	fake_hooks.mremap = NULL;
	ck_assert(!barspan_is_direct(span, page, page));
	ck_assert_uint_eq(barspan_read32(span, page), 101);
	barspan_unmap(span);
	span = NULL;
	munmap(base + page, page);
	tear_down();
}
END_TEST

/* A span of barspan_mmap() ends with its last address, but not while the source
 * of a move is unmapped. */
START_TEST(a_span_moved_onto_itself_stays_alive)
{
	set_up();
	to_span(span)->owner = SPAN_OF_ADDRESSES;
	ck_assert_zero(barspan_munmap(base, page));
	ck_assert_zero(barspan_munmap(base + 3 * page, (PAGES - 3) * page));
	moved_to = NULL;
	closed_lists = 0;
	fake_hooks.open = open_once;
	fake_hooks.mremap = fail_mremap;
	ck_assert_ptr_eq(barspan_mremap_(base + 2 * page, page, page, MREMAP_MAYMOVE | MREMAP_FIXED,
					 base + page),
			 MAP_FAILED);
	fake_hooks.open = NULL;
	fake_hooks.mremap = NULL;
	ck_assert_uint_eq(device->references, 2);
	ck_assert_ptr_eq(barspan_find(base + 2 * page, NULL), span);
	ck_assert_uint_eq(barspan_read32(span, 2 * page), 102);
	ck_assert_zero(barspan_munmap(base + 2 * page, page));
	ck_assert_uint_eq(device->references, 1);
	span = NULL;
	munmap(base + page, page);
	tear_down();
}
END_TEST

/* Newer kernels move a range with a gap, and leave the target's mapping at the
 * gap. */
START_TEST(a_range_with_a_gap_is_not_moved_over_a_span)
{
	uint8_t *mine;

	set_up();
	mine = mmap(NULL, 3 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ck_assert_zero(munmap(mine + page, page));
	ck_assert_ptr_eq(
		barspan_mremap_(mine, 3 * page, 3 * page, MREMAP_MAYMOVE | MREMAP_FIXED, base),
		MAP_FAILED);
	ck_assert_int_eq(errno, EFAULT);
	check_untouched();
	munmap(mine, page);
	munmap(mine + 2 * page, page);
	tear_down();
}
END_TEST

/* Pages are unmapped in random order. The rest of the span works as before. */
START_TEST(pages_can_be_unmapped_one_by_one)
{
	uint64_t seed = 5;

	for (int round = 0; round < 20; round++) {
		bool gone[PAGES] = { false };
		size_t n_guards;

		set_up();
		n_guards = to_span(span)->n_guards;
		for (int i = 0; i < PAGES; i++) {
			size_t which = harness_random(&seed) % PAGES;
			bool was_direct = barspan_is_direct(span, which * page, 1);

			if (gone[which])
				continue;
			gone[which] = true;
			ck_assert_zero(barspan_munmap(base + which * page, page));
			ck_assert_ptr_null(barspan_find(base + which * page, NULL));
			ck_assert_int_eq(reason_at(which), was_direct ? BARSPAN_REASON_REQUESTED
								      : BARSPAN_REASON_SPARSE);
			if (i == 3) {
				ck_assert_zero(barspan_suspend(span));
				ck_assert(!barspan_is_direct(span, 5 * page, 1));
				ck_assert_zero(barspan_resume(span));
			}
			for (size_t j = 0; j < PAGES; j++)
				ck_assert_uint_eq(barspan_read32(span, j * page), 100 + j);
		}
		/* Unmapping needs no new table, except the suspended span's. */
		ck_assert_uint_le(to_span(span)->n_guards, n_guards + 1);
		tear_down();
	}
}
END_TEST

/* Extents by number and by offset agree, and cover the span. */
START_TEST(extents_of_a_partly_unmapped_span_cover_it)
{
	struct barspan_extent extent, same;
	uint64_t end = 0;
	size_t n;

	set_up();
	ck_assert_zero(barspan_munmap(base + 2 * page, page));
	n = barspan_extent_count(span);
	ck_assert_uint_eq(n, 6);
	for (size_t i = 0; i < n; i++) {
		ck_assert_zero(barspan_extent_get(span, i, &extent));
		ck_assert_uint_eq(extent.offset, end);
		end += extent.length;
		for (uint64_t at = extent.offset; at < end; at += page / 2) {
			ck_assert_zero(barspan_extent_at(span, at, &same));
			ck_assert_uint_eq(same.offset, extent.offset);
			ck_assert_uint_eq(same.length, extent.length);
			ck_assert_int_eq(same.reason, extent.reason);
		}
	}
	ck_assert_uint_eq(end, PAGES * page);
	ck_assert_int_eq(barspan_extent_get(span, n, &extent), -ERANGE);
	ck_assert_int_eq(barspan_extent_at(span, end, &extent), -ERANGE);
	ck_assert(!barspan_is_direct(span, page, 2 * page));
	ck_assert(barspan_is_direct(span, page, page));
	ck_assert(!barspan_is_direct(span, page, 0));
	ck_assert_ptr_eq((void *)(uintptr_t)barspan_pointer(span, page + 4, 4), base + page + 4);
	ck_assert_ptr_null((void *)(uintptr_t)barspan_pointer(span, 2 * page - 2, 4));
	tear_down();
}
END_TEST

static bool stop; /* atomic */

static void *suspend_and_resume(void *unused)
{
	while (!__atomic_load_n(&stop, __ATOMIC_RELAXED)) {
		barspan_suspend(span);
		barspan_resume(span);
	}
	return unused;
}

/* The old span is suspended and resumed meanwhile. Its device must never appear
 * at the new span's addresses. */
START_TEST(a_replaced_span_never_touches_its_old_addresses)
{
	struct barspan_options options = { .size = sizeof(options), .flags = BARSPAN_FIXED };
	int rounds = harness_instrumented() ? 20 : 300;
	pthread_t thread;

	set_up();
	for (int i = 0; i < rounds; i++) {
		struct barspan *over;
		uint8_t *at;

		__atomic_store_n(&stop, false, __ATOMIC_RELAXED);
		ck_assert_zero(pthread_create(&thread, NULL, suspend_and_resume, NULL));
		options.address = base;
		ck_assert_zero(barspan_map(&over, other_device, 0, &options));
		at = (uint8_t *)(uintptr_t)barspan_base(over);
		barspan_write32(over, page, 4711);
		for (int j = 0; j < 50; j++) {
			ck_assert_uint_eq(*(volatile uint32_t *)(void *)(at + page), 4711);
			ck_assert_uint_eq(barspan_read32(over, page), 4711);
		}
		__atomic_store_n(&stop, true, __ATOMIC_RELAXED);
		ck_assert_zero(pthread_join(thread, NULL));
		ck_assert_uint_eq(barspan_read32(span, page), 101);
		barspan_unmap(span);
		ck_assert_uint_eq(*(volatile uint32_t *)(void *)(at + page), 4711);
		barspan_unmap(over);
		ck_assert_zero(barspan_map(&span, device, 0, NULL));
		base = (uint8_t *)(uintptr_t)barspan_base(span);
	}
	barspan_unmap(span);
	barspan_device_close(device);
	barspan_device_close(other_device);
	free(before);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("takeover-parts");

	page = (size_t)sysconf(_SC_PAGESIZE);
	harness_add(suite, "moves",
		    (const TTest *const[]){ after_a_failed_remap_the_span_matches_its_mappings,
					    a_hole_between_two_mappings_stays_in_the_span,
					    a_span_moved_onto_itself_loses_the_replaced_pages,
					    a_span_moved_onto_itself_stays_alive,
					    a_range_with_a_gap_is_not_moved_over_a_span, NULL });
	harness_add(suite, "parts",
		    (const TTest *const[]){ pages_can_be_unmapped_one_by_one,
					    extents_of_a_partly_unmapped_span_cover_it,
					    a_replaced_span_never_touches_its_old_addresses,
					    NULL });
	return harness_run(suite);
}
