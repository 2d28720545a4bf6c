/* SPDX-License-Identifier: BSD-3-Clause */
/* The drop-in: mappings, and accessors by pointer. */
#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>
#include <barspan/mmap.h>
#include <barspan/ptr.h>

#include "compat/private.h"
#include "support/fake.h"
#include "support/legacy-fixture.h"

START_TEST(a_sparse_bar_is_mapped_whole)
{
	struct barspan *span;
	uint64_t offset;
	uint8_t *base;

	set_up();
	ck_assert_ptr_eq(mmap(NULL, SIZE, PROT_READ, MAP_SHARED, -1, BAR2), MAP_FAILED);
	base = map_bar2();
	*(volatile uint32_t *)(base + 0x1004) = 0x1234;
	ck_assert_uint_eq(read_file(BAR2 + 0x1004), 0x1234);
	ck_assert(!harness_can_read(base + 0x3000));
	span = barspan_find(base + 0x5010, &offset);
	ck_assert_ptr_nonnull(span);
	ck_assert_uint_eq(offset, 0x5010);
	ck_assert_uint_eq(barspan_extent_count(span), 5);
	ck_assert_zero(barspan_munmap(base, SIZE));
	ck_assert_ptr_null(barspan_find(base + 0x5010, NULL));
	tear_down();
}
END_TEST

START_TEST(the_descriptor_may_be_closed_after_the_map)
{
	uint8_t *base;

	set_up();
	base = map_bar2();
	int kept = dup(file);

	close(file);
	file = -1;
	barspan_ptr_write32(base + 0x3000, 0x5678);
	ck_assert_uint_eq(barspan_ptr_read32(base + 0x3000), 0x5678);
	file = kept;
	ck_assert_uint_eq(read_file(BAR2 + 0x3000), 0x5678);
	ck_assert_zero(barspan_munmap(base, SIZE));
	tear_down();
}
END_TEST

START_TEST(pointer_accessors_reach_direct_bytes_and_holes)
{
	uint8_t *base;

	set_up();
	base = map_bar2();
	for (int round = 0; round < 2; round++)
		for (uint32_t at = 0; at + 8 <= SIZE; at += 0x3f9) {
			barspan_ptr_write8(base + at, (uint8_t)at);
			ck_assert_uint_eq(barspan_ptr_read8(base + at), (uint8_t)at);
			barspan_ptr_write16(base + at, (uint16_t)~at);
			ck_assert_uint_eq(barspan_ptr_read16(base + at), (uint16_t)~at);
			barspan_ptr_write64(base + at, UINT64_C(0x123456789abcdef) + at);
			ck_assert_uint_eq(barspan_ptr_read64(base + at),
					  UINT64_C(0x123456789abcdef) + at);
			barspan_ptr_write32(base + at, at * 3);
			ck_assert_uint_eq(barspan_ptr_read32(base + at), at * 3);
			ck_assert_uint_eq(read_file(BAR2 + at), at * 3);
		}
	ck_assert_uint_eq(barspan_ptr_read32(base + SIZE - 2), UINT32_MAX);
	ck_assert_int_eq(barspan_take_error(barspan_find(base, NULL), NULL), -ERANGE);
	ck_assert_zero(barspan_munmap(base, SIZE));
	tear_down();
}
END_TEST

START_TEST(a_pointer_outside_every_span_is_a_plain_access)
{
	uint32_t words[4] = { 1, 2, 3, 4 };

	set_up();
	for (int round = 0; round < 2; round++) {
		ck_assert_uint_eq(barspan_ptr_read32(&words[1]), 2);
		barspan_ptr_write32(&words[2], 7);
		ck_assert_uint_eq(words[2], 7);
		words[2] = 3;
		ck_assert_uint_eq(barspan_ptr_read16((uint8_t *)words + 3), 0x200);
		ck_assert_uint_eq(barspan_ptr_read64(&words[2]), UINT64_C(0x400000003));
	}
	tear_down();
}
END_TEST

START_TEST(a_direct_pointer_costs_no_system_call)
{
	uint8_t *base;

	set_up();
	base = map_bar2();
	fake_reset();
	for (int i = 0; i < 100; i++)
		barspan_ptr_write32(base + 0x1000 + 4 * i, barspan_ptr_read32(base + 0x5000));
	ck_assert_uint_eq(fake_total(), 0);
	ck_assert(barspan_ptr_is_cached_((uintptr_t)base + 0x1008, 4, true));
	ck_assert(!barspan_ptr_is_cached_((uintptr_t)base + 0x1009, 4, true));
	ck_assert(!barspan_ptr_is_cached_((uintptr_t)base + 0x3000, 4, true));
	fake_hooks.ioctl = play_ioctl;
	ck_assert_zero(barspan_munmap(base, SIZE));
	tear_down();
}
END_TEST

