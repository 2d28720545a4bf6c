/* SPDX-License-Identifier: BSD-3-Clause */
/* Builds guard tables. Pure. <barspan/inline/guard.h> defines their structure,
 * since queries are inline. */
#ifndef GUARD_H
#define GUARD_H

#include <barspan/guard.h>

/*
 * The most extents of a span. The limit bounds the memory of a table and lets
 * the index of an extent fit into a slot.
 */
#define GUARD_MAX_EXTENTS ((UINT32_C(1) << 24) - 1)

/* Zeroed memory from sys_calloc() for a table; NULL and 0 if there is none. */
struct guard_spare {
	void *memory;
	size_t size;
};

/*
 * Builds a table of `n` extents, 1 to GUARD_MAX_EXTENTS, from n + 1 entries;
 * the last entry marks the end of the last extent. Merges adjacent entries that
 * form one extent, also in `entries`. If sys_calloc() fails and *spare (may be
 * NULL) is large enough, the table uses that memory and *spare becomes empty.
 * The caller frees the table with sys_free(). -ENOMEM.
 */
int guard_build(struct barspan_guard_ **out, struct barspan_entry_ *entries, size_t n, int prot,
		struct guard_spare *spare);

/*
 * The size of the largest table for these entries, in bytes, whichever of their
 * mappable extents are direct, suspended or failed.
 */
size_t guard_max_size(const struct barspan_entry_ *entries, size_t n);

/*
 * Makes `table` the newest table of a span. Inline queries and accessors use
 * `shown`, which is either the same table or one of length 0. Before the first
 * call the span must be zeroed.
 */
void guard_publish(struct barspan *span, const struct barspan_guard_ *table,
		   const struct barspan_guard_ *shown);

/* Whether two tables give the same answer to every query. */
bool guard_equal(const struct barspan_guard_ *a, const struct barspan_guard_ *b);

/* The size of a table in bytes. */
size_t guard_size(const struct barspan_guard_ *guard);

#endif
