/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Maps an address to its span. Lookups take no lock and may be made from signal
 * handlers.
 *
 * The registry has two copies of a sorted table, and a sequence number that
 * selects the copy in use. Only one writer runs at a time. It changes the copy
 * that is not in use, switches to it, and then changes the other copy. A reader
 * retries if the number has changed meanwhile. A signal handler that interrupts
 * a writer still sees a consistent table. Outgrown tables are kept for readers
 * that still use them; together they are smaller than the current one.
 */
#ifndef REGISTRY_H
#define REGISTRY_H

#include <stddef.h>
#include <stdint.h>

struct barspan;

/* Addresses [start, end) are the span's, beginning with `offset`. */
struct registry_range {
	uintptr_t start, end;
	uint64_t offset;
	struct barspan *span;
};

/* The following are for one writer at a time: call them inside an operation. */

/* Reserves capacity for n more ranges: adding them, or splitting n ranges in
 * two, then cannot fail. -ENOMEM. */
int registry_reserve(size_t n);

/* Sorts the ranges and adds them. They must not overlap others.
 * -ENOMEM, with nothing added. */
int registry_add(struct registry_range *ranges, size_t n);

/* Removes addresses [start, end) from `span`, or from all spans if it is NULL.
 * The rest of a range that is cut stays.
 * -ENOMEM, with nothing removed, if the removal splits a range in two;
 * otherwise it cannot fail. */
int registry_remove(const struct barspan *span, uintptr_t start, uintptr_t end);

/* Undoes the last removal of a range by registry_remove(). Cannot fail. */
void registry_restore(const struct registry_range *range);

/* Stores the range that contains `address` in *out. -ENOENT: there is none.
 * Safe anywhere. */
int registry_find(struct registry_range *out, uintptr_t address);

/* Stores the first range that overlaps [start, end) in *out. -ENOENT: there is
 * none. Safe anywhere. */
int registry_overlap(struct registry_range *out, uintptr_t start, uintptr_t end);

#endif