/* NVMe drivers map doorbells write-only. */
START_TEST(a_page_that_is_only_written_is_remembered_for_writes)
{
	uint8_t *base;
	uintptr_t at;

	set_up();
	base = barspan_mmap(NULL, SIZE, PROT_WRITE, MAP_SHARED, file, BAR2);
	ck_assert_ptr_ne(base, MAP_FAILED);
	at = (uintptr_t)base + 0x1000;
	barspan_ptr_write32(base + 0x1000, 7);
	ck_assert(barspan_ptr_is_cached_(at, 4, true));
	ck_assert(!barspan_ptr_is_cached_(at, 4, false));
	ck_assert_uint_eq(barspan_ptr_read32(base + 0x1000), UINT32_MAX);
	ck_assert_int_eq(barspan_take_error(barspan_find(base, NULL), NULL), -EACCES);
	ck_assert_zero(barspan_munmap(base, SIZE));
	tear_down();
}
END_TEST

START_TEST(raw_accessors_keep_the_devices_byte_order)
{
	static const uint64_t offsets[] = { 0x1000, 0x3000 };
	uint8_t *base;

	set_up();
	base = map_bar2();
	for (size_t i = 0; i < 2; i++) {
		uint8_t *at = base + offsets[i];

		barspan_ptr_write64(at, UINT64_C(0x1122334455667788));
		ck_assert_uint_eq(barspan_ptr_read8_raw(at), 0x88);
		ck_assert_uint_eq(barspan_ptr_read16_raw(at), htole16(0x7788));
		ck_assert_uint_eq(barspan_ptr_read32_raw(at), htole32(0x55667788));
		ck_assert_uint_eq(barspan_ptr_read64_raw(at),
				  htole64(UINT64_C(0x1122334455667788)));
		barspan_ptr_write8_raw(at, 1);
		barspan_ptr_write16_raw(at + 2, htole16(2));
		barspan_ptr_write32_raw(at + 4, htole32(3));
		ck_assert_uint_eq(barspan_ptr_read64(at), UINT64_C(0x0000000300027701));
		barspan_ptr_write64_raw(at, htole64(4));
		ck_assert_uint_eq(barspan_ptr_read64(at), 4);
	}
	ck_assert_zero(barspan_munmap(base, SIZE));
	tear_down();
}
END_TEST

START_TEST(remembered_pages_are_looked_up_again_after_a_change)
{
	struct barspan *span;
	uint8_t *base;

	set_up();
	base = map_bar2();
	span = barspan_find(base, NULL);
	barspan_ptr_write32(base + 0x1000, 0x77);
	ck_assert(barspan_ptr_is_cached_((uintptr_t)base + 0x1000, 4, true));
	ck_assert_zero(barspan_suspend(span));
	ck_assert_uint_eq(barspan_ptr_read32(base + 0x1000), 0x77);
	ck_assert(!barspan_ptr_is_cached_((uintptr_t)base + 0x1000, 4, true));
	ck_assert_zero(barspan_resume(span));
	ck_assert_uint_eq(barspan_ptr_read32(base + 0x1000), 0x77);
	ck_assert(barspan_ptr_is_cached_((uintptr_t)base + 0x1000, 4, true));
	ck_assert_zero(barspan_munmap(base, SIZE));
	ck_assert(!barspan_ptr_is_cached_((uintptr_t)base + 0x1000, 4, true));
	tear_down();
}
END_TEST

START_TEST(windows_start_at_their_offset_in_the_region)
{
	uint8_t *base;

	set_up();
	base = barspan_mmap(NULL, 0x2000, PROT_READ | PROT_WRITE, MAP_SHARED, file, BAR2 + 0x2000);
	ck_assert_ptr_ne(base, MAP_FAILED);
	base[0x10] = 0x42;
	ck_assert_uint_eq(read_file(BAR2 + 0x2010) & 0xff, 0x42);
	barspan_ptr_write8(base + 0x1010, 0x43);
	ck_assert_uint_eq(read_file(BAR2 + 0x3010) & 0xff, 0x43);
	ck_assert_zero(barspan_munmap(base, 0x2000));
	tear_down();
}
END_TEST

