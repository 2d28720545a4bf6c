/* SPDX-License-Identifier: BSD-3-Clause */
/* Suspends a span while its device decodes no memory, and resumes it. */
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "device.h"

enum {
	COMMAND = 4,	    /* PCI_COMMAND, <linux/pci_regs.h> */
	COMMAND_MEMORY = 2, /* PCI_COMMAND_MEMORY */
};

static void decode_memory(struct barspan_device *device, bool on)
{
	uint16_t command;

	EXPECT_ERROR(barspan_device_read(device, BARSPAN_CONFIG, COMMAND, &command, 2), "0");
	command = (uint16_t)(on ? command | COMMAND_MEMORY : command & ~COMMAND_MEMORY);
	EXPECT_ERROR(barspan_device_write(device, BARSPAN_CONFIG, COMMAND, &command, 2), "0");
}

static void expect_suspended(const struct barspan *span)
{
	const volatile uint8_t *base = barspan_base(span);
	struct barspan_extent extent;

	for (size_t i = 0; !barspan_extent_get(span, i, &extent); i++) {
		EXPECT(extent.kind == BARSPAN_HOLE, "the extent at 0x%" PRIx64 " is direct",
		       extent.offset);
		if (under_memcheck)
			continue;
		EXPECT_EQUAL((uint64_t)fault_of_load(base + extent.offset), SIGSEGV);
		EXPECT_EQUAL((uint64_t)fault_of_load(base + extent.offset + extent.length - 1),
			     SIGSEGV);
	}
	EXPECT_EQUAL(need_extent(span, 0).reason, BARSPAN_REASON_SUSPENDED);
}

static void expect_no_answer(struct barspan *span, uint64_t offset)
{
	uint8_t bytes[64] = { 0 };

	EXPECT_EQUAL(barspan_read8(span, offset), UINT8_MAX);
	EXPECT_ERROR(barspan_take_error(span, NULL), "EIO");
	EXPECT_EQUAL(barspan_read16(span, offset), UINT16_MAX);
	EXPECT_ERROR(barspan_take_error(span, NULL), "EIO");
	EXPECT_EQUAL(barspan_read32(span, offset), UINT32_MAX);
	EXPECT_ERROR(barspan_take_error(span, NULL), "EIO");
	EXPECT_EQUAL(barspan_read64(span, offset), UINT64_MAX);
	EXPECT_ERROR(barspan_take_error(span, NULL), "EIO");
	barspan_write32(span, offset, 0);
	EXPECT_ERROR(barspan_take_error(span, NULL), "EIO");
	EXPECT_ERROR(barspan_take_error(span, NULL), "0");
	EXPECT_ERROR(barspan_read(span, offset, bytes, sizeof(bytes)), "EIO");
	EXPECT_ERROR(barspan_write(span, offset, bytes, sizeof(bytes)), "EIO");
}

/* Without a suspension, a raw access ends in SIGBUS. */
static void check_baseline(struct barspan *span)
{
	const volatile uint8_t *base = barspan_base(span);

	decode_memory(barspan_device_of(span), false);
	EXPECT_EQUAL((uint64_t)fault_of_load(base), SIGBUS);
	decode_memory(barspan_device_of(span), true);
	EXPECT_EQUAL((uint64_t)fault_of_load(base), 0);
}

static void check_without_memory(struct barspan *span)
{
	decode_memory(barspan_device_of(span), false);
	expect_no_answer(span, 0);
	expect_no_answer(span, 0x3ffffc0);
	expect_suspended(span);
	decode_memory(barspan_device_of(span), true);
	expect_suspended(span);
}

void case_suspend(char **argv)
{
	struct barspan_device *device = open_device(argv[1]);
	struct barspan *span = map_region(device, 2, NULL);
	const struct plan *plan = need_plan(argv[2]);
	uint8_t *image = need_memory(PLAN_SIZE);
	volatile void *base = barspan_base(span);
	char extents[1024], now[1024];

	describe_extents(span, extents, sizeof(extents));
	follow_plan(span, plan, 0, image);
	compare_with_image(span, image);
	if (!under_memcheck)
		check_baseline(span);
	EXPECT_ERROR(barspan_suspend(span), "0");
	EXPECT_ERROR(barspan_suspend(span), "0");
	expect_suspended(span);
	follow_plan(span, plan, 1, image);
	compare_with_image(span, image);
	check_without_memory(span);
	compare_with_image(span, image);
	EXPECT_ERROR(barspan_resume(span), "0");
	EXPECT_ERROR(barspan_resume(span), "0");
	describe_extents(span, now, sizeof(now));
	EXPECT(!strcmp(now, extents), "extents are \"%s\", not \"%s\"", now, extents);
	EXPECT(barspan_base(span) == base, "the base has moved");
	compare_with_image(span, image);
	follow_plan(span, plan, 2, image);
	compare_with_image(span, image);
	free(image);
	barspan_unmap(span);
	barspan_device_close(device);
}
