/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <sys/mman.h>

#include "support/fake.h"
#include "support/guard-ways.h"
#include "support/harness.h"
#include "span/reservation.h"
#include "span/span.h"

enum { MAPPABLE = BARSPAN_REGION_READ | BARSPAN_REGION_WRITE | BARSPAN_REGION_MMAP, SIZE = 0x8000 };

static const struct barspan_area areas[] = { { 0x1000, 0x1000 }, { 0x2000, 0x1000 }, { 0x5000, 0x1000 } };

static struct barspan_device *device;
static struct barspan *span;
static char *before;

static void set_up(unsigned int flags)
{
	const struct barspan_soft_region region = { .size = SIZE, .flags = MAPPABLE, .n_areas = 3, .areas = areas };
	const struct barspan_options options = { .size = sizeof(options), .flags = flags };

	fake_reset();
	harness_listen();
	free(before);
	before = harness_snapshot();
	ck_assert_zero(barspan_device_open_soft(&device, &region, 1));
	ck_assert_zero(barspan_map(&span, device, 0, &options));
}

static void tear_down(void)
{
	char *after;

	barspan_unmap(span);
	barspan_device_close(device);
	fake_reset();
	after = harness_snapshot();
	ck_assert_str_eq(before, after);
	free(after);
	free(before);
	before = NULL;
}

static enum barspan_reason reason_at(uint64_t offset)
{
	struct barspan_extent extent;

	ck_assert_zero(barspan_extent_at(span, offset, &extent));
	return extent.reason;
}

static volatile uint8_t *base(void)
{
	return barspan_base(span);
}

static void expect_suspended(void)
{
	ck_assert_int_eq(reason_at(0x1000), BARSPAN_REASON_SUSPENDED);
	ck_assert_int_eq(reason_at(0x5000), BARSPAN_REASON_SUSPENDED);
	ck_assert_int_eq(reason_at(0x3000), BARSPAN_REASON_SPARSE);
	ck_assert(!barspan_is_direct(span, 0x1000, 1));
	for (uint64_t offset = 0; base() && offset < SIZE; offset += 0x1000)
		ck_assert(!harness_can_read(base() + offset));
}

static void expect_resumed(void)
{
	ck_assert(barspan_is_direct(span, 0x1000, 0x2000));
	ck_assert(barspan_is_direct(span, 0x5000, 0x1000));
	ck_assert_int_eq(reason_at(0x3000), BARSPAN_REASON_SPARSE);
	for (uint64_t offset = 0; base() && offset < SIZE; offset += 0x1000)
		ck_assert_int_eq(harness_can_write(base() + offset), barspan_is_direct(span, offset, 1));
}

START_TEST(a_suspended_span_is_all_hole_and_keeps_its_addresses)
{
	uint64_t reads = 0;
	struct reservation got;

	set_up(0);
	barspan_write32(span, 0x1000, 0x1234);
	ck_assert_zero(barspan_suspend(span));
	expect_suspended();
	/* Nothing can move in. */
	for (uint64_t offset = 0; offset < SIZE; offset += 0x1000) {
		struct reservation_request request = {
			.length = 0x1000, .alignment = 0x1000, .address = (void *)(uintptr_t)(base() + offset),
		};

		ck_assert_int_eq(reservation_create(&got, &request), -EEXIST);
	}
	/* Accessors still work, trapped. */
	ck_assert_uint_eq(barspan_read32(span, 0x1000), 0x1234);
	ck_assert_zero(barspan_soft_trapped(device, 0, &reads, NULL));
	ck_assert_uint_eq(reads, 1);
	barspan_write32(span, 0x5000, 0x5678);
	ck_assert_zero(barspan_resume(span));
	expect_resumed();
	ck_assert_uint_eq(*(volatile uint32_t *)(base() + 0x5000), 0x5678);
	ck_assert_zero(barspan_error(span));
	tear_down();
}
END_TEST

