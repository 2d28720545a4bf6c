/* SPDX-License-Identifier: BSD-3-Clause */
/* A software device with areas, two of which touch, for tests of spans. */
#ifndef SPAN_FIXTURE_H
#define SPAN_FIXTURE_H

#include <stdint.h>

#include "harness.h"

enum {
	RW = BARSPAN_REGION_READ | BARSPAN_REGION_WRITE,
	MAPPABLE = RW | BARSPAN_REGION_MMAP,
	SIZE = 0x8000
};

/* Two areas that touch, and one apart. */
extern const struct barspan_range areas[3];
extern struct barspan_device *device;
extern struct barspan *span;
extern struct barspan_options options;

void set_up(void);

/* Everything is as it was before set_up(). */
void tear_down(void);

volatile uint8_t *span_base(void);

enum barspan_reason reason_at(uint64_t offset);

#endif
