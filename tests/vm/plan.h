/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A plan lists the guest's writes to a BAR. The guest follows it through the
 * library. plan_apply() makes the expected image of the BAR by plain stores to
 * plain memory.
 */
#ifndef TESTS_VM_PLAN_H
#define TESTS_VM_PLAN_H

#include <stddef.h>
#include <stdint.h>

enum {
	PLAN_SIZE = 64 << 20, /* of the BAR */
	/* the window of PLAN_BY_WINDOW */
	PLAN_WINDOW = 0x1ff0000,
	PLAN_WINDOW_LENGTH = 0x100000,
	PLAN_PHASES = 3,
};

/* How a step writes. */
enum plan_how {
	PLAN_RAW,      /* stores at base + offset */
	PLAN_ACCESSOR, /* barspan_write8() to barspan_write64() */
	PLAN_BYTES,    /* barspan_write() */
};

/* The span that a step writes through. */
enum plan_by {
	PLAN_BY_WHOLE,	     /* the whole region */
	PLAN_BY_INDEPENDENT, /* with areas at independent addresses, found by barspan_pointer() */
	PLAN_BY_WINDOW,	     /* a part of the region */
};

/* Writes `width` bytes at start, start + stride, ... up to `end`. */
struct plan_step {
	enum plan_how how;
	enum plan_by by;
	unsigned int phase;
	uint64_t start;
	uint64_t end;
	uint64_t width;
	uint64_t stride; /* 0: the plan's fill_stride, for large areas */
};

struct plan {
	const char *name;
	uint64_t fill_stride;
	const struct plan_step *steps;
	size_t n_steps;
};

/* Returns NULL if there is no such plan. */
const struct plan *plan_find(const char *name);

uint64_t plan_stride(const struct plan *plan, size_t step);

/* Makes the bytes that a step writes to [offset, offset + length). No two steps
 * and no two offsets have the same pattern. */
void plan_bytes(size_t step, uint64_t offset, void *out, size_t length);

/* Applies the steps of one phase to `image`, which has PLAN_SIZE bytes. */
void plan_apply(const struct plan *plan, unsigned int phase, uint8_t *image);

#endif
