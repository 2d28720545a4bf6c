/* SPDX-License-Identifier: BSD-3-Clause */
/* A software device for tests of spans. Two of its areas touch. */
#ifndef SPAN_FIXTURE_H
#define SPAN_FIXTURE_H

#include <stdint.h>

#include "harness.h"

enum {
	RW = BARSPAN_REGION_READ | BARSPAN_REGION_WRITE,
	MAPPABLE = RW | BARSPAN_REGION_MMAP,
	SIZE = 0x8000
};

/* The first two areas touch. */
extern const struct barspan_range areas[3];
extern struct barspan_device *device;
extern struct barspan *span;
extern struct barspan_options options;

void set_up(void);

/* Fails unless all mappings and descriptors are as before set_up(). */
void tear_down(void);

volatile uint8_t *span_base(void);

enum barspan_reason reason_at(uint64_t offset);

#endif
