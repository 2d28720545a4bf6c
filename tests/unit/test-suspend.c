/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <sys/mman.h>

#include "span/reservation.h"
#include "span/span.h"
#include "support/fake.h"
#include "support/guard-ways.h"
#include "support/suspend-fixture.h"

START_TEST(a_suspended_span_is_all_hole_and_keeps_its_addresses)
{
	uint64_t reads = 0;
	struct reservation got;

	set_up(0);
	barspan_write32(span, 0x1000, 0x1234);
	ck_assert_zero(barspan_suspend(span));
	expect_suspended();
	/* The addresses stay reserved: no other mapping can take them. */
	for (uint64_t offset = 0; offset < SIZE; offset += 0x1000) {
		struct reservation_request request = {
			.length = 0x1000,
			.alignment = 0x1000,
			.address = (void *)(uintptr_t)(span_base() + offset),
		};

		ck_assert_int_eq(reservation_create(&got, &request), -EEXIST);
	}
	/* Accessors still work, by trapped accesses. */
	ck_assert_uint_eq(barspan_read32(span, 0x1000), 0x1234);
	ck_assert_zero(barspan_soft_trapped(device, 0, &reads, NULL));
	ck_assert_uint_eq(reads, 1);
	barspan_write32(span, 0x5000, 0x5678);
	ck_assert_zero(barspan_resume(span));
	expect_resumed();
	ck_assert_uint_eq(*(volatile uint32_t *)(span_base() + 0x5000), 0x5678);
	ck_assert_zero(barspan_take_error(span, NULL));
	tear_down();
}
END_TEST

START_TEST(repeated_suspend_and_resume_change_nothing)
{
	set_up(0);
	ck_assert_zero(barspan_resume(span));
	expect_resumed();
	ck_assert_zero(barspan_suspend(span));
	fake_reset();
	ck_assert_zero(barspan_suspend(span));
	ck_assert_uint_eq(fake_total(), 0);
	expect_suspended();
	ck_assert_zero(barspan_resume(span));
	ck_assert_zero(barspan_resume(span));
	expect_resumed();
	tear_down();
}
END_TEST

START_TEST(a_suspended_span_can_be_unmapped)
{
	set_up(0);
	ck_assert_zero(barspan_suspend(span));
	tear_down();
	set_up(BARSPAN_INDEPENDENT);
	ck_assert_zero(barspan_suspend(span));
	tear_down();
}
END_TEST

START_TEST(independent_extents_keep_their_addresses)
{
	volatile void *pointer;

	set_up(BARSPAN_INDEPENDENT);
	pointer = barspan_pointer(span, 0x5000, 4);
	ck_assert_zero(barspan_suspend(span));
	expect_suspended();
	ck_assert(!harness_can_read(pointer));
	ck_assert_zero(barspan_resume(span));
	expect_resumed();
	ck_assert_ptr_eq((void *)(uintptr_t)barspan_pointer(span, 0x5000, 4),
			 (void *)(uintptr_t)pointer);
	ck_assert(harness_can_write(pointer));
	tear_down();
}
END_TEST

START_TEST(memory_of_tables_is_reused)
{
	set_up(0);
	for (int i = 0; i < 100; i++) {
		ck_assert_zero(barspan_suspend(span));
		ck_assert_zero(barspan_resume(span));
	}
	ck_assert_uint_eq(to_span(span)->n_guards, 2);
	tear_down();
}
END_TEST

/* The device refuses the area at this offset. As on Linux, the target range is
 * unmapped then. */
static uint64_t bad_offset;

static int refuse_bad(void **out, void *address, size_t length, int prot, int flags, int fd,
		      uint64_t offset)
{
	if (fd < 0 || offset > bad_offset || offset + length <= bad_offset)
		return real_sys_mmap(out, address, length, prot, flags, fd, offset);
	munmap(address, length);
	return -EINVAL;
}

