/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <sys/mman.h>

#include "support/fake.h"
#include "support/io-fixture.h"

START_TEST(accesses_past_the_end_reach_no_device)
{
	uint64_t bytes = 0;

	barspan_write64(span, SIZE - 8, 0x1111111111111111);
	for (uint64_t offset = SIZE - 7; offset <= SIZE + 8; offset++) {
		fake_reset();
		ck_assert_uint_eq(barspan_read64(span, offset), UINT64_MAX);
		ck_assert_int_eq(barspan_take_error(span, NULL), -ERANGE);
		barspan_write64(span, offset, 0);
		ck_assert_int_eq(barspan_take_error(span, NULL), -ERANGE);
		ck_assert_uint_eq(fake_total(), 0);
	}
	ck_assert_uint_eq(barspan_read8(span, UINT64_MAX), 0xff);
	ck_assert_uint_eq(barspan_read16(span, UINT64_MAX), 0xffff);
	ck_assert_uint_eq(barspan_read32(span, UINT64_MAX - 3), UINT32_MAX);
	read_file(SIZE - 8, &bytes, 8);
	ck_assert_uint_eq(bytes, 0x1111111111111111);
}
END_TEST

START_TEST(a_region_of_odd_size_ends_at_its_last_byte)
{
	open_span(RW, 0, 0x1003);
	barspan_write8(span, 0x1002, 9);
	ck_assert_uint_eq(barspan_read8(span, 0x1002), 9);
	ck_assert_zero(barspan_take_error(span, NULL));
	ck_assert_uint_eq(barspan_read32(span, 0x1000), UINT32_MAX);
	ck_assert_int_eq(barspan_take_error(span, NULL), -ERANGE);
	close_span();
	open_span(MAPPABLE, 0, 0x2003);
	ck_assert_uint_eq(barspan_read16(span, 0x2000), 0);
	ck_assert_zero(barspan_take_error(span, NULL));
	ck_assert_uint_eq(barspan_read32(span, 0x2000), UINT32_MAX);
	ck_assert_int_eq(barspan_take_error(span, NULL), -ERANGE);
	close_span();
}
END_TEST

START_TEST(accesses_without_permission_of_the_span_fail)
{
	open_span(MAPPABLE, PROT_READ, SIZE);
	for (uint64_t offset = 0; offset < SIZE; offset += 0x1000) {
		barspan_write32(span, offset, 1);
		ck_assert_int_eq(barspan_take_error(span, NULL), -EACCES);
		ck_assert_int_eq(barspan_write(span, offset, "x", 1), -EACCES);
		ck_assert_uint_eq(barspan_read32(span, offset), 0);
		ck_assert_zero(barspan_take_error(span, NULL));
	}
	close_span();
	open_span(MAPPABLE, PROT_WRITE, SIZE);
	ck_assert_uint_eq(barspan_read32(span, 0), UINT32_MAX);
	ck_assert_int_eq(barspan_take_error(span, NULL), -EACCES);
	barspan_write32(span, 0, 1);
	ck_assert_zero(barspan_take_error(span, NULL));
	close_span();
}
END_TEST

START_TEST(accesses_without_permission_of_the_region_fail)
{
	open_span(BARSPAN_REGION_READ, 0, SIZE);
	barspan_write8(span, 0, 1);
	ck_assert_int_eq(barspan_take_error(span, NULL), -EACCES);
	close_span();
	open_span(0, 0, SIZE);
	ck_assert_uint_eq(barspan_read16(span, 0), 0xffff);
	ck_assert_int_eq(barspan_take_error(span, NULL), -EACCES);
	close_span();
}
END_TEST

