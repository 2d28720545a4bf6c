/* SPDX-License-Identifier: BSD-3-Clause */
/* Builds guard tables. Pure. What they look like is in <barspan/guard.h>, since
 * queries are inline. */
#ifndef GUARD_H
#define GUARD_H

#include <barspan/guard.h>

/*
 * The most extents of a span. It bounds the memory of a table, and the number
 * of an extent fits a slot.
 */
#define GUARD_MAX_EXTENTS ((UINT32_C(1) << 24) - 1)

/* Memory of sys_calloc(), all zeros, for a table. NULL and 0: none. */
struct guard_spare {
	void *memory;
	size_t size;
};

/*
 * Builds a table for `n` extents, 1 to GUARD_MAX_EXTENTS, from their entries
 * and one more that says where the last ends. Merges neighbours that are one
 * extent, also in `entries`. If sys_calloc() fails and *spare (NULL: none) is
 * large enough, the table takes that memory, and *spare becomes empty. The
 * caller frees the table with sys_free(). -ENOMEM.
 */
int guard_build(struct barspan_guard_ **out, struct barspan_entry_ *entries, size_t n, int prot,
		struct guard_spare *spare);

/*
 * The most bytes that a table for these entries takes, also if some of its
 * direct extents are suspended or failed, or some of those that are suspended
 * or failed are direct.
 */
size_t guard_max_size(const struct barspan_entry_ *entries, size_t n);

/*
 * Makes `table` the newest of a span, and `shown`, which is either that or a
 * table of length 0, the one that inline queries and accessors use. Before the
 * first call the span is all zeros.
 */
void guard_publish(struct barspan *span, const struct barspan_guard_ *table,
		   const struct barspan_guard_ *shown);

/* Whether two tables answer every query alike. */
bool guard_equal(const struct barspan_guard_ *a, const struct barspan_guard_ *b);

/* How much memory a table takes, in bytes. */
size_t guard_size(const struct barspan_guard_ *guard);

#endif
