/* SPDX-License-Identifier: BSD-3-Clause */
/* Suspends and resumes that change the access of some segments only, or that
 * run out of memory or addresses. */
#include <errno.h>
#include <sys/mman.h>

#include "span/span.h"
#include "support/fake.h"
#include "support/suspend-fixture.h"

/* Decide which calls of mprotect fail: those that remove access, except at one
 * address, and those that restore it. */
static volatile uint8_t *taken;
static bool deny_giving;

static int deny_mprotect(void *address, size_t length, int prot)
{
	if (prot == PROT_NONE ? address != (const void *)(uintptr_t)taken : deny_giving)
		return -ENOMEM;
	return real_sys_mprotect(address, length, prot);
}

static void suspend_half(void)
{
	fake_hooks.mprotect = deny_mprotect;
	taken = span_base() + 0x1000;
	deny_giving = true;
	ck_assert_int_eq(barspan_suspend(span), -ENOMEM);
	ck_assert_int_eq(reason_at(0x1000), BARSPAN_REASON_SUSPENDED);
	ck_assert_int_eq(reason_at(0x5000), BARSPAN_REASON_NONE);
	ck_assert_ptr_nonnull(
		strstr(harness_message, "soft region 0: cannot remove access to 0x5000-0x"));
	ck_assert_ptr_nonnull(
		strstr(harness_message, "soft region 0: cannot restore access to 0x1000-0x"));
}

START_TEST(a_failed_second_suspend_restores_the_access_that_the_first_could_not)
{
	set_up(0);
	suspend_half();
	deny_giving = false;
	ck_assert_int_eq(barspan_suspend(span), -ENOMEM);
	expect_resumed();
	fake_hooks.mprotect = NULL;
	ck_assert_zero(barspan_suspend(span));
	expect_suspended();
	tear_down();
}
END_TEST

START_TEST(a_half_suspended_span_that_cannot_be_resumed_is_unchanged)
{
	set_up(0);
	suspend_half();
	to_span(span)->state = SPAN_LOST;
	ck_assert_int_eq(barspan_resume(span), -EEXIST);
	ck_assert_int_eq(reason_at(0x5000), BARSPAN_REASON_NONE);
	to_span(span)->state = SPAN_RUNNING;
	fake_hooks.mprotect = NULL;
	ck_assert_zero(barspan_suspend(span));
	expect_suspended();
	tear_down();
}
END_TEST

START_TEST(a_resume_that_would_need_another_table_is_refused)
{
	size_t n_guards;

	set_up(0);
	ck_assert_zero(barspan_suspend(span));
	n_guards = to_span(span)->n_guards;
	to_span(span)->n_guards = MAX_GUARDS;
	ck_assert_int_eq(barspan_resume(span), -ENOMEM);
	ck_assert_ptr_nonnull(strstr(
		harness_message,
		"soft region 0: cannot resume: 16 different guard tables, expected fewer than 16"));
	to_span(span)->n_guards = n_guards;
	ck_assert_zero(barspan_resume(span));
	expect_resumed();
	tear_down();
}
END_TEST

/* Restores access to the first extent and fails for the second. Removing it
 * from the first extent again fails, too. */
static int give_once(void *address, size_t length, int prot)
{
	if (prot == PROT_NONE || address != (const void *)(uintptr_t)taken)
		return -ENOMEM;
	return real_sys_mprotect(address, length, prot);
}

START_TEST(access_left_by_a_failed_resume_is_in_the_table_until_a_suspend)
{
	set_up(0);
	ck_assert_zero(barspan_suspend(span));
	fake_hooks.mprotect = give_once;
	taken = span_base() + 0x1000;
	ck_assert_int_eq(barspan_resume(span), -ENOMEM);
	ck_assert_int_eq(reason_at(0x1000), BARSPAN_REASON_NONE);
	ck_assert(harness_can_write(span_base() + 0x1000));
	ck_assert_int_eq(reason_at(0x5000), BARSPAN_REASON_SUSPENDED);
	ck_assert(!harness_can_read(span_base() + 0x5000));
	fake_hooks.mprotect = NULL;
	ck_assert_zero(barspan_suspend(span));
	expect_suspended();
	ck_assert_zero(barspan_resume(span));
	expect_resumed();
	tear_down();
}
END_TEST

