/* SPDX-License-Identifier: BSD-3-Clause */
/* Addresses of spans that are unmapped or replaced, by calls that succeed, fail
 * early, or fail halfway. */
#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#include "compat/private.h"
#include "device/device.h"
#include "span/span.h"
#include "support/fake.h"
#include "support/takeover-fixture.h"

static int fail_mmap_early(void **out, void *address, size_t length, int prot, int flags, int fd,
			   uint64_t offset)
{
	if (address == base + page && flags & MAP_FIXED)
		return -EACCES;
	return real_sys_mmap(out, address, length, prot, flags, fd, offset);
}

/* The range is unmapped, and another thread has mapped memory there. */
static int fail_mmap_late(void **out, void *address, size_t length, int prot, int flags, int fd,
			  uint64_t offset)
{
	if (address != base + page || !(flags & MAP_FIXED) || moved_in)
		return real_sys_mmap(out, address, length, prot, flags, fd, offset);
	ck_assert_zero(munmap(address, length));
	moved_in = mmap(address, length, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	*moved_in = 77;
	return -ENODEV;
}

static void *map_over(size_t length)
{
	return barspan_mmap(base + page, length, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
}

START_TEST(a_map_fixed_that_fails_early_changes_nothing)
{
	struct barspan_options options = { .size = sizeof(options), .flags = BARSPAN_FIXED };
	struct barspan *over;

	set_up();
	fake_hooks.mmap = fail_mmap_early;
	ck_assert_ptr_eq(map_over(page), MAP_FAILED);
	ck_assert_int_eq(errno, EACCES);
	check_untouched();
	options.address = base + page;
	ck_assert_int_eq(barspan_map(&over, other_device, 0, &options), -EACCES);
	check_untouched();
	tear_down();
}
END_TEST

START_TEST(a_map_fixed_that_fails_late_takes_the_range)
{
	struct barspan_options options = { .size = sizeof(options), .flags = BARSPAN_FIXED };
	struct barspan *over;

	for (int way = 0; way < 2; way++) {
		set_up();
		moved_in = NULL;
		fake_hooks.mmap = fail_mmap_late;
		options.address = base + page;
		options.length = page;
		if (way)
			ck_assert_int_eq(barspan_map(&over, other_device, 0, &options), -ENODEV);
		else
			ck_assert_ptr_eq(map_over(page), MAP_FAILED);
		check_taken(1);
		barspan_unmap(span);
		span = NULL;
		ck_assert_uint_eq(*moved_in, 77);
		munmap(moved_in, page);
		tear_down();
	}
}
END_TEST

static int fail_other_mmap(void **out, void *address, size_t length, int prot, int flags, int fd,
			   uint64_t offset)
{
	return prot ? -EACCES : real_sys_mmap(out, address, length, prot, flags, fd, offset);
}

/* The library cannot know whether the range was unmapped. It leaves the range
 * alone and makes it inaccessible. */
START_TEST(without_proc_a_failed_map_fixed_takes_the_range)
{
	set_up();
	fake_hooks.mmap = fail_other_mmap;
	fake_fail_call(FAKE_OPEN, 1, -EMFILE);
	ck_assert_ptr_eq(map_over(page), MAP_FAILED);
	ck_assert_int_eq(errno, EACCES);
	ck_assert_int_eq(reason_at(1), BARSPAN_REASON_REQUESTED);
	ck_assert(!harness_can_read(base + page));
	ck_assert_uint_eq(barspan_read32(span, page), 101);
	barspan_unmap(span);
	span = NULL;
	munmap(base + page, page);
	tear_down();
}
END_TEST

/* The kernel refuses to reserve the range, too. */
START_TEST(without_proc_and_mappings_nothing_is_taken)
{
	set_up();
	fake_hooks.mmap = fail_mmap_early;
	fake_fail_call(FAKE_OPEN, 1, -EMFILE);
	ck_assert_ptr_eq(map_over(page), MAP_FAILED);
	for (size_t i = 0; i < PAGES; i++)
		ck_assert_ptr_eq(barspan_find(base + i * page, NULL), span);
	ck_assert(barspan_is_direct(span, page, 2 * page));
	check_span();
	tear_down();
}
END_TEST

static void *closed;

/* The other thread's mapping looks like the hole that it replaces. */
static int fail_mmap_closed(void **out, void *address, size_t length, int prot, int flags, int fd,
			    uint64_t offset)
{
	if (address != base + 3 * page || !(flags & MAP_FIXED) || closed)
		return real_sys_mmap(out, address, length, prot, flags, fd, offset);
	ck_assert_zero(munmap(address, length));
	closed = mmap(address, length, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	return -ENODEV;
}

START_TEST(a_foreign_mapping_that_looks_like_a_hole_is_recognised)
{
	for (int late = 0; late < 2; late++) {
		set_up();
		closed = late ? NULL : base;
		fake_hooks.mmap = late ? fail_mmap_closed : fail_other_mmap;
		ck_assert_ptr_eq(barspan_mmap(base + 3 * page, page, PROT_READ,
					      MAP_PRIVATE | MAP_FIXED, barspan_soft_fd(device, 0),
					      0),
				 MAP_FAILED);
		if (late) {
			ck_assert_ptr_null(barspan_find(base + 3 * page, NULL));
			barspan_unmap(span);
			span = NULL;
			ck_assert_uint_eq(harness_count_maps(closed, page), 1);
			munmap(closed, page);
		} else {
			check_untouched();
		}
		tear_down();
	}
}
END_TEST

static int refuse_munmap(void *address, size_t length)
{
	(void)address;
	(void)length;
	return -EINVAL;
}

START_TEST(a_munmap_that_the_kernel_refuses_changes_nothing)
{
	set_up();
	fake_hooks.munmap = refuse_munmap;
	for (size_t i = 0; i < PAGES; i++) {
		ck_assert_int_eq(barspan_munmap(base + i * page, page), -1);
		ck_assert_int_eq(errno, EINVAL);
		check_untouched();
	}
	ck_assert_int_eq(barspan_munmap(base, PAGES * page), -1);
	check_untouched();
	fake_hooks.munmap = NULL;
	tear_down();
}
END_TEST

START_TEST(noreplace_overrides_fixed)
{
	const int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_FIXED_NOREPLACE;
	uint8_t *mine;

	set_up();
	ck_assert_ptr_eq(barspan_mmap(base + page, page, PROT_READ, flags, -1, 0), MAP_FAILED);
	ck_assert_int_eq(errno, EEXIST);
	check_untouched();
	mine = mmap(NULL, page, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ck_assert_ptr_eq(barspan_mmap(mine, page, PROT_READ, flags, -1, 0), MAP_FAILED);
	ck_assert_int_eq(errno, EEXIST);
	munmap(mine, page);
	tear_down();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("takeover");

	page = (size_t)sysconf(_SC_PAGESIZE);
	harness_add(suite, "failures",
		    (const TTest *const[]){ a_map_fixed_that_fails_early_changes_nothing,
					    a_map_fixed_that_fails_late_takes_the_range,
					    without_proc_a_failed_map_fixed_takes_the_range,
					    without_proc_and_mappings_nothing_is_taken,
					    a_foreign_mapping_that_looks_like_a_hole_is_recognised,
					    a_munmap_that_the_kernel_refuses_changes_nothing,
					    noreplace_overrides_fixed, NULL });
	return harness_run(suite);
}
