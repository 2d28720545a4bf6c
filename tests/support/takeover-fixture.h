/* SPDX-License-Identifier: BSD-3-Clause */
/* A span of a VFIO device that other mappings replace in part, and checks of
 * the rest. */
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

/* Pages 1, 2 and 5 of the first device are direct; all of the second device
 * is. */
void set_up(void);

void tear_down(void);

enum barspan_reason reason_at(size_t i);

/* Checks that every page agrees with the guard table and can be accessed. */
void check_span(void);

/* Checks that the span is complete and reaches the device. */
void check_untouched(void);

extern uint32_t *moved_in;

/* Checks that the other mapping is still there and has kept its contents. */
void check_taken(size_t n);

#endif
