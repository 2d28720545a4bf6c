/* SPDX-License-Identifier: BSD-3-Clause */
/* The steps are made for the areas in device.sh. */
#include "plan.h"

#include <string.h>

#define WHOLE PLAN_BY_WHOLE
#define INDEPENDENT PLAN_BY_INDEPENDENT
#define WINDOW PLAN_BY_WINDOW

/* Areas of every kind: a small one, two that touch, one with partial pages, one
 * up to the BAR's end, one that cannot be mapped. Their edges are multiples of
 * 64 KiB: the plan is the same for pages of 4, 16 and 64 KiB. Partial pages are
 * halves of a page. The plan never writes some bytes of areas and of holes. A
 * write there went to the wrong offset. */
static const struct plan_step sparse_steps[] = {
	{ PLAN_RAW, WHOLE, 0, 0x0, 0x10000, 8, 0 },
	{ PLAN_RAW, WHOLE, 0, 0x30000, 0x40000, 8, 0 },
	{ PLAN_RAW, WHOLE, 0, 0x100000, 0x2000000, 8, 0 },
	{ PLAN_RAW, WHOLE, 0, 0x2080000, 0x2500000, 8, 0 },
	{ PLAN_RAW, WHOLE, 0, 0x2520000, 0x2530000, 8, 0 },
	{ PLAN_RAW, WHOLE, 0, 0x3000000, 0x4000000, 8, 0 },
	{ PLAN_RAW, WHOLE, 0, 0x111003, 0x112000, 1, 5 },
	{ PLAN_RAW, WHOLE, 0, 0x112002, 0x113000, 2, 6 },
	{ PLAN_RAW, WHOLE, 0, 0x113004, 0x114000, 4, 12 },
	/* Accessors of each width: aligned in a hole, in an area, then unaligned
	 * across edges. The last edges are those of half a page. */
	{ PLAN_ACCESSOR, WHOLE, 0, 0x10000, 0x10400, 1, 3 },
	{ PLAN_ACCESSOR, WHOLE, 0, 0x10400, 0x10800, 2, 6 },
	{ PLAN_ACCESSOR, WHOLE, 0, 0x10800, 0x10c00, 4, 4 },
	{ PLAN_ACCESSOR, WHOLE, 0, 0x10c00, 0x12000, 8, 8 },
	{ PLAN_ACCESSOR, WHOLE, 0, 0x120000, 0x120400, 1, 3 },
	{ PLAN_ACCESSOR, WHOLE, 0, 0x120400, 0x120800, 2, 2 },
	{ PLAN_ACCESSOR, WHOLE, 0, 0x120800, 0x120c00, 4, 4 },
	{ PLAN_ACCESSOR, WHOLE, 0, 0x120c00, 0x121000, 8, 8 },
	{ PLAN_ACCESSOR, WHOLE, 0, 0xfff9, 0x10007, 8, 1 },
	{ PLAN_ACCESSOR, WHOLE, 0, 0x2fffd, 0x30003, 4, 1 },
	{ PLAN_ACCESSOR, WHOLE, 0, 0x3ffff, 0x40001, 2, 1 },
	{ PLAN_ACCESSOR, WHOLE, 0, 0x1fffff9, 0x2000201, 8, 13 },
	{ PLAN_ACCESSOR, WHOLE, 0, 0x207fff1, 0x2080031, 4, 7 },
	{ PLAN_ACCESSOR, WHOLE, 0, 0x251fffb, 0x252000b, 2, 3 },
	{ PLAN_ACCESSOR, WHOLE, 0, 0x2fffff9, 0x3000011, 8, 5 },
	{ PLAN_ACCESSOR, WHOLE, 0, 0x3fffff1, 0x4000000, 1, 2 },
	{ PLAN_ACCESSOR, WHOLE, 0, 0x251f7f9, 0x251f811, 8, 3 },
	{ PLAN_ACCESSOR, WHOLE, 0, 0x251dff9, 0x251e011, 8, 3 },
	{ PLAN_ACCESSOR, WHOLE, 0, 0x2517ff9, 0x2518011, 8, 3 },
	/* Byte ranges: unaligned inside, across several areas and holes, across
	 * one edge, across all of a large hole. */
	{ PLAN_BYTES, WHOLE, 0, 0x121001, 0x123456, 0x2455, 0x2455 },
	{ PLAN_BYTES, WHOLE, 0, 0x8050, 0x58000, 0x13450, 0x14000 },
	{ PLAN_BYTES, WHOLE, 0, 0xfff03, 0x100101, 0x1fe, 0x1fe },
	{ PLAN_BYTES, WHOLE, 0, 0x1ffe123, 0x2082777, 0x84654, 0x84654 },
	{ PLAN_BYTES, WHOLE, 0, 0x24ff005, 0x2538800, 0x397fb, 0x397fb },
	{ PLAN_BYTES, WHOLE, 0, 0x2ff8001, 0x3008001, 0x801, 0x1003 },
	/* The same places through spans of other shapes. */
	{ PLAN_RAW, INDEPENDENT, 0, 0x130000, 0x131000, 8, 8 },
	{ PLAN_RAW, INDEPENDENT, 0, 0x3800000, 0x3801000, 4, 4 },
	{ PLAN_ACCESSOR, INDEPENDENT, 0, 0x3ffe1, 0x40031, 8, 11 },
	{ PLAN_BYTES, INDEPENDENT, 0, 0x251fabc, 0x2533abc, 0x14000, 0x14000 },
	{ PLAN_RAW, WINDOW, 0, 0x1ff0800, 0x1ff1000, 8, 8 },
	{ PLAN_ACCESSOR, WINDOW, 0, 0x1fffff1, 0x2000021, 4, 5 },
	{ PLAN_BYTES, WINDOW, 0, 0x2070003, 0x2081001, 0x10ffe, 0x10ffe },
};

