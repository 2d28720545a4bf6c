/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <sys/mman.h>

#include "support/fake.h"
#include "support/span-fixture.h"
#include "util/extensible.h"

START_TEST(direct_bytes_are_at_base_plus_offset)
{
	uint8_t byte = 0;

	set_up();
	ck_assert_zero(barspan_map(&span, device, 0, NULL));
	ck_assert_uint_eq(barspan_length(span), SIZE);
	ck_assert_uint_eq(barspan_region_index(span), 0);
	ck_assert_uint_eq(barspan_extent_count(span), 5);
	for (uint64_t offset = 0x1000; offset < 0x6000;
	     offset += offset == 0x2c00 ? 0x2400 : 0x400) {
		ck_assert(barspan_is_direct(span, offset, 0x400));
		span_base()[offset] = (uint8_t)(offset >> 8);
		ck_assert_zero(barspan_device_read(device, 0, offset, &byte, 1));
		ck_assert_uint_eq(byte, (uint8_t)(offset >> 8));
	}
	tear_down();
}
END_TEST

START_TEST(holes_fault)
{
	set_up();
	ck_assert_zero(barspan_map(&span, device, 0, NULL));
	for (uint64_t offset = 0; offset < SIZE; offset += 0x1000) {
		ck_assert_int_eq(harness_can_read(span_base() + offset),
				 barspan_is_direct(span, offset, 1));
		ck_assert_int_eq(harness_can_write(span_base() + offset + 0xfff),
				 barspan_is_direct(span, offset, 1));
	}
	tear_down();
}
END_TEST

START_TEST(adjacent_areas_become_one_extent_by_one_call)
{
	set_up();
	fake_reset();
	ck_assert_zero(barspan_map(&span, device, 0, NULL));
	ck_assert_uint_eq(fake_count(FAKE_MMAP), 1 + 2);
	ck_assert(barspan_is_direct(span, 0x1ffc, 8));
	tear_down();
}
END_TEST

START_TEST(a_map_makes_the_fewest_system_calls)
{
	set_up();
	fake_reset();
	ck_assert_zero(barspan_map(&span, device, 1, NULL));
	/* One area covers the span: mmap, and madvise for core dumps. */
	ck_assert_uint_eq(fake_count(FAKE_MMAP), 1);
	ck_assert_uint_eq(fake_count(FAKE_MADVISE), 1);
	ck_assert_uint_eq(fake_total() - fake_count(FAKE_CALLOC) - fake_count(FAKE_REALLOC), 2);
	barspan_unmap(span);
	fake_reset();
	ck_assert_zero(barspan_map(&span, device, 0, NULL));
	/* The reservation and its madvise; mmap of two extents; their
	 * madvise. */
	ck_assert_uint_eq(fake_count(FAKE_MMAP), 3);
	ck_assert_uint_eq(fake_count(FAKE_MADVISE), 2);
	ck_assert_uint_eq(fake_total() - fake_count(FAKE_CALLOC) - fake_count(FAKE_REALLOC), 5);
	tear_down();
}
END_TEST

/* The alignment lets the kernel use huge pages. */
START_TEST(the_base_is_aligned_naturally)
{
	enum { HUGE = 2 << 20 };
	static const struct barspan_range parts[] = { { 0, HUGE }, { HUGE + 0x1000, 0x1000 } };
	const struct barspan_soft_region regions[] = {
		{ .size = 2 * HUGE, .flags = MAPPABLE },
		{ .size = 2 * HUGE, .flags = MAPPABLE, .n_areas = 2, .areas = parts },
	};
	struct barspan_device *large;

	set_up();
	ck_assert_zero(harness_open_soft(&large, regions, 2));
	for (unsigned int i = 0; i < 8; i++) {
		struct barspan *one;

		ck_assert_zero(barspan_map(&one, large, i % 2, NULL));
		ck_assert_uint_eq((uintptr_t)barspan_base(one) % (2 * HUGE), 0);
		barspan_unmap(one);
		options.offset = 0x1000;
		ck_assert_zero(barspan_map(&one, large, i % 2, &options));
		ck_assert_uint_eq(((uintptr_t)barspan_base(one) - 0x1000) % (2 * HUGE), 0);
		barspan_unmap(one);
	}
	options.offset = 0;
	barspan_device_close(large);
	options.alignment = 1 << 21;
	ck_assert_zero(barspan_map(&span, device, 1, &options));
	ck_assert_uint_eq((uintptr_t)span_base() % (1 << 21), 0);
	tear_down();
}
END_TEST

