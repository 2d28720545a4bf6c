/* SPDX-License-Identifier: BSD-3-Clause */
#include <endian.h>
#include <errno.h>
#include <sys/mman.h>

#include "support/fake.h"
#include "support/io-fixture.h"

/* Direct, in a hole and across each kind of edge, at every alignment. */
START_TEST(direct_and_trapped_values_agree_at_every_offset)
{
	static const uint64_t around[] = {
		0, 0x800, 0xff0, 0x1000, 0x1800, 0x1ff0, 0x2ff0, 0x3fe8
	};
	const uint64_t value = UINT64_C(0x8877665544332211);

	for (size_t i = 0; i < sizeof(around) / sizeof(around[0]); i++)
		for (uint64_t offset = around[i]; offset < around[i] + 16; offset++)
			for (unsigned int width = 1; width <= 8; width *= 2) {
				uint64_t mask = UINT64_MAX >> (64 - 8 * width), bytes = 0;
				const uint64_t zero = 0;

				ck_assert_zero(barspan_write(span, offset, &zero, width));
				write_width(width, offset, value);
				read_file(offset, &bytes, width);
				/* The device is little-endian. */
				ck_assert_uint_eq(le64toh(bytes), value & mask);
				ck_assert_uint_eq(read_width(width, offset), value & mask);
			}
	ck_assert_zero(barspan_take_error(span, NULL));
}
END_TEST

START_TEST(a_direct_access_makes_no_system_call)
{
	for (unsigned int width = 1; width <= 8; width *= 2) {
		write_width(width, 0x2008, 5);
		ck_assert_uint_eq(read_width(width, 0x2008), 5);
		write_width(width, 0x8, 5);
		ck_assert_uint_eq(read_width(width, 0x8), 5);
	}
	ck_assert_uint_eq(fake_total(), 0);
}
END_TEST

static size_t last_length;

static int note_length(int fd, void *buffer, size_t length, uint64_t offset)
{
	last_length = length;
	return real_sys_pread(fd, buffer, length, offset);
}

START_TEST(an_aligned_trapped_access_is_one_access_of_its_width)
{
	fake_hooks.pread = note_length;
	for (unsigned int width = 1; width <= 8; width *= 2) {
		fake_reset();
		fake_hooks.pread = note_length;
		read_width(width, 0x1008);
		write_width(width, 0x1008, 5);
		ck_assert_uint_eq(fake_count(FAKE_PREAD), 1);
		ck_assert_uint_eq(fake_count(FAKE_PWRITE), 1);
		ck_assert_uint_eq(last_length, width);
		ck_assert_uint_eq(fake_total(), 2);
	}
}
END_TEST

START_TEST(a_straddling_access_is_served_part_by_part)
{
	barspan_write32(span, 0xffe, 0x44332211);
	ck_assert_uint_eq(count_trapped(), 1);
	ck_assert_uint_eq(barspan_read32(span, 0xffe), 0x44332211);
	ck_assert_uint_eq(count_trapped(), 2);
	ck_assert_uint_eq(barspan_read16(span, 0xffe), 0x2211);
	ck_assert_uint_eq(count_trapped(), 2);
	ck_assert_uint_eq(barspan_read16(span, 0x1000), 0x4433);
}
END_TEST

START_TEST(relaxed_accessors_return_the_same_values)
{
	for (uint64_t offset = 0; offset < SIZE; offset += 0x7f8) {
		barspan_write8_relaxed(span, offset, 1);
		ck_assert_uint_eq(barspan_read8_relaxed(span, offset), 1);
		barspan_write16_relaxed(span, offset, 0x102);
		ck_assert_uint_eq(barspan_read16_relaxed(span, offset), 0x102);
		barspan_write32_relaxed(span, offset, 0x1020304);
		ck_assert_uint_eq(barspan_read32_relaxed(span, offset), 0x1020304);
		barspan_write64_relaxed(span, offset, UINT64_C(0x102030405060708));
		ck_assert_uint_eq(barspan_read64_relaxed(span, offset),
				  UINT64_C(0x102030405060708));
	}
}
END_TEST