START_TEST(the_log_has_the_cause_of_a_refused_access)
{
	harness_listen();
	open_span(MAPPABLE, 0, SIZE);
	barspan_read32(span, SIZE - 2);
	ck_assert_int_eq(barspan_take_error(span, NULL), -ERANGE);
	ck_assert_ptr_nonnull(
		strstr(harness_message, "failed: ERANGE: past the end of the span at 0x"));
	close_span();
	open_span(MAPPABLE, PROT_READ, SIZE);
	barspan_write32(span, 0, 1);
	ck_assert_int_eq(barspan_take_error(span, NULL), -EACCES);
	ck_assert_ptr_nonnull(
		strstr(harness_message, "failed: EACCES: the span is mapped without PROT_WRITE"));
	close_span();
	open_span(BARSPAN_REGION_WRITE, 0, SIZE);
	barspan_read8(span, 1);
	ck_assert_int_eq(barspan_take_error(span, NULL), -EACCES);
	ck_assert_ptr_nonnull(
		strstr(harness_message, "failed: EACCES: the span is mapped without PROT_READ"));
	close_span();
}
END_TEST

START_TEST(the_first_error_is_kept_until_it_is_taken)
{
	fake_fail_call(FAKE_PREAD, 1, -ENODEV);
	ck_assert_uint_eq(barspan_read8(span, 0x1000), 0xff);
	ck_assert_uint_eq(barspan_read8(span, SIZE), 0xff);
	ck_assert_int_eq(barspan_take_error(span, NULL), -ENODEV);
	ck_assert_zero(barspan_take_error(span, NULL));
	fake_fail_call(FAKE_PWRITE, 1, -EIO);
	barspan_write64(span, 0x1000, 1);
	ck_assert_int_eq(barspan_take_error(span, NULL), -EIO);
}
END_TEST

START_TEST(an_error_comes_with_its_offset_and_is_logged_once)
{
	uint64_t offset = 1;

	harness_listen();
	ck_assert_zero(barspan_take_error(span, &offset));
	ck_assert_uint_eq(offset, 1);
	for (int i = 0; i < 2; i++) {
		fake_fail_call(FAKE_PREAD, 1, -EIO);
		barspan_read16(span, 0x1002);
		barspan_read8(span, SIZE);
		ck_assert_int_eq(harness_messages[BARSPAN_LOG_ERROR], i ? 1 : 0);
		ck_assert_int_eq(barspan_take_error(span, &offset), -EIO);
		ck_assert_uint_eq(offset, 0x1002);
		ck_assert_int_eq(harness_messages[BARSPAN_LOG_ERROR], 1);
	}
	ck_assert_ptr_nonnull(
		strstr(harness_message, "soft region 0: 2-byte read at 0x1002 failed: EIO"));
}
END_TEST

/* A failure whose error nobody takes is logged when the span is unmapped. */
START_TEST(a_failure_is_logged_at_the_latest_by_unmap)
{
	harness_listen();
	open_span(MAPPABLE, 0, SIZE);
	fake_fail_call(FAKE_PWRITE, 1, -ENODEV);
	barspan_write64(span, 0x1008, 1);
	ck_assert_int_eq(harness_messages[BARSPAN_LOG_ERROR], 0);
	close_span();
	ck_assert_int_eq(harness_messages[BARSPAN_LOG_ERROR], 1);
	ck_assert_ptr_nonnull(strstr(harness_message, "8-byte write at 0x1008 failed: ENODEV"));
}
END_TEST

static int try_read(unsigned int width, uint64_t offset, uint64_t *value)
{
	uint8_t u8 = 0x5a;
	uint16_t u16 = 0x5a5a;
	uint32_t u32 = 0x5a5a5a5a;
	int r;

	switch (width) {
	case 1:
		r = barspan_try_read8(span, offset, &u8);
		*value = u8;
		return r;
	case 2:
		r = barspan_try_read16(span, offset, &u16);
		*value = u16;
		return r;
	case 4:
		r = barspan_try_read32(span, offset, &u32);
		*value = u32;
		return r;
	default:
		*value = UINT64_C(0x5a5a5a5a5a5a5a5a);
		return barspan_try_read64(span, offset, value);
	}
}