START_TEST(a_window_is_a_part_of_the_region)
{
	uint8_t byte = 0;

	set_up();
	options.offset = 0x2000;
	options.length = 0x3800;
	ck_assert_zero(barspan_map(&span, device, 0, &options));
	ck_assert_uint_eq(barspan_length(span), 0x3800);
	ck_assert_uint_eq(barspan_region_offset(span), 0x2000);
	ck_assert_uint_eq(barspan_extent_count(span), 3);
	ck_assert(barspan_is_direct(span, 0x3000, 0x800));
	ck_assert(!barspan_is_direct(span, 0x3000, 0x801));
	span_base()[0x37ff] = 0x77;
	ck_assert_zero(barspan_device_read(device, 0, 0x57ff, &byte, 1));
	ck_assert_uint_eq(byte, 0x77);
	barspan_write8(span, 0x1800, 0x66);
	ck_assert_zero(barspan_device_read(device, 0, 0x3800, &byte, 1));
	ck_assert_uint_eq(byte, 0x66);
	tear_down();
}
END_TEST

START_TEST(a_window_of_length_0_ends_at_the_regions_end)
{
	set_up();
	options.offset = 0x5000;
	ck_assert_zero(barspan_map(&span, device, 0, &options));
	ck_assert_uint_eq(barspan_length(span), 0x3000);
	tear_down();
}
END_TEST

START_TEST(the_callers_holes_are_relative_to_the_regions_start)
{
	const struct barspan_range hole = { 0x5000, 4 };

	set_up();
	options.offset = 0x4000;
	options.holes = &hole;
	options.n_holes = 1;
	ck_assert_zero(barspan_map(&span, device, 1, &options));
	ck_assert_int_eq(reason_at(0x1000), BARSPAN_REASON_REQUESTED);
	ck_assert_int_eq(reason_at(0x1004), BARSPAN_REASON_PAGE);
	ck_assert_int_eq(reason_at(0x2000), BARSPAN_REASON_NONE);
	tear_down();
}
END_TEST

START_TEST(default_protection_is_that_of_the_region)
{
	set_up();
	ck_assert_zero(barspan_map(&span, device, 2, NULL));
	ck_assert(harness_can_read(span_base()));
	ck_assert(!harness_can_write(span_base()));
	barspan_unmap(span);
	span = NULL;
	options.prot = PROT_READ;
	ck_assert_zero(barspan_map(&span, device, 1, &options));
	ck_assert(!harness_can_write(span_base()));
	barspan_unmap(span);
	span = NULL;
	options.prot = PROT_READ | PROT_WRITE;
	ck_assert_int_eq(barspan_map(&span, device, 2, &options), -EACCES);
	ck_assert_ptr_null(span);
	tear_down();
}
END_TEST

START_TEST(a_region_that_cannot_be_mapped_is_all_hole)
{
	set_up();
	ck_assert_zero(barspan_map(&span, device, 3, NULL));
	ck_assert_uint_eq(barspan_extent_count(span), 1);
	ck_assert_int_eq(reason_at(0), BARSPAN_REASON_UNMAPPABLE);
	barspan_write32(span, 0x10, 0x1234);
	ck_assert_uint_eq(barspan_read32(span, 0x10), 0x1234);
	ck_assert_zero(barspan_take_error(span, NULL));
	tear_down();
}
END_TEST

START_TEST(a_region_smaller_than_a_page_is_mapped)
{
	set_up();
	ck_assert_zero(barspan_map(&span, device, 4, NULL));
	ck_assert_uint_eq(barspan_length(span), 0x100);
	ck_assert(barspan_is_direct(span, 0, 0x100));
	ck_assert(!barspan_is_direct(span, 0, 0x101));
	span_base()[0xff] = 1;
	ck_assert_uint_eq(barspan_read8(span, 0xff), 1);
	tear_down();
}
END_TEST