/* A refused area between two areas that touch it, and an isolated one; before,
 * during and after a suspension. */
static const struct plan_step suspend_steps[] = {
	{ PLAN_RAW, WHOLE, 0, 0x0, 0x100000, 8, 0 },
	{ PLAN_RAW, WHOLE, 0, 0x200000, 0x300000, 8, 0 },
	{ PLAN_RAW, WHOLE, 0, 0x2000000, 0x2100000, 8, 0 },
	{ PLAN_BYTES, WHOLE, 0, 0xff801, 0x102803, 0x3002, 0x3002 },
	{ PLAN_ACCESSOR, WHOLE, 0, 0x1fffe1, 0x200031, 8, 7 },
	{ PLAN_ACCESSOR, WHOLE, 0, 0x3ffff1, 0x401011, 4, 5 },
	{ PLAN_ACCESSOR, WHOLE, 0, 0x40fff1, 0x410011, 4, 3 },
	{ PLAN_ACCESSOR, WHOLE, 1, 0x40, 0x840, 8, 24 },
	{ PLAN_ACCESSOR, WHOLE, 1, 0x200003, 0x200403, 4, 5 },
	{ PLAN_ACCESSOR, WHOLE, 1, 0x2000001, 0x2000801, 1, 2 },
	{ PLAN_BYTES, WHOLE, 1, 0x2ffff01, 0x3001003, 0x1102, 0x1102 },
	{ PLAN_BYTES, WHOLE, 1, 0x3fff001, 0x4000000, 0xfff, 0xfff },
	{ PLAN_RAW, WHOLE, 2, 0x1000, 0x3000, 8, 16 },
	{ PLAN_RAW, WHOLE, 2, 0x2200000, 0x2210000, 4, 4 },
	{ PLAN_ACCESSOR, WHOLE, 2, 0xffff1, 0x100031, 8, 9 },
	{ PLAN_BYTES, WHOLE, 2, 0x2ff001, 0x402001, 0x103000, 0x103000 },
};

#define STEPS(steps) steps, sizeof(steps) / sizeof((steps)[0])

/* The light plans are for memcheck, under which a store takes long. They still
 * write to every page. */
static const struct plan plans[] = {
	{ "sparse", 8, STEPS(sparse_steps) },
	{ "sparse-light", 4096 + 8, STEPS(sparse_steps) },
	{ "suspend", 8, STEPS(suspend_steps) },
	{ "suspend-light", 4096 + 8, STEPS(suspend_steps) },
};

const struct plan *plan_find(const char *name)
{
	for (size_t i = 0; i < sizeof(plans) / sizeof(plans[0]); i++)
		if (!strcmp(plans[i].name, name))
			return &plans[i];
	return NULL;
}

uint64_t plan_stride(const struct plan *plan, size_t step)
{
	return plan->steps[step].stride ? plan->steps[step].stride : plan->fill_stride;
}

/* The pattern of eight aligned bytes: the finalizer of SplitMix64 makes
 * the patterns of neighbours unrelated. */
static uint64_t pattern_word(size_t step, uint64_t offset)
{
	uint64_t x = (offset >> 3) + ((uint64_t)(step + 1) << 40);

	x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
	return x ^ (x >> 31);
}

void plan_bytes(size_t step, uint64_t offset, void *out, size_t length)
{
	uint8_t *bytes = out;

	while (length) {
		uint64_t pattern = pattern_word(step, offset);
		size_t skip = offset % 8, n = 8 - skip < length ? 8 - skip : length;

		memcpy(bytes, (const uint8_t *)&pattern + skip, n);
		bytes += n;
		offset += n;
		length -= n;
	}
}

void plan_apply(const struct plan *plan, unsigned int phase, uint8_t *image)
{
	for (size_t i = 0; i < plan->n_steps; i++) {
		const struct plan_step *step = &plan->steps[i];

		if (step->phase != phase)
			continue;
		for (uint64_t at = step->start; at + step->width <= step->end;
		     at += plan_stride(plan, i))
			plan_bytes(i, at, image + at, step->width);
	}
}
