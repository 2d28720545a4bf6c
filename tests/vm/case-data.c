/* SPDX-License-Identifier: BSD-3-Clause */
/* A BAR that is memory, written and read in every way. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "device.h"

/* A span through which a plan's steps are done, and its offset in the region. */
struct shape {
	struct barspan *span;
	uint64_t start;
};

static void store_value(volatile uint8_t *to, const uint8_t *bytes, uint64_t width)
{
	uint64_t value = 0;

	memcpy(&value, bytes, width);
	switch (width) {
	case 1:
		*to = (uint8_t)value;
		break;
	case 2:
		*(volatile uint16_t *)to = (uint16_t)value;
		break;
	case 4:
		*(volatile uint32_t *)to = (uint32_t)value;
		break;
	default:
		*(volatile uint64_t *)to = value;
	}
}

static void access_write(struct barspan *span, uint64_t offset, const uint8_t *bytes,
			 uint64_t width)
{
	uint64_t value = 0;

	memcpy(&value, bytes, width);
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
	}
}

static uint64_t access_read(struct barspan *span, uint64_t offset, unsigned int width)
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

static void follow_step(const struct shape *shape, const struct plan *plan, size_t i)
{
	const struct plan_step *step = &plan->steps[i];
	uint8_t *bytes = need_memory(step->width);
	volatile uint8_t *base = barspan_base(shape->span);

	if (step->how == PLAN_RAW) {
		uint64_t first = step->start - shape->start;
		volatile uint8_t *pointer =
			barspan_pointer(shape->span, first, step->end - step->start);

		NEED(pointer, "step %zu: not all of it is direct", i);
		NEED(!base || pointer == base + first, "step %zu: not at base + offset", i);
		base = pointer - first;
	}
	for (uint64_t at = step->start; at + step->width <= step->end; at += plan_stride(plan, i)) {
		uint64_t offset = at - shape->start;

		plan_bytes(i, at, bytes, step->width);
		if (step->how == PLAN_RAW)
			store_value(base + offset, bytes, step->width);
		else if (step->how == PLAN_ACCESSOR)
			access_write(shape->span, offset, bytes, step->width);
		else
			EXPECT_ERROR(barspan_write(shape->span, offset, bytes, step->width), "0");
	}
	EXPECT_ERROR(barspan_take_error(shape->span, NULL), "0");
	free(bytes);
}

void follow_plan(struct barspan *span, const struct plan *plan, unsigned int phase, uint8_t *image)
{
	struct barspan_options independent = { .size = sizeof(independent),
					       .flags = BARSPAN_INDEPENDENT };
	struct barspan_options window = { .size = sizeof(window),
					  .offset = PLAN_WINDOW,
					  .length = PLAN_WINDOW_LENGTH };
	struct barspan_device *device = barspan_device_of(span);
	struct shape shapes[] = {
		[PLAN_BY_WHOLE] = { span, 0 },
		[PLAN_BY_INDEPENDENT] = { map_region(device, barspan_region_index(span),
						     &independent),
					  0 },
		[PLAN_BY_WINDOW] = { map_region(device, barspan_region_index(span), &window),
				     PLAN_WINDOW },
	};

	for (size_t i = 0; i < plan->n_steps; i++)
		if (plan->steps[i].phase == phase)
			follow_step(&shapes[plan->steps[i].by], plan, i);
	barspan_unmap(shapes[PLAN_BY_INDEPENDENT].span);
	barspan_unmap(shapes[PLAN_BY_WINDOW].span);
	plan_apply(plan, phase, image);
}

static void compare_value(struct barspan *span, const uint8_t *image, uint64_t offset,
			  unsigned int width)
{
	uint64_t value = access_read(span, offset, width), wanted = 0;
	volatile uint8_t *pointer = barspan_pointer(span, offset, width);

	memcpy(&wanted, image + offset, width);
	EXPECT(value == wanted, "%u bytes at 0x%" PRIx64 " are 0x%" PRIx64 ", not 0x%" PRIx64,
	       width, offset, value, wanted);
	for (unsigned int i = 0; pointer && i < width; i++)
		EXPECT(pointer[i] == image[offset + i],
		       "raw byte at 0x%" PRIx64 " is 0x%02x, not 0x%02x", offset + i, pointer[i],
		       image[offset + i]);
}

/* Every width at every offset around an edge: some accesses straddle it. */
static void compare_edge(struct barspan *span, const uint8_t *image, uint64_t edge)
{
	uint64_t first = edge < 12 ? 0 : edge - 12;

	for (unsigned int width = 1; width <= 8; width *= 2)
		for (uint64_t offset = first; offset < edge + 4 && offset + width <= PLAN_SIZE;
		     offset++)
			compare_value(span, image, offset, width);
}

static void compare_range(struct barspan *span, const uint8_t *image, uint64_t offset,
			  uint64_t length)
{
	uint8_t *bytes = need_memory(length);

	EXPECT_ERROR(barspan_read(span, offset, bytes, length), "0");
	for (uint64_t i = memcmp(bytes, image + offset, length) ? 0 : length; i < length; i++)
		EXPECT(bytes[i] == image[offset + i], "byte 0x%" PRIx64 " reads 0x%02x, not 0x%02x",
		       offset + i, bytes[i], image[offset + i]);
	free(bytes);
}

/* Reads all of a direct extent. Trapped reads are slow in an emulated machine:
 * of a hole it reads both ends, by ranges that begin and end in its neighbours.
 * Under memcheck it reads the ends of direct extents, too. */
static void compare_extent(struct barspan *span, const uint8_t *image,
			   const struct barspan_extent *extent)
{
	uint64_t end = extent->offset + extent->length, most = under_memcheck ? 0x2000 : 0x10000;
	uint64_t from = extent->offset < 0x800 ? 0 : extent->offset - 0x800;
	uint64_t to = end + 0x800 > PLAN_SIZE ? PLAN_SIZE : end + 0x800;

	compare_edge(span, image, extent->offset);
	compare_edge(span, image, end);
	if (to - from <= 2 * most || (extent->kind == BARSPAN_DIRECT && !under_memcheck)) {
		compare_range(span, image, from, to - from);
		return;
	}
	compare_range(span, image, from, most);
	compare_range(span, image, to - most, most);
}

void compare_with_image(struct barspan *span, const uint8_t *image)
{
	struct barspan_extent extent;
	uint64_t random = 1;

	for (size_t i = 0; !barspan_extent_get(span, i, &extent); i++)
		compare_extent(span, image, &extent);
	for (unsigned int i = 0; i < (under_memcheck ? 500 : 20000); i++) {
		random = random * UINT64_C(6364136223846793005) + 1442695040888963407;
		compare_value(span, image, (random >> 32) % (PLAN_SIZE - 8),
			      1U << (random >> 30 & 3));
	}
	EXPECT_ERROR(barspan_take_error(span, NULL), "0");
}

/* Afterwards the host compares the device's memory with the plan. */
void case_data(char **argv)
{
	struct barspan_device *device = open_device(argv[1]);
	struct barspan *span = map_region(device, 2, NULL);
	uint8_t *image = need_memory(PLAN_SIZE);

	EXPECT_EQUAL(barspan_length(span), PLAN_SIZE);
	follow_plan(span, need_plan(argv[2]), 0, image);
	compare_with_image(span, image);
	free(image);
	barspan_unmap(span);
	barspan_device_close(device);
}
