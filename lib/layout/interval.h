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

/* Sorts a list, and merges what overlaps or touches. Empty ones are dropped.
 * Returns the new length; *overlap (may be NULL) says whether any did
 * overlap. */
size_t interval_normalise(struct interval *list, size_t n, bool *overlap);

/* Whether a normalised list has all of [start, end). */
bool interval_contains(const struct interval *list, size_t n, uint64_t start, uint64_t end);

/* Walks along a normalised list: whether it has byte `at`, where each call's
 * `at` is no smaller than the last one's. */
struct interval_walk {
	const struct interval *list;
	size_t n;
};

bool interval_walk_has(struct interval_walk *walk, uint64_t at);

/* The first byte after `at` from which on that may be otherwise; UINT64_MAX: it
 * never is. A walk, too. */
uint64_t interval_walk_edge(struct interval_walk *walk, uint64_t at);

#endif