START_TEST(twice_is_once)
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
	ck_assert_ptr_eq((void *)(uintptr_t)barspan_pointer(span, 0x5000, 4), (void *)(uintptr_t)pointer);
	ck_assert(harness_can_write(pointer));
	tear_down();
}
END_TEST

START_TEST(tables_do_not_pile_up)
{
	set_up(0);
	for (int i = 0; i < 100; i++) {
		ck_assert_zero(barspan_suspend(span));
		ck_assert_zero(barspan_resume(span));
	}
	ck_assert_uint_eq(span_of(span)->n_guards, 2);
	tear_down();
}
END_TEST

/* The device refuses the area at this offset; as on Linux, the range that was to be mapped is unmapped then. */
static uint64_t bad_offset;

static int refuse_bad(void **out, void *address, size_t length, int prot, int flags, int fd, uint64_t offset)
{
	if (fd < 0 || offset > bad_offset || offset + length <= bad_offset)
		return real_sys_mmap(out, address, length, prot, flags, fd, offset);
	munmap(address, length);
	return -EINVAL;
}

START_TEST(what_cannot_be_mapped_again_stays_a_hole)
{
	set_up(0);
	ck_assert_zero(barspan_suspend(span));
	bad_offset = 0x2000;
	fake_hooks.mmap = refuse_bad;
	ck_assert_zero(barspan_resume(span));
	ck_assert_int_eq(reason_at(0x1000), BARSPAN_REASON_NONE);
	ck_assert_int_eq(reason_at(0x2000), BARSPAN_REASON_FAILED);
	ck_assert_int_eq(reason_at(0x5000), BARSPAN_REASON_NONE);
	ck_assert(!harness_can_read(base() + 0x2000));
	ck_assert(harness_can_write(base() + 0x1000));
	barspan_write32(span, 0x2000, 0x9abc);
	ck_assert_uint_eq(barspan_read32(span, 0x2000), 0x9abc);

	/* And is tried again the next time. */
	ck_assert_zero(barspan_suspend(span));
	expect_suspended();
	fake_hooks.mmap = NULL;
	ck_assert_zero(barspan_resume(span));
	expect_resumed();
	tear_down();
}
END_TEST

static int refuse_device(void **out, void *address, size_t length, int prot, int flags, int fd, uint64_t offset)
{
	return fd < 0 ? real_sys_mmap(out, address, length, prot, flags, fd, offset) : -EPERM;
}

START_TEST(what_can_be_mapped_at_last_has_the_fast_path)
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

START_TEST(strict_stays_suspended)
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

static unsigned int protects;

static int protect_once(void *address, size_t length, int prot)
{
	return protects++ ? -ENOMEM : real_sys_mprotect(address, length, prot);
}

START_TEST(where_a_suspend_cannot_be_undone_there_are_holes)
{
	set_up(0);
	protects = 0;
	fake_hooks.mprotect = protect_once;
	ck_assert_int_eq(barspan_suspend(span), -ENOMEM);
	ck_assert_int_eq(reason_at(0x1000), BARSPAN_REASON_SUSPENDED);
	ck_assert(!harness_can_read(base() + 0x1000));
	ck_assert_int_eq(reason_at(0x5000), BARSPAN_REASON_NONE);
	ck_assert(harness_can_write(base() + 0x5000));
	fake_hooks.mprotect = NULL;
	ck_assert_zero(barspan_suspend(span));
	expect_suspended();
	fake_hooks.mprotect = NULL;
	ck_assert_zero(barspan_resume(span));
	expect_resumed();
	tear_down();
}
END_TEST

/* A mapping of somebody else's takes the place of what an mremap was to replace. */
static uint8_t *moved_in;