static int try_write(unsigned int width, uint64_t offset, uint64_t value)
{
	switch (width) {
	case 1:
		return barspan_try_write8(span, offset, (uint8_t)value);
	case 2:
		return barspan_try_write16(span, offset, (uint16_t)value);
	case 4:
		return barspan_try_write32(span, offset, (uint32_t)value);
	default:
		return barspan_try_write64(span, offset, value);
	}
}

/* A direct offset, an offset in a hole, and offsets across the edge. */
START_TEST(try_accessors_return_the_same_values)
{
	static const uint64_t offsets[] = { 0x10, 0x11, 0x1010, 0x1013, 0xfff, 0x2ff9 };
	const uint64_t value = UINT64_C(0x8877665544332211);
	uint64_t got;

	for (size_t i = 0; i < sizeof(offsets) / sizeof(offsets[0]); i++)
		for (unsigned int width = 1; width <= 8; width *= 2) {
			uint64_t mask = UINT64_MAX >> (64 - 8 * width);

			ck_assert_zero(try_write(width, offsets[i], value + i));
			ck_assert_uint_eq(read_width(width, offsets[i]), (value + i) & mask);
			write_width(width, offsets[i], ~value);
			ck_assert_zero(try_read(width, offsets[i], &got));
			ck_assert_uint_eq(got, ~value & mask);
		}
	ck_assert_zero(barspan_take_error(span, NULL));
}
END_TEST

START_TEST(try_accessors_return_their_own_error)
{
	uint64_t got;

	open_span(MAPPABLE, 0, SIZE);
	for (unsigned int width = 1; width <= 8; width *= 2) {
		uint64_t untouched = UINT64_C(0x5a5a5a5a5a5a5a5a) >> (64 - 8 * width);

		fake_fail_call(FAKE_PREAD, 1, -EIO);
		ck_assert_int_eq(try_read(width, 0x1000, &got), -EIO);
		ck_assert_uint_eq(got, untouched);
		fake_fail_call(FAKE_PWRITE, 1, -ENODEV);
		ck_assert_int_eq(try_write(width, 0x1000, 1), -ENODEV);
		ck_assert_int_eq(try_read(width, SIZE - width + 1, &got), -ERANGE);
		ck_assert_int_eq(try_write(width, SIZE - width + 1, 1), -ERANGE);
	}
	ck_assert_zero(barspan_take_error(span, NULL));
	close_span();
	open_span(MAPPABLE, PROT_READ, SIZE);
	ck_assert_int_eq(try_write(4, 0x10, 1), -EACCES);
	close_span();
	open_span(MAPPABLE, PROT_WRITE, SIZE);
	ck_assert_int_eq(try_read(4, 0x10, &got), -EACCES);
	close_span();
}
END_TEST

START_TEST(errno_is_left_alone)
{
	errno = 12345;
	barspan_read32(span, 0x1000);
	fake_fail_call(FAKE_PREAD, 1, -EIO);
	barspan_read32(span, 0x1000);
	barspan_read32(span, SIZE);
	ck_assert_int_eq(errno, 12345);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("io-errors");

	harness_add(suite, "limits",
		    (const TTest *const[]){ a_region_of_odd_size_ends_at_its_last_byte,
					    accesses_without_permission_of_the_span_fail,
					    accesses_without_permission_of_the_region_fail,
					    a_failure_is_logged_at_the_latest_by_unmap,
					    the_log_has_the_cause_of_a_refused_access,
					    try_accessors_return_their_own_error, NULL });
	harness_add_with(suite, "errors", set_up, close_span,
			 (const TTest *const[]){ accesses_past_the_end_reach_no_device,
						 the_first_error_is_kept_until_it_is_taken,
						 an_error_comes_with_its_offset_and_is_logged_once,
						 try_accessors_return_the_same_values,
						 errno_is_left_alone, NULL });
	return harness_run(suite);
}
