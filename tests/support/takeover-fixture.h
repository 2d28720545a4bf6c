/* SPDX-License-Identifier: BSD-3-Clause */
/* A span of a VFIO device that others map over, and what is left of it. */
#ifndef TAKEOVER_FIXTURE_H
#define TAKEOVER_FIXTURE_H

#include <stdint.h>

#include "harness.h"

enum { RW = BARSPAN_REGION_READ | BARSPAN_REGION_WRITE, PAGES = 8 };

extern size_t page;
extern struct barspan_device *device, *other_device;
extern struct barspan *span;
extern uint8_t *base;
extern char *before;

/* Pages 1 and 2, and 5, are direct; of the second device, all. */
void set_up(void);

void tear_down(void);

enum barspan_reason reason_at(size_t i);

/* Every page is what the table says, and is reached. */
void check_span(void);

/* The span is as it was made, and reaches the device at once. */
void check_untouched(void);

extern uint32_t *moved_in;

/* The other mapping stays, and nobody writes into it. */
void check_taken(size_t n);

#endif
