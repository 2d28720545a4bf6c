/* SPDX-License-Identifier: BSD-3-Clause */
/* Builds guard tables. Pure. What they look like is in <barspan/guard.h>, since queries are inline. */
#ifndef GUARD_H
#define GUARD_H

#include <barspan/guard.h>

/* The most extents of a span, so that their number fits a slot. */
#define GUARD_MAX_EXTENTS ((UINT32_C(1) << 24) - 1)

/* Builds a table for `n` extents, 1 to GUARD_MAX_EXTENTS, from their entries and one more that says where the last
 * ends. Neighbours that are one extent are merged, in `entries`, too. A table that takes the place of another of the
 * same span keeps that one's main extent (before; NULL: there is none). The caller frees it with sys_free(). If there
 * is no memory, *spare (NULL: none; may be NULL) is taken, guard_max_size() zero bytes, and set to NULL. -ENOMEM. */
int guard_build(struct barspan_guard_ **out, struct barspan_entry_ *entries, size_t n, int prot,
		const struct barspan_guard_ *before, void **spare);

/* The most that a table for `n` extents takes, in bytes. */
size_t guard_max_size(size_t n);

/*
 * Makes `table` the newest of a span, and `shown`, which is either that or a table of length 0, what inline queries and
 * accessors look at. Until the first, the span is all zeros.
 */
void guard_publish(struct barspan *span, const struct barspan_guard_ *table, const struct barspan_guard_ *shown);

/* Whether two tables answer every query alike. */
bool guard_equal(const struct barspan_guard_ *a, const struct barspan_guard_ *b);

/* How much memory a table takes, in bytes. */
size_t guard_size(const struct barspan_guard_ *guard);

#endif
