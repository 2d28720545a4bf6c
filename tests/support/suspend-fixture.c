/* SPDX-License-Identifier: BSD-3-Clause */
#include "suspend-fixture.h"

#include "fake.h"
#include "span/span.h"

const struct barspan_range areas[] = { { 0x1000, 0x1000 }, { 0x2000, 0x1000 }, { 0x5000, 0x1000 } };
struct barspan_device *device;
struct barspan *span;
static char *before;

void set_up(unsigned int flags)
{
	const struct barspan_soft_region region = {
		.size = SIZE, .flags = MAPPABLE, .n_areas = 3, .areas = areas
	};
	const struct barspan_options options = { .size = sizeof(options), .flags = flags };

	fake_reset();
	harness_listen();
	free(before);
	before = harness_snapshot();
	ck_assert_zero(harness_open_soft(&device, &region, 1));
	ck_assert_zero(barspan_map(&span, device, 0, &options));
}

void tear_down(void)
{
	barspan_unmap(span);
	barspan_device_close(device);
	fake_reset();
	harness_expect_unchanged(&before);
}

enum barspan_reason reason_at(uint64_t offset)
{
	struct barspan_extent extent;

	ck_assert_zero(barspan_extent_at(span, offset, &extent));
	return extent.reason;
}

volatile uint8_t *span_base(void)
{
	return barspan_base(span);
}

void expect_suspended(void)
{
	ck_assert_int_eq(reason_at(0x1000), BARSPAN_REASON_SUSPENDED);
	ck_assert_int_eq(reason_at(0x5000), BARSPAN_REASON_SUSPENDED);
	ck_assert_int_eq(reason_at(0x3000), BARSPAN_REASON_SPARSE);
	ck_assert(!barspan_is_direct(span, 0x1000, 1));
	for (uint64_t offset = 0; span_base() && offset < SIZE; offset += 0x1000)
		ck_assert(!harness_can_read(span_base() + offset));
}

void expect_resumed(void)
{
	ck_assert(barspan_is_direct(span, 0x1000, 0x2000));
	ck_assert(barspan_is_direct(span, 0x5000, 0x1000));
	ck_assert_int_eq(reason_at(0x3000), BARSPAN_REASON_SPARSE);
	for (uint64_t offset = 0; span_base() && offset < SIZE; offset += 0x1000)
		ck_assert_int_eq(harness_can_write(span_base() + offset),
				 barspan_is_direct(span, offset, 1));
}

int refuse_device(void **out, void *address, size_t length, int prot, int flags, int fd,
		  uint64_t offset)
{
	return fd < 0 ? real_sys_mmap(out, address, length, prot, flags, fd, offset) : -EPERM;
}

unsigned int protects;

int protect_once(void *address, size_t length, int prot)
{
	return protects++ ? -ENOMEM : real_sys_mprotect(address, length, prot);
}
