/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Plans: what the guest writes to a BAR, and what the BAR's memory holds
 * afterwards. The guest follows a plan through the library; the image here is
 * made by plain stores to plain memory, so that the two can be compared.
 */
#ifndef TESTS_VM_PLAN_H
#define TESTS_VM_PLAN_H

#include <stddef.h>
#include <stdint.h>

enum {
	PLAN_SIZE = 64 << 20, /* of the BAR */
	/* where the window of PLAN_BY_WINDOW begins, and how long it is */
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

/* Which span it writes through. */
enum plan_by {
	PLAN_BY_WHOLE,	     /* one of the whole region */
	PLAN_BY_INDEPENDENT, /* one whose areas lie anywhere; raw stores ask barspan_pointer() */
	PLAN_BY_WINDOW,	     /* one of a part of the region */
};

/* Writes `width` bytes at `start`, at start + stride and so on, as long as they
 * end before `end`. */
struct plan_step {
	enum plan_how how;
	enum plan_by by;
	unsigned int phase;
	uint64_t start;
	uint64_t end;
	uint64_t width;
	uint64_t stride; /* 0: the plan's own, for the steps that fill large areas */
};

struct plan {
	const char *name;
	uint64_t fill_stride;
	const struct plan_step *steps;
	size_t n_steps;
};

/* NULL: there is no such plan. */
const struct plan *plan_find(const char *name);

uint64_t plan_stride(const struct plan *plan, size_t step);

/* The bytes that a step writes to [offset, offset + length). No two steps and
 * no two offsets have the same pattern. */
void plan_bytes(size_t step, uint64_t offset, void *out, size_t length);

/* Does to `image`, which has PLAN_SIZE bytes, what the steps of one phase do to
 * the BAR. */
void plan_apply(const struct plan *plan, unsigned int phase, uint8_t *image);

#endif
