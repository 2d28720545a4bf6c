/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * From an address to the span it lies in. Look-ups take no lock and may be made
 * from signal handlers.
 *
 * There are two copies of a sorted table, and a sequence number that says which
 * of them is in use. A writer, one at a time, changes the copy that is not in
 * use, makes it the one in use, and then changes the other one alike. A reader
 * starts over when the number has changed meanwhile; one that has interrupted a
 * writer, in a signal handler, finds the copy in use whole. Tables that have
 * grown too small are kept for readers that are still in them: all of them
 * together are smaller than the last one.
 */
#ifndef REGISTRY_H
#define REGISTRY_H

#include <stddef.h>
#include <stdint.h>

struct barspan;

/* Addresses [start, end) are those of the span from its offset on. */
struct registry_range {
	uintptr_t start, end;
	uint64_t offset;
	struct barspan *span;
};

/* The following are for one writer at a time: inside an operation. */

/* Makes room for n ranges more, so that adding them, or cutting as many in two,
 * cannot fail. -ENOMEM. */
int registry_reserve(size_t n);

/* Adds ranges that overlap no others, and sorts them. -ENOMEM, with nothing
 * added. */
int registry_add(struct registry_range *ranges, size_t n);

/* Removes addresses [start, end) of `span`, or of all spans for NULL; the rest
 * of a range at both ends stays.
 * -ENOMEM, with nothing removed, if that cuts a range in two; else it cannot
 * fail. */
int registry_remove(const struct barspan *span, uintptr_t start, uintptr_t end);

/* Undoes the removal of a range that registry_remove() took out last of all
 * changes there. Cannot fail. */
void registry_restore(const struct registry_range *range);

/* Puts the range that `address` lies in into *out. -ENOENT: there is none. Safe
 * anywhere. */
int registry_find(struct registry_range *out, uintptr_t address);

/* Puts the first range that overlaps [start, end) into *out. -ENOENT: there is
 * none. Safe anywhere. */
int registry_overlap(struct registry_range *out, uintptr_t start, uintptr_t end);

#endif