static int lose_to_another(void *from, size_t length, void *to)
{
	(void)from;
	if (moved_in)
		return real_sys_mremap(from, length, to);
	munmap(to, length);
	moved_in = mmap(to, 0x1000, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
	ck_assert_ptr_eq(moved_in, to);
	*moved_in = 42;
	return -ENOMEM;
}

/* Of a span whose areas could not be mapped at first, and can be now. */
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
	fake_hooks.mremap = lose_to_another;
	ck_assert_int_eq(barspan_resume(span), -EEXIST);
	fake_hooks.mremap = NULL;
	ck_assert_int_eq(barspan_resume(span), -EEXIST);
	ck_assert_int_eq(reason_at(0x5000), BARSPAN_REASON_SUSPENDED);
	ck_assert_uint_eq(barspan_read32(span, 0x5000), 0x1234);
	ck_assert_zero(barspan_error(span));
	ck_assert_ptr_nonnull(strstr(harness_message, "another mapping moved into the span"));
	/* The addresses are not the span's. */
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

START_TEST(a_move_that_leaves_a_gap_is_mended)
{
	suspend_unmapped(0);
	fake_hooks.mremap = refuse_move;
	ck_assert_zero(barspan_resume(span));
	ck_assert_int_eq(reason_at(0x1000), BARSPAN_REASON_FAILED);
	ck_assert(!harness_can_read(base() + 0x1000));
	fake_hooks.mremap = NULL;
	ck_assert_zero(barspan_suspend(span));
	ck_assert_zero(barspan_resume(span));
	expect_resumed();
	tear_down();
}
END_TEST

/* Nothing is in core dumps, and nothing is lost, however far a resume gets. */
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
			/* The areas that touch may be mappings of their own by now. */
			ck_assert(barspan_is_direct(span, 0x1000, 0x1000) && barspan_is_direct(span, 0x2000, 0x1000));
			ck_assert(barspan_is_direct(span, 0x5000, 0x1000));
			tear_down();
		}
}
END_TEST

/* Which changes of access fail: taking it away from all but one address, and giving it back. */
static volatile uint8_t *taken;
static bool deny_giving;

static int deny(void *address, size_t length, int prot)
{
	if (prot == PROT_NONE ? address != (const void *)(uintptr_t)taken : deny_giving)
		return -ENOMEM;
	return real_sys_mprotect(address, length, prot);
}

static void suspend_half(void)
{
	fake_hooks.mprotect = deny;
	taken = base() + 0x1000;
	deny_giving = true;
	ck_assert_int_eq(barspan_suspend(span), -ENOMEM);
	ck_assert_int_eq(reason_at(0x1000), BARSPAN_REASON_SUSPENDED);
	ck_assert_int_eq(reason_at(0x5000), BARSPAN_REASON_NONE);
}

START_TEST(a_second_suspend_that_fails_takes_back_what_the_first_could_not)
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

START_TEST(a_half_suspended_span_that_cannot_be_resumed_stays_as_it_is)
{
	set_up(0);
	suspend_half();
	span_of(span)->state = SPAN_LOST;
	ck_assert_int_eq(barspan_resume(span), -EEXIST);
	ck_assert_int_eq(reason_at(0x5000), BARSPAN_REASON_NONE);
	span_of(span)->state = SPAN_RUNNING;
	fake_hooks.mprotect = NULL;
	ck_assert_zero(barspan_suspend(span));
	expect_suspended();
	tear_down();
}
END_TEST

/* Access is given to one extent, not to the other, and cannot be taken back from the first. */
static int give_once(void *address, size_t length, int prot)
{
	if (prot == PROT_NONE || address != (const void *)(uintptr_t)taken)
		return -ENOMEM;
	return real_sys_mprotect(address, length, prot);
}

START_TEST(access_that_a_failed_resume_leaves_is_told_and_can_be_taken_away)
{
	set_up(0);
	ck_assert_zero(barspan_suspend(span));
	fake_hooks.mprotect = give_once;
	taken = base() + 0x1000;
	ck_assert_int_eq(barspan_resume(span), -ENOMEM);
	ck_assert_int_eq(reason_at(0x1000), BARSPAN_REASON_NONE);
	ck_assert(harness_can_write(base() + 0x1000));
	ck_assert_int_eq(reason_at(0x5000), BARSPAN_REASON_SUSPENDED);
	ck_assert(!harness_can_read(base() + 0x5000));
	fake_hooks.mprotect = NULL;
	ck_assert_zero(barspan_suspend(span));
	expect_suspended();
	ck_assert_zero(barspan_resume(span));
	expect_resumed();
	tear_down();
}
END_TEST

