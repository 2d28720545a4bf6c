/* SPDX-License-Identifier: BSD-3-Clause */
/* Sets of bytes as sorted lists of intervals. Pure. */
#ifndef INTERVAL_H
#define INTERVAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes [start, end). */
struct interval {
	uint64_t start;
	uint64_t end;
};

/* Sorts a list, merges intervals that overlap or touch, and drops empty ones.
 * Returns the new length. *overlap (may be NULL) becomes the first byte that is
 * in two intervals, or UINT64_MAX if there is none. */
size_t interval_normalise(struct interval *list, size_t n, uint64_t *overlap);

/* Whether a normalised list contains all of [start, end). */
bool interval_contains(const struct interval *list, size_t n, uint64_t start, uint64_t end);

/* A forward walk along a normalised list. interval_walk_has() tells whether the
 * list contains byte `at`; `at` must not decrease between calls. */
struct interval_walk {
	const struct interval *list;
	size_t n;
};

bool interval_walk_has(struct interval_walk *walk, uint64_t at);

/* The first offset after `at` at which interval_walk_has() may change, or
 * UINT64_MAX. `at` must not decrease between calls. */
uint64_t interval_walk_edge(struct interval_walk *walk, uint64_t at);

#endif