/* The same if there is no memory for another table at that moment. */
START_TEST(accessible_areas_stay_direct_without_memory_for_a_table)
{
	set_up(0);
	ck_assert_zero(barspan_suspend(span));
	ck_assert_zero(barspan_resume(span));
	protects = 0;
	fake_hooks.mprotect = protect_once;
	/* The first allocations of the call, for a suspended span's table,
	 * succeed; later ones fail. */
	fake_fail(5, -ENOMEM, 0);
	ck_assert_int_eq(barspan_suspend(span), -ENOMEM);
	fake_fail(0, 0, 1);
	for (uint64_t offset = 0; offset < SIZE; offset += 0x1000)
		ck_assert_int_eq(harness_can_read(span_base() + offset),
				 barspan_is_direct(span, offset, 1));
	fake_reset();
	ck_assert_zero(barspan_suspend(span));
	ck_assert_zero(barspan_resume(span));
	expect_resumed();
	tear_down();
}
END_TEST

static int deny_all(void *address, size_t length, int prot)
{
	(void)address;
	(void)length;
	(void)prot;
	return -ENOMEM;
}

START_TEST(a_half_suspended_span_keeps_its_access_if_a_resume_fails)
{
	set_up(0);
	suspend_half();
	fake_hooks.mprotect = deny_all;
	ck_assert_int_eq(barspan_resume(span), -ENOMEM);
	ck_assert(barspan_is_direct(span, 0x5000, 0x1000));
	for (uint64_t offset = 0; offset < SIZE; offset += 0x1000)
		ck_assert_int_eq(harness_can_read(span_base() + offset),
				 barspan_is_direct(span, offset, 1));
	fake_hooks.mprotect = NULL;
	ck_assert_zero(barspan_resume(span));
	expect_resumed();
	tear_down();
}
END_TEST

/* The device refuses an area that kept its access. */
START_TEST(an_area_that_kept_its_access_stays_direct)
{
	set_up(0);
	suspend_half();
	fake_hooks.mmap = refuse_device;
	fake_hooks.mprotect = NULL;
	ck_assert_zero(barspan_resume(span));
	fake_hooks.mmap = NULL;
	for (uint64_t offset = 0; offset < SIZE; offset += 0x1000)
		ck_assert_int_eq(harness_can_read(span_base() + offset),
				 barspan_is_direct(span, offset, 1));
	ck_assert(barspan_is_direct(span, 0x5000, 0x1000));
	ck_assert_int_eq(reason_at(0x1000), BARSPAN_REASON_FAILED);
	ck_assert_zero(barspan_suspend(span));
	ck_assert_zero(barspan_resume(span));
	expect_resumed();
	tear_down();
}
END_TEST

/* There are no addresses left for a trial mapping of the device. */
START_TEST(without_addresses_a_resume_restores_access_to_old_mappings)
{
	set_up(0);
	ck_assert_zero(barspan_suspend(span));
	fake_fail_call(FAKE_MMAP, 1, -ENOMEM);
	ck_assert_zero(barspan_resume(span));
	ck_assert_int_eq(fake_failed(), FAKE_MMAP);
	expect_resumed();
	tear_down();
}
END_TEST

START_TEST(without_memory_a_span_is_not_replaced)
{
	struct barspan_options options = { .size = sizeof(options), .flags = BARSPAN_FIXED };
	const struct barspan_soft_region region = {
		.size = SIZE, .flags = MAPPABLE, .n_areas = 3, .areas = areas
	};
	struct barspan_device *other;
	struct barspan *over = NULL;

	set_up(0);
	ck_assert_zero(harness_open_soft(&other, &region, 1));
	options.address = (void *)(uintptr_t)span_base();
	for (unsigned long n = 1; n < 20 && !over; n++) {
		fake_fail_call(FAKE_CALLOC, n, -ENOMEM);
		if (barspan_map(&over, other, 0, &options))
			ck_assert_ptr_null(over);
		fake_reset();
		/* The span is unchanged until the kernel has replaced it. */
		if (!over && barspan_find(span_base(), NULL) == span)
			expect_resumed();
	}
	ck_assert_ptr_nonnull(over);
	barspan_unmap(over);
	barspan_device_close(other);
	tear_down();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("suspend-half");

	harness_add(suite, "half",
		    (const TTest *const[]){
			    a_failed_second_suspend_restores_the_access_that_the_first_could_not,
			    a_half_suspended_span_that_cannot_be_resumed_is_unchanged,
			    a_resume_that_would_need_another_table_is_refused,
			    access_left_by_a_failed_resume_is_in_the_table_until_a_suspend,
			    accessible_areas_stay_direct_without_memory_for_a_table,
			    a_half_suspended_span_keeps_its_access_if_a_resume_fails,
			    an_area_that_kept_its_access_stays_direct, NULL });
	harness_add(
		suite, "exhausted",
		(const TTest *const[]){ without_addresses_a_resume_restores_access_to_old_mappings,
					without_memory_a_span_is_not_replaced, NULL });
	return harness_run(suite);
}
