/* SPDX-License-Identifier: BSD-3-Clause */
#include "io-fixture.h"

#include <unistd.h>

#include "fake.h"

static const struct barspan_range areas[] = { { 0, 0x1000 }, { 0x2000, 0x1000 } };

struct barspan_device *device;
struct barspan *span;

void open_span(uint32_t flags, int prot, uint64_t size)
{
	const struct barspan_soft_region region = {
		.size = size,
		.flags = flags,
		.n_areas = flags & BARSPAN_REGION_MMAP ? 2 : 0,
		.areas = areas,
	};
	const struct barspan_options options = { .size = sizeof(options), .prot = prot };

	ck_assert_zero(harness_open_soft(&device, &region, 1));
	ck_assert_zero(barspan_map(&span, device, 0, &options));
	fake_reset();
}

void close_span(void)
{
	fake_reset();
	barspan_unmap(span);
	barspan_device_close(device);
}

void set_up(void)
{
	open_span(MAPPABLE, 0, SIZE);
}

uint64_t count_trapped(void)
{
	uint64_t reads, writes;

	ck_assert_zero(barspan_soft_trapped(device, 0, &reads, &writes));
	return reads + writes;
}

void read_file(uint64_t offset, void *to, size_t length)
{
	ck_assert_int_eq(pread(barspan_soft_fd(device, 0), to, length, (off_t)offset),
			 (ssize_t)length);
}

uint64_t read_width(unsigned int width, uint64_t offset)
{
	switch (width) {
	case 1:
		return barspan_read8(span, offset);
	case 2:
		return barspan_read16(span, offset);
	case 4:
		return barspan_read32(span, offset);
	default:
		return barspan_read64(span, offset);
	}
}

void write_width(unsigned int width, uint64_t offset, uint64_t value)
{
	switch (width) {
	case 1:
		barspan_write8(span, offset, (uint8_t)value);
		break;
	case 2:
		barspan_write16(span, offset, (uint16_t)value);
		break;
	case 4:
		barspan_write32(span, offset, (uint32_t)value);
		break;
	default:
		barspan_write64(span, offset, value);
		break;
	}
}