START_TEST(a_region_of_size_0_or_a_missing_one_is_refused)
{
	set_up();
	ck_assert_int_eq(barspan_map(&span, device, 5, NULL), -ENOENT);
	ck_assert_ptr_nonnull(strstr(harness_message, "soft region 5"));
	ck_assert_int_eq(barspan_map(&span, device, 6, NULL), -ENOENT);
	ck_assert_ptr_nonnull(
		strstr(harness_message, "soft region 6: no such region, expected at most 5"));
	ck_assert_ptr_null(span);
	tear_down();
}
END_TEST

/* Each cause has a text of its own, with the value. */
static const struct {
	struct barspan_options options;
	const char *message;
} invalid_options[] = {
	{ { .offset = 0x10 }, "options.offset 0x10 is not a multiple of the page size 0x1000" },
	{ { .address = (void *)0x10010 },
	  "options.address 0x10010 is not a multiple of the page size 0x1000" },
	{ { .alignment = 0x3000 }, "options.alignment 0x3000 is not a power of two" },
	{ { .address = (void *)0x11000, .alignment = 0x2000 },
	  "options.address 0x11000 is not a multiple of options.alignment 0x2000" },
	{ { .flags = BARSPAN_FIXED }, "BARSPAN_FIXED, but options.address is NULL" },
	{ { .flags = 1 << 10 | BARSPAN_STRICT }, "options.flags 0x401 has unknown bits 0x400" },
	{ { .flags = BARSPAN_INDEPENDENT, .address = (void *)0x10000 },
	  "BARSPAN_INDEPENDENT with options.address 0x10000" },
	{ { .flags = BARSPAN_INDEPENDENT, .alignment = 0x2000 },
	  "BARSPAN_INDEPENDENT with options.alignment 0x2000" },
	{ { .prot = PROT_READ | PROT_EXEC },
	  "options.prot 0x5 has more than PROT_READ and PROT_WRITE" },
	{ { .n_holes = 3 }, "options.n_holes is 3, but options.holes is NULL" },
};

START_TEST(invalid_options_are_named_with_their_values)
{
	char wanted[128];

	set_up();
	options = invalid_options[_i].options;
	options.size = sizeof(options);
	harness_listen();
	ck_assert_int_eq(barspan_map(&span, device, 1, &options), -EINVAL);
	ck_assert_ptr_null(span);
	snprintf(wanted, sizeof(wanted), "soft region 1: %s", invalid_options[_i].message);
	ck_assert_str_eq(harness_message, wanted);
	tear_down();
}
END_TEST

START_TEST(windows_outside_the_region_are_refused)
{
	set_up();
	options.offset = SIZE;
	ck_assert_int_eq(barspan_map(&span, device, 1, &options), -ERANGE);
	options.offset = 0x1000;
	options.length = SIZE - 0xfff;
	ck_assert_int_eq(barspan_map(&span, device, 1, &options), -ERANGE);
	options.length = UINT64_MAX;
	ck_assert_int_eq(barspan_map(&span, device, 1, &options), -ERANGE);
	ck_assert_ptr_nonnull(strstr(harness_message, "0x1000 + 0xffffffffffffffff"));
	tear_down();
}
END_TEST