/* The same when there is no memory for another table at that moment. */
START_TEST(what_has_access_is_told_without_memory)
{
	set_up(0);
	ck_assert_zero(barspan_suspend(span));
	ck_assert_zero(barspan_resume(span));
	protects = 0;
	fake_hooks.mprotect = protect_once;
	/* Of the call's own, for the table of a suspended span; then none. */
	fake_fail(5, -ENOMEM, 0);
	ck_assert_int_eq(barspan_suspend(span), -ENOMEM);
	fake_fail(0, 0, 1);
	for (uint64_t offset = 0; offset < SIZE; offset += 0x1000)
		ck_assert_int_eq(harness_can_read(base() + offset), barspan_is_direct(span, offset, 1));
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
		ck_assert_int_eq(harness_can_read(base() + offset), barspan_is_direct(span, offset, 1));
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
		ck_assert_int_eq(harness_can_read(base() + offset), barspan_is_direct(span, offset, 1));
	ck_assert(barspan_is_direct(span, 0x5000, 0x1000));
	ck_assert_int_eq(reason_at(0x1000), BARSPAN_REASON_FAILED);
	ck_assert_zero(barspan_suspend(span));
	ck_assert_zero(barspan_resume(span));
	expect_resumed();
	tear_down();
}
END_TEST

/* No addresses are left to ask the device with. */
START_TEST(without_addresses_the_old_mappings_get_their_access_back)
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

START_TEST(without_memory_a_span_is_not_mapped_over)
{
	struct barspan_options options = { .size = sizeof(options), .flags = BARSPAN_FIXED };
	const struct barspan_soft_region region = { .size = SIZE, .flags = MAPPABLE, .n_areas = 3, .areas = areas };
	struct barspan_device *other;
	struct barspan *over = NULL;

	set_up(0);
	ck_assert_zero(barspan_device_open_soft(&other, &region, 1));
	options.address = (void *)(uintptr_t)base();
	for (unsigned long n = 1; n < 20 && !over; n++) {
		fake_fail_call(FAKE_CALLOC, n, -ENOMEM);
		if (barspan_map(&over, other, 0, &options))
			ck_assert_ptr_null(over);
		fake_reset();
		/* Until the kernel has replaced it, the span is as it was. */
		if (!over && barspan_find(base(), NULL) == span)
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
	Suite *suite = suite_create("suspend");

	harness_add(suite, "suspend", (const TTest *const[]){
		a_suspended_span_is_all_hole_and_keeps_its_addresses, twice_is_once, a_suspended_span_can_be_unmapped,
		independent_extents_keep_their_addresses, tables_do_not_pile_up, NULL });
	harness_add(suite, "failures", (const TTest *const[]){
		what_cannot_be_mapped_again_stays_a_hole, strict_stays_suspended,
		what_can_be_mapped_at_last_has_the_fast_path, a_suspend_that_fails_changes_nothing,
		where_a_suspend_cannot_be_undone_there_are_holes, a_span_that_lost_a_part_stays_suspended,
		a_second_suspend_that_fails_takes_back_what_the_first_could_not,
		a_half_suspended_span_that_cannot_be_resumed_stays_as_it_is,
		access_that_a_failed_resume_leaves_is_told_and_can_be_taken_away, what_has_access_is_told_without_memory,
		a_half_suspended_span_keeps_its_access_if_a_resume_fails, an_area_that_kept_its_access_stays_direct, without_addresses_the_old_mappings_get_their_access_back,
		without_memory_a_span_is_not_mapped_over, a_move_that_leaves_a_gap_is_mended,
		a_resume_that_fails_can_be_tried_again, NULL });
	return harness_run(suite);
}