START_TEST(an_area_that_cannot_be_mapped_again_is_a_hole)
{
	set_up(0);
	ck_assert_zero(barspan_suspend(span));
	bad_offset = 0x2000;
	fake_hooks.mmap = refuse_bad;
	ck_assert_zero(barspan_resume(span));
	ck_assert_int_eq(reason_at(0x1000), BARSPAN_REASON_NONE);
	ck_assert_int_eq(reason_at(0x2000), BARSPAN_REASON_FAILED);
	ck_assert_int_eq(reason_at(0x5000), BARSPAN_REASON_NONE);
	ck_assert(!harness_can_read(span_base() + 0x2000));
	ck_assert(harness_can_write(span_base() + 0x1000));
	barspan_write32(span, 0x2000, 0x9abc);
	ck_assert_uint_eq(barspan_read32(span, 0x2000), 0x9abc);

	/* The next resume tries the area again. */
	ck_assert_zero(barspan_suspend(span));
	expect_suspended();
	fake_hooks.mmap = NULL;
	ck_assert_zero(barspan_resume(span));
	expect_resumed();
	tear_down();
}
END_TEST

START_TEST(an_area_that_is_mapped_late_has_the_fast_path)
{
	set_up(0);
	barspan_unmap(span);
	fake_hooks.mmap = refuse_device;
	ck_assert_zero(barspan_map(&span, device, 0, NULL));
	ck_assert_int_eq(reason_at(0x1000), BARSPAN_REASON_FAILED);
	ck_assert(!guard_ways_fast_read(span, 0x1000));
	fake_hooks.mmap = NULL;
	ck_assert_zero(barspan_suspend(span));
	ck_assert_zero(barspan_resume(span));
	expect_resumed();
	ck_assert(guard_ways_fast_read(span, 0x1000) && guard_ways_fast_read(span, 0x5ff8));
	for (uint64_t offset = 0; offset < SIZE; offset += 8)
		ck_assert(guard_ways_agree(span, offset));
	tear_down();
}
END_TEST

START_TEST(a_strict_span_stays_suspended_if_an_area_fails)
{
	set_up(BARSPAN_STRICT);
	ck_assert_zero(barspan_suspend(span));
	bad_offset = 0x5000;
	fake_hooks.mmap = refuse_bad;
	ck_assert_int_eq(barspan_resume(span), -EINVAL);
	expect_suspended();
	fake_hooks.mmap = NULL;
	ck_assert_zero(barspan_resume(span));
	expect_resumed();
	tear_down();
}
END_TEST

START_TEST(a_suspend_that_fails_changes_nothing)
{
	set_up(0);
	for (unsigned long n = 1; n <= 8; n++) {
		fake_reset();
		fake_fail(n, -ENOMEM, 1);
		if (barspan_suspend(span)) {
			fake_reset();
			expect_resumed();
		} else {
			fake_reset();
			expect_suspended();
			ck_assert_zero(barspan_resume(span));
		}
	}
	ck_assert_zero(barspan_suspend(span));
	expect_suspended();
	tear_down();
}
END_TEST

START_TEST(areas_of_a_suspend_that_cannot_be_undone_are_holes)
{
	set_up(0);
	protects = 0;
	fake_hooks.mprotect = protect_once;
	ck_assert_int_eq(barspan_suspend(span), -ENOMEM);
	ck_assert_int_eq(reason_at(0x1000), BARSPAN_REASON_SUSPENDED);
	ck_assert(!harness_can_read(span_base() + 0x1000));
	ck_assert_int_eq(reason_at(0x5000), BARSPAN_REASON_NONE);
	ck_assert(harness_can_write(span_base() + 0x5000));
	fake_hooks.mprotect = NULL;
	ck_assert_zero(barspan_suspend(span));
	expect_suspended();
	fake_hooks.mprotect = NULL;
	ck_assert_zero(barspan_resume(span));
	expect_resumed();
	tear_down();
}
END_TEST

/* Another thread's mapping takes the addresses that an mremap was to
 * replace. */
static uint8_t *moved_in;