START_TEST(options_of_other_sizes_are_accepted_if_the_rest_is_zero)
{
	struct {
		struct barspan_options options;
		uint64_t later;
	} newer = { .options = { .size = sizeof(newer) } };

	set_up();
	ck_assert_zero(barspan_map(&span, device, 1, &newer.options));
	barspan_unmap(span);
	span = NULL;
	newer.later = 1;
	harness_listen();
	ck_assert_int_eq(barspan_map(&span, device, 1, &newer.options), -E2BIG);
	ck_assert_ptr_nonnull(strstr(harness_message, "options: nonzero bytes after the first "));
	newer.options.size = EXTENSIBLE_MAX + 1;
	harness_listen();
	ck_assert_int_eq(barspan_map(&span, device, 1, &newer.options), -E2BIG);
	ck_assert_str_eq(harness_message, "soft region 1: options: size 4097 is more than 4096");
	newer.options.size = sizeof(size_t);
	newer.options.offset = 1;
	ck_assert_zero(barspan_map(&span, device, 1, &newer.options));
	barspan_unmap(span);
	span = NULL;
	newer.options.size = 7;
	harness_listen();
	ck_assert_int_eq(barspan_map(&span, device, 1, &newer.options), -EINVAL);
	ck_assert_str_eq(harness_message, "soft region 1: options: size 7 is less than 8");
	tear_down();
}
END_TEST

START_TEST(an_occupied_address_is_refused_and_left_alone)
{
	uint8_t *there =
		mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	set_up();
	there[0x3000] = 42;
	options.address = there;
	ck_assert_int_eq(barspan_map(&span, device, 0, &options), -EEXIST);
	ck_assert_uint_eq(there[0x3000], 42);
	options.flags = BARSPAN_FIXED;
	ck_assert_zero(barspan_map(&span, device, 0, &options));
	ck_assert_ptr_eq((void *)(uintptr_t)span_base(), there);
	ck_assert(!harness_can_read(there + 0x3000));
	tear_down();
}
END_TEST

START_TEST(a_free_address_is_used)
{
	uint8_t *there = mmap(NULL, SIZE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	munmap(there, SIZE);
	set_up();
	options.address = there;
	ck_assert_zero(barspan_map(&span, device, 0, &options));
	ck_assert_ptr_eq((void *)(uintptr_t)span_base(), there);
	tear_down();
}
END_TEST

START_TEST(independent_extents_have_no_base)
{
	volatile uint8_t *pointer;
	uint8_t byte = 0;

	set_up();
	options.flags = BARSPAN_INDEPENDENT;
	ck_assert_zero(barspan_map(&span, device, 0, &options));
	ck_assert_ptr_null((void *)(uintptr_t)span_base());
	ck_assert_uint_eq(barspan_length(span), SIZE);
	ck_assert_uint_eq(barspan_extent_count(span), 5);
	pointer = barspan_pointer(span, 0x5004, 4);
	ck_assert_ptr_nonnull((void *)(uintptr_t)pointer);
	*pointer = 0x12;
	ck_assert_zero(barspan_device_read(device, 0, 0x5004, &byte, 1));
	ck_assert_uint_eq(byte, 0x12);
	for (uint64_t offset = 0; offset < SIZE; offset += 0x400) {
		barspan_write32(span, offset, (uint32_t)offset);
		ck_assert_uint_eq(barspan_read32(span, offset), offset);
	}
	ck_assert_zero(barspan_take_error(span, NULL));
	tear_down();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("span");

	harness_add(suite, "map",
		    (const TTest *const[]){ direct_bytes_are_at_base_plus_offset, holes_fault,
					    adjacent_areas_become_one_extent_by_one_call,
					    a_map_makes_the_fewest_system_calls,
					    the_base_is_aligned_naturally,
					    a_window_is_a_part_of_the_region,
					    a_window_of_length_0_ends_at_the_regions_end,
					    the_callers_holes_are_relative_to_the_regions_start,
					    default_protection_is_that_of_the_region,
					    a_region_that_cannot_be_mapped_is_all_hole,
					    a_region_smaller_than_a_page_is_mapped,
					    a_region_of_size_0_or_a_missing_one_is_refused, NULL });
	harness_add_rows(suite, "invalid options", NULL, NULL,
			 invalid_options_are_named_with_their_values,
			 sizeof(invalid_options) / sizeof(invalid_options[0]));
	harness_add(suite, "options",
		    (const TTest *const[]){ windows_outside_the_region_are_refused,
					    options_of_other_sizes_are_accepted_if_the_rest_is_zero,
					    an_occupied_address_is_refused_and_left_alone,
					    a_free_address_is_used,
					    independent_extents_have_no_base, NULL });
	return harness_run(suite);
}
