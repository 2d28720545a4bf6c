/* SPDX-License-Identifier: BSD-3-Clause */
#include "span-fixture.h"

#include "fake.h"

const struct barspan_range areas[] = { { 0x1000, 0x1000 }, { 0x2000, 0x1000 }, { 0x5000, 0x1000 } };
struct barspan_device *device;
struct barspan *span;
struct barspan_options options;
static char *before;

void set_up(void)
{
	const struct barspan_soft_region regions[] = {
		{ .size = SIZE, .flags = MAPPABLE, .n_areas = 3, .areas = areas },
		{ .size = SIZE, .flags = MAPPABLE },
		{ .size = SIZE, .flags = BARSPAN_REGION_READ | BARSPAN_REGION_MMAP },
		{ .size = SIZE, .flags = RW },
		{ .size = 0x100, .flags = MAPPABLE },
		{ .size = 0 },
	};

	fake_reset();
	harness_listen();
	free(before);
	before = harness_snapshot();
	ck_assert_zero(harness_open_soft(&device, regions, 6));
	options = (struct barspan_options){ .size = sizeof(options) };
	span = NULL;
}

void tear_down(void)
{
	barspan_unmap(span);
	barspan_device_close(device);
	fake_reset();
	harness_expect_unchanged(&before);
}

volatile uint8_t *span_base(void)
{
	return barspan_base(span);
}

enum barspan_reason reason_at(uint64_t offset)
{
	struct barspan_extent extent;

	ck_assert_zero(barspan_extent_at(span, offset, &extent));
	return extent.reason;
}
