/* SPDX-License-Identifier: BSD-3-Clause */
/* Random requests for layouts. */
#ifndef TRIAL_H
#define TRIAL_H

#include <stdint.h>

#include "harness.h"
#include "layout/layout.h"

enum { MAX_AREAS = 10, MAX_HOLES = 4, MAX_PAGES = 9, QUERIES = 60 };

#define BASE UINT64_C(0x100000000)

/* A request for a layout, and the random choices in it. */
struct trial {
	uint64_t seed, random;
	struct layout_request request;
	struct barspan_range areas[MAX_AREAS], holes[MAX_HOLES];
};

uint64_t random_below(struct trial *trial, uint64_t limit);

void make_trial(struct trial *trial, uint64_t seed, uint64_t page_size);

#endif