START_TEST(ranges_cross_extents)
{
	static uint8_t pattern[SIZE], got[SIZE];
	uint64_t seed = 7;

	for (int round = 0; round < 300; round++) {
		uint64_t offset = harness_random(&seed) % SIZE;
		size_t length = harness_random(&seed) % (SIZE - offset + 1);

		for (size_t i = 0; i < length; i++)
			pattern[offset + i] = (uint8_t)harness_random(&seed);
		/* The caller's buffer may have any alignment. */
		ck_assert_zero(barspan_write(span, offset, pattern + offset, length));
		read_file(0, got, SIZE);
		ck_assert_mem_eq(got, pattern, SIZE);
		memset(got, 0, SIZE);
		ck_assert_zero(barspan_read(span, offset, got + offset / 2, length));
		ck_assert_mem_eq(got + offset / 2, pattern + offset, length);
	}
}
END_TEST

START_TEST(short_direct_ranges_work_at_every_alignment)
{
	uint8_t pattern[96], got[96];

	for (size_t i = 0; i < sizeof(pattern); i++)
		pattern[i] = (uint8_t)(i + 1);
	for (size_t at = 0; at < 16; at++)
		for (size_t length = 0; at + length < sizeof(got); length++) {
			memset(got, 0, sizeof(got));
			ck_assert_zero(barspan_write(span, 0, got, sizeof(got)));
			ck_assert_zero(barspan_write(span, at, pattern + at, length));
			read_file(0, got, sizeof(got));
			for (size_t i = 0; i < sizeof(got); i++)
				ck_assert_uint_eq(got[i], i - at < length ? pattern[i] : 0);
			memset(got, 0, sizeof(got));
			ck_assert_zero(barspan_read(span, at, got + 1, length));
			ck_assert_mem_eq(got + 1, pattern + at, length);
			ck_assert_uint_eq(got[0], 0);
			if (length + 1 < sizeof(got))
				ck_assert_uint_eq(got[length + 1], 0);
		}
	ck_assert_uint_eq(count_trapped(), 0);
}
END_TEST

START_TEST(a_range_takes_one_trapped_access_for_each_hole)
{
	uint8_t bytes[SIZE];

	ck_assert_zero(barspan_read(span, 0, bytes, SIZE));
	ck_assert_uint_eq(count_trapped(), 2);
	ck_assert_zero(barspan_read(span, 0x2000, bytes, 0x1000));
	ck_assert_uint_eq(count_trapped(), 2);
}
END_TEST

START_TEST(ranges_must_end_within_the_span)
{
	uint8_t byte = 1;

	ck_assert_zero(barspan_read(span, SIZE, &byte, 0));
	ck_assert_int_eq(barspan_read(span, SIZE + 1, &byte, 0), -ERANGE);
	ck_assert_int_eq(barspan_read(span, SIZE, &byte, 1), -ERANGE);
	ck_assert_int_eq(barspan_write(span, 0, &byte, SIZE + 1), -ERANGE);
	ck_assert_int_eq(barspan_read(span, 1, &byte, SIZE_MAX), -ERANGE);
	ck_assert_zero(barspan_take_error(span, NULL));
	ck_assert_uint_eq(count_trapped(), 0);
}
END_TEST

START_TEST(a_range_stops_at_the_first_error)
{
	uint8_t bytes[SIZE];

	memset(bytes, 0xaa, sizeof(bytes));
	barspan_write8(span, 0x10, 1);
	fake_fail_call(FAKE_PREAD, 1, -EIO);
	ck_assert_int_eq(barspan_read(span, 0, bytes, SIZE), -EIO);
	ck_assert_uint_eq(bytes[0x10], 1);
	ck_assert_uint_eq(bytes[0x2000], 0xaa);
	ck_assert_zero(barspan_take_error(span, NULL));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("io");

	harness_add_with(
		suite, "accessors", set_up, close_span,
		(const TTest *const[]){ direct_and_trapped_values_agree_at_every_offset,
					a_direct_access_makes_no_system_call,
					an_aligned_trapped_access_is_one_access_of_its_width,
					a_straddling_access_is_served_part_by_part,
					relaxed_accessors_return_the_same_values, NULL });
	harness_add_with(suite, "ranges", set_up, close_span,
			 (const TTest *const[]){ ranges_cross_extents,
						 short_direct_ranges_work_at_every_alignment,
						 a_range_takes_one_trapped_access_for_each_hole,
						 ranges_must_end_within_the_span,
						 a_range_stops_at_the_first_error, NULL });
	return harness_run(suite);
}