static int lose_to_another(void *from, size_t length, void *to)
{
	(void)from;
	if (moved_in)
		return real_sys_move_mapping(from, length, to);
	munmap(to, length);
	moved_in = mmap(to, 0x1000, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
	ck_assert_ptr_eq(moved_in, to);
	*moved_in = 42;
	return -ENOMEM;
}

/* Suspends a span whose areas could not be mapped at first and can be mapped
 * now. */
static void suspend_unmapped(unsigned int flags)
{
	const struct barspan_options options = { .size = sizeof(options), .flags = flags };

	set_up(flags);
	barspan_unmap(span);
	fake_hooks.mmap = refuse_device;
	ck_assert_zero(barspan_map(&span, device, 0, &options));
	fake_hooks.mmap = NULL;
	ck_assert_int_eq(reason_at(0x1000), BARSPAN_REASON_FAILED);
	ck_assert_zero(barspan_suspend(span));
}

START_TEST(a_span_that_lost_a_part_stays_suspended)
{
	suspend_unmapped(0);
	barspan_write32(span, 0x5000, 0x1234);
	moved_in = NULL;
	fake_hooks.move_mapping = lose_to_another;
	ck_assert_int_eq(barspan_resume(span), -EEXIST);
	fake_hooks.move_mapping = NULL;
	ck_assert_int_eq(barspan_resume(span), -EEXIST);
	ck_assert_int_eq(reason_at(0x5000), BARSPAN_REASON_SUSPENDED);
	ck_assert_uint_eq(barspan_read32(span, 0x5000), 0x1234);
	ck_assert_zero(barspan_take_error(span, NULL));
	ck_assert_ptr_nonnull(strstr(harness_message, "another mapping occupies "));
	/* The addresses do not belong to the span any more. */
	ck_assert_ptr_null(barspan_find(moved_in, NULL));
	barspan_ptr_write32(moved_in, 42);

	barspan_unmap(span);
	ck_assert_uint_eq(*moved_in, 42);
	munmap(moved_in, 0x1000);
	span = NULL;
	tear_down();
}
END_TEST

static int refuse_move(void *from, size_t length, void *to)
{
	(void)from;
	munmap(to, length);
	return -EPERM;
}

START_TEST(a_gap_left_by_a_failed_move_is_reclaimed)
{
	suspend_unmapped(0);
	fake_hooks.move_mapping = refuse_move;
	ck_assert_zero(barspan_resume(span));
	ck_assert_int_eq(reason_at(0x1000), BARSPAN_REASON_FAILED);
	ck_assert(!harness_can_read(span_base() + 0x1000));
	fake_hooks.move_mapping = NULL;
	ck_assert_zero(barspan_suspend(span));
	ck_assert_zero(barspan_resume(span));
	expect_resumed();
	tear_down();
}
END_TEST

/* No memory of the span gets into core dumps and no address is lost, whichever
 * call of a resume fails. */
START_TEST(a_resume_that_fails_can_be_tried_again)
{
	static const unsigned int flags[] = { 0, BARSPAN_INDEPENDENT };

	for (size_t i = 0; i < 2; i++)
		for (unsigned long n = 1; n < 40; n++) {
			suspend_unmapped(flags[i]);
			fake_fail(n, -EPERM, 1);
			barspan_resume(span);
			fake_fail(0, 0, 1);
			ck_assert_zero(barspan_suspend(span));
			expect_suspended();
			ck_assert_zero(barspan_resume(span));
			/* Adjacent areas may be separate mappings now. */
			ck_assert(barspan_is_direct(span, 0x1000, 0x1000) &&
				  barspan_is_direct(span, 0x2000, 0x1000));
			ck_assert(barspan_is_direct(span, 0x5000, 0x1000));
			tear_down();
		}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("suspend");

	harness_add(suite, "suspend",
		    (const TTest *const[]){ a_suspended_span_is_all_hole_and_keeps_its_addresses,
					    repeated_suspend_and_resume_change_nothing,
					    a_suspended_span_can_be_unmapped,
					    independent_extents_keep_their_addresses,
					    memory_of_tables_is_reused, NULL });
	harness_add(suite, "failures",
		    (const TTest *const[]){ an_area_that_cannot_be_mapped_again_is_a_hole,
					    an_area_that_is_mapped_late_has_the_fast_path,
					    a_strict_span_stays_suspended_if_an_area_fails,
					    a_suspend_that_fails_changes_nothing,
					    areas_of_a_suspend_that_cannot_be_undone_are_holes,
					    a_span_that_lost_a_part_stays_suspended,
					    a_gap_left_by_a_failed_move_is_reclaimed,
					    a_resume_that_fails_can_be_tried_again, NULL });
	return harness_run(suite);
}
