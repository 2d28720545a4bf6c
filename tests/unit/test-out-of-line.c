/* SPDX-License-Identifier: BSD-3-Clause */
/* The library's functions for callers that cannot inline. */
#define BARSPAN_NO_INLINE

#include <endian.h>
#include <errno.h>

#include "support/harness.h"

enum { SIZE = 0x4000, DIRECT = 0x2000, HOLE = 0x1000 };

static struct barspan_device *device;
static struct barspan *span;
static uint8_t *base;

static void open_span(void)
{
	static const struct barspan_range areas[] = { { 0, 0x1000 }, { 0x2000, 0x1000 } };
	const struct barspan_soft_region region = {
		.size = SIZE,
		.flags = BARSPAN_REGION_READ | BARSPAN_REGION_WRITE | BARSPAN_REGION_MMAP,
		.n_areas = 2,
		.areas = areas,
	};

	ck_assert_zero(harness_open_soft(&device, &region, 1));
	ck_assert_zero(barspan_map(&span, device, 0, NULL));
	base = (uint8_t *)(uintptr_t)barspan_base(span);
}

static void close_span(void)
{
	barspan_unmap(span);
	barspan_device_close(device);
}

#define CHECK_ACCESSORS(bits, at, number) \
	do { \
		uint##bits##_t value = (uint##bits##_t)(number), got = 0; \
\
		barspan_write##bits(span, at, value); \
		ck_assert_uint_eq(barspan_read##bits##_relaxed(span, at), value); \
		barspan_write##bits##_relaxed(span, at, (uint##bits##_t) ~value); \
		ck_assert_uint_eq(barspan_read##bits(span, at), (uint##bits##_t) ~value); \
		ck_assert_zero(barspan_try_write##bits(span, at, value)); \
		ck_assert_zero(barspan_try_read##bits(span, at, &got)); \
		ck_assert_uint_eq(got, value); \
		ck_assert_int_eq(barspan_try_read##bits(span, SIZE, &got), -ERANGE); \
		ck_assert_int_eq(barspan_try_write##bits(span, SIZE, value), -ERANGE); \
	} while (0)

START_TEST(accessors_by_offset_work_out_of_line)
{
	static const uint64_t offsets[] = { DIRECT, HOLE, HOLE - 1 };
	const uint64_t number = UINT64_C(0x1122334455667788);

	for (size_t i = 0; i < sizeof(offsets) / sizeof(offsets[0]); i++) {
		CHECK_ACCESSORS(8, offsets[i], number);
		CHECK_ACCESSORS(16, offsets[i], number);
		CHECK_ACCESSORS(32, offsets[i], number);
		CHECK_ACCESSORS(64, offsets[i], number);
	}
	ck_assert_zero(barspan_take_error(span, NULL));
}
END_TEST

#define CHECK_POINTERS(bits, at, to_host, number) \
	do { \
		uint##bits##_t value = (uint##bits##_t)(number); \
\
		barspan_ptr_write##bits(at, value); \
		ck_assert_uint_eq(to_host(barspan_ptr_read##bits##_raw(at)), value); \
		barspan_ptr_write##bits##_raw(at, to_host((uint##bits##_t) ~value)); \
		ck_assert_uint_eq(barspan_ptr_read##bits(at), (uint##bits##_t) ~value); \
	} while (0)

START_TEST(accessors_by_address_work_out_of_line)
{
	static const uint64_t offsets[] = { DIRECT, HOLE };
	const uint64_t number = UINT64_C(0x1122334455667788);

	for (size_t i = 0; i < sizeof(offsets) / sizeof(offsets[0]); i++) {
		CHECK_POINTERS(8, base + offsets[i], , number);
		CHECK_POINTERS(16, base + offsets[i], le16toh, number);
		CHECK_POINTERS(32, base + offsets[i], le32toh, number);
		CHECK_POINTERS(64, base + offsets[i], le64toh, number);
	}
	ck_assert_zero(barspan_take_error(span, NULL));
}
END_TEST

START_TEST(queries_work_out_of_line)
{
	struct barspan_extent extent;

	ck_assert(barspan_is_direct(span, DIRECT, 0x1000));
	ck_assert(!barspan_is_direct(span, DIRECT, 0x1001));
	ck_assert(!barspan_is_direct(span, HOLE, 1));
	ck_assert(barspan_pointer(span, DIRECT + 4, 4) == base + DIRECT + 4);
	ck_assert(!barspan_pointer(span, HOLE, 4));
	ck_assert_zero(barspan_extent_at(span, HOLE + 1, &extent));
	ck_assert_uint_eq(extent.offset, HOLE);
	ck_assert_int_eq(extent.reason, BARSPAN_REASON_SPARSE);
	ck_assert_int_eq(barspan_extent_at(span, SIZE, &extent), -ERANGE);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("out-of-line");

	harness_add_with(suite, "out-of-line", open_span, close_span,
			 (const TTest *const[]){ accessors_by_offset_work_out_of_line,
						 accessors_by_address_work_out_of_line,
						 queries_work_out_of_line, NULL });
	return harness_run(suite);
}
