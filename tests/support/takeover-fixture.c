/* SPDX-License-Identifier: BSD-3-Clause */
#include "device/device.h"
#include "span/span.h"
#include "fake.h"
#include "takeover-fixture.h"

size_t page;
struct barspan_device *device, *other_device;
struct barspan *span;
uint8_t *base;
char *before;

void set_up(void)
{
	const struct barspan_range areas[] = { { page, 2 * page }, { 5 * page, page } };
	const struct barspan_soft_region sparse = {
		.size = PAGES * page,
		.flags = RW | BARSPAN_REGION_MMAP,
		.n_areas = 2,
		.areas = areas,
	};
	const struct barspan_soft_region whole = { .size = PAGES * page,
						   .flags = RW | BARSPAN_REGION_MMAP };

	fake_reset();
	harness_listen();
	before = harness_snapshot();
	ck_assert_zero(harness_open_soft(&device, &sparse, 1));
	ck_assert_zero(harness_open_soft(&other_device, &whole, 1));
	ck_assert_zero(barspan_map(&span, device, 0, NULL));
	base = (uint8_t *)(uintptr_t)barspan_base(span);
	for (size_t i = 0; i < PAGES; i++)
		barspan_write32(span, i * page, (uint32_t)(100 + i));
}

void tear_down(void)
{
	barspan_unmap(span);
	barspan_device_close(device);
	barspan_device_close(other_device);
	fake_reset();
	harness_expect_unchanged(&before);
}

enum barspan_reason reason_at(size_t i)
{
	struct barspan_extent extent;

	ck_assert_zero(barspan_extent_at(span, i * page, &extent));
	return extent.reason;
}

void check_span(void)
{
	for (size_t i = 0; i < PAGES; i++) {
		bool direct = barspan_is_direct(span, i * page, page);

		ck_assert_int_eq(direct, reason_at(i) == BARSPAN_REASON_NONE);
		if (direct) {
			ck_assert_uint_eq(*(volatile uint32_t *)(void *)(base + i * page), 100 + i);
			ck_assert_ptr_eq(barspan_find(base + i * page, NULL), span);
		}
		ck_assert_uint_eq(barspan_read32(span, i * page), 100 + i);
		ck_assert_uint_eq(barspan_ptr_read32(base + i * page),
				  barspan_find(base + i * page, NULL) ? 100 + i : 77);
	}
	ck_assert_zero(barspan_take_error(span, NULL));
}

void check_untouched(void)
{
	static const bool direct[PAGES] = { false, true, true, false, false, true, false, false };

	ck_assert_uint_eq(barspan_extent_count(span), 5);
	for (size_t i = 0; i < PAGES; i++) {
		ck_assert_int_eq(barspan_is_direct(span, i * page, page), direct[i]);
		ck_assert_int_eq(harness_can_read(base + i * page), direct[i]);
		ck_assert_ptr_eq(barspan_find(base + i * page, NULL), span);
	}
	ck_assert_ptr_eq(to_span(span)->handle.guard_, to_span(span)->handle.table_);
	check_span();
}

uint32_t *moved_in;

void check_taken(size_t n)
{
	ck_assert_ptr_nonnull(moved_in);
	for (size_t i = 1; i < 1 + n; i++) {
		ck_assert_int_eq(reason_at(i), i < 3 || i == 5 ? BARSPAN_REASON_REQUESTED
							       : BARSPAN_REASON_SPARSE);
		ck_assert_ptr_null(barspan_find(base + i * page, NULL));
	}
	barspan_write32(span, page, 101);
	ck_assert_uint_eq(*moved_in, 77);
	ck_assert_zero(barspan_suspend(span));
	ck_assert_zero(barspan_resume(span));
	ck_assert_uint_eq(*moved_in, 77);
	ck_assert(!barspan_is_direct(span, page, 4));
	check_span();
}