START_TEST(map_fixed_replaces_the_callers_reservation)
{
	uint8_t *reserved, *base;

	set_up();
	reserved = mmap(NULL, 4 * SIZE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	base = barspan_mmap(reserved + SIZE, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED,
			    file, BAR2);
	ck_assert_ptr_eq(base, reserved + SIZE);
	ck_assert(harness_can_write(base + 0x1000));
	ck_assert(!harness_can_read(base));
	ck_assert_zero(barspan_munmap(reserved, 4 * SIZE));
	ck_assert_ptr_null(barspan_find(base, NULL));
	tear_down();
}
END_TEST

START_TEST(noreplace_refuses_a_used_address_and_hints_do_not)
{
	uint8_t *there = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
			      0),
		*base;

	set_up();
	there[0] = 42;
	ck_assert_ptr_eq(
		barspan_mmap(there, SIZE, PROT_READ, MAP_SHARED | MAP_FIXED_NOREPLACE, file, BAR2),
		MAP_FAILED);
	ck_assert_int_eq(errno, EEXIST);
	base = barspan_mmap(there, SIZE, PROT_READ, MAP_SHARED, file, BAR2);
	ck_assert_ptr_ne(base, MAP_FAILED);
	ck_assert_ptr_ne(base, there);
	ck_assert_uint_eq(there[0], 42);
	ck_assert_zero(barspan_munmap(base, SIZE));
	tear_down();
	munmap(there, SIZE);
	set_up();
	base = barspan_mmap(there + 5, SIZE, PROT_READ, MAP_SHARED, file, BAR2);
	ck_assert_ptr_eq(base, there);
	ck_assert_zero(barspan_munmap(base, SIZE));
	tear_down();
}
END_TEST

START_TEST(invalid_arguments_fail_as_in_mmap)
{
	const struct {
		size_t length;
		int prot, flags;
		off_t offset;
	} bad[] = {
		{ 0, PROT_READ, MAP_SHARED, BAR2 },
		{ SIZE, PROT_READ, MAP_PRIVATE, BAR2 },
		{ SIZE, PROT_READ, 0, BAR2 },
		{ SIZE, PROT_READ, MAP_SHARED, BAR2 + 0x10 },
		{ SIZE + 1, PROT_READ, MAP_SHARED, BAR2 },
		{ SIZE, PROT_READ, MAP_SHARED, BAR2 + 0x1000 },
		{ SIZE, PROT_READ, MAP_SHARED, BAR4 },
		{ SIZE, PROT_READ, MAP_SHARED, 0x10000 },
		{ SIZE, PROT_READ, MAP_SHARED, -0x1000 },
		{ SIZE_MAX, PROT_READ, MAP_SHARED, BAR2 },
	};

	set_up();
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		errno = 0;
		if (barspan_mmap(NULL, bad[i].length, bad[i].prot, bad[i].flags, file,
				 bad[i].offset) != MAP_FAILED)
			ck_abort_msg("mistake %zu is accepted", i);
		if (errno != EINVAL)
			ck_abort_msg("mistake %zu gives errno %d", i, errno);
	}
	ck_assert_int_eq(barspan_munmap((void *)0x1001, 0x1000), -1);
	ck_assert_int_eq(errno, EINVAL);
	ck_assert_int_eq(barspan_munmap((void *)0x1000, 0), -1);
	ck_assert_int_eq(errno, EINVAL);
	tear_down();
}
END_TEST

START_TEST(other_descriptors_are_mapped_by_mmap)
{
	int other = memfd_create("other", MFD_CLOEXEC);
	uint8_t *anonymous, *shared;

	set_up();
	ck_assert_zero(ftruncate(other, 0x2000));
	shared = barspan_mmap(NULL, 0x2000, PROT_READ | PROT_WRITE, MAP_SHARED, other, 0);
	anonymous = barspan_mmap(NULL, 0x2000, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
				 -1, 0);
	shared[0x1fff] = anonymous[0x1fff] = 1;
	ck_assert_ptr_null(barspan_find(shared, NULL));
	ck_assert_zero(barspan_munmap(shared, 0x2000));
	ck_assert_zero(barspan_munmap(anonymous, 0x2000));
	ck_assert_ptr_eq(barspan_mmap(NULL, 0x1000, PROT_READ, MAP_SHARED, -1, 0), MAP_FAILED);
	ck_assert_int_eq(errno, EBADF);
	tear_down();
	close(other);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("legacy");

	harness_add(suite, "mmap",
		    (const TTest *const[]){ a_sparse_bar_is_mapped_whole,
					    the_descriptor_may_be_closed_after_the_map,
					    windows_start_at_their_offset_in_the_region,
					    map_fixed_replaces_the_callers_reservation,
					    noreplace_refuses_a_used_address_and_hints_do_not,
					    invalid_arguments_fail_as_in_mmap,
					    other_descriptors_are_mapped_by_mmap, NULL });
	harness_add(suite, "pointers",
		    (const TTest *const[]){ pointer_accessors_reach_direct_bytes_and_holes,
					    a_pointer_outside_every_span_is_a_plain_access,
					    a_direct_pointer_costs_no_system_call,
					    a_page_that_is_only_written_is_remembered_for_writes,
					    raw_accessors_keep_the_devices_byte_order,
					    remembered_pages_are_looked_up_again_after_a_change,
					    NULL });
	return harness_run(suite);
}
