/* SPDX-License-Identifier: BSD-3-Clause */
#include "scenario.h"

#include "fixture.h"
#include "util/sys.h"

struct barspan_device *device;
struct barspan *span;

int act_open(const struct scenario *scenario)
{
	return scenario->open(&device);
}

int act_map(const struct scenario *scenario)
{
	return barspan_map(&span, device, 1, scenario->options);
}

int act_suspend(const struct scenario *scenario)
{
	(void)scenario;
	return barspan_suspend(span);
}

int act_resume(const struct scenario *scenario)
{
	(void)scenario;
	return barspan_resume(span);
}

int act_region(const struct scenario *scenario)
{
	struct barspan_region region = { .size = 77, .flags = 77 };
	int r = barspan_device_region(device, 1, &region);

	(void)scenario;
	ck_assert_uint_eq(region.size, r ? 77 : FIXTURE_PAGES * sys_page_size());
	return r;
}

int act_read(const struct scenario *scenario)
{
	uint8_t byte = 1;
	int r = barspan_read(span, 3 * sys_page_size(), &byte, 1);

	(void)scenario;
	if (!r)
		ck_assert_uint_eq(
			byte, fixture_byte(1, barspan_region_offset(span) + 3 * sys_page_size()));
	return r;
}

int act_read32(const struct scenario *scenario)
{
	uint32_t value = barspan_read32(span, 3 * sys_page_size());
	int r = barspan_take_error(span, NULL);

	(void)scenario;
	ck_assert_int_eq(value == UINT32_MAX, r != 0);
	ck_assert_zero(barspan_take_error(span, NULL));
	return r;
}

int act_write(const struct scenario *scenario)
{
	uint8_t byte = fixture_byte(1, 3 * sys_page_size());

	(void)scenario;
	return barspan_write(span, 3 * sys_page_size(), &byte, 1);
}

int act_device_access(const struct scenario *scenario)
{
	uint8_t byte = fixture_byte(0, 5);
	int r = barspan_device_write(device, 0, 5, &byte, 1);

	(void)scenario;
	return r ? r : barspan_device_read(device, 0, 5, &byte, 1);
}
