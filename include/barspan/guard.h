/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The guard table: which offsets of a span are direct, which are holes, and
 * why.
 *
 * Offsets count from the start of the span. All queries are safe anywhere: they
 * take no lock, do not allocate and never touch the device. They may be called
 * from any thread and from signal handlers, also during barspan_suspend() and
 * barspan_resume(): the answer is that before or after the change, never a
 * mixture.
 *
 * A query takes a few steps if areas are evenly spaced. In the worst case it
 * compares 17 extents for 65,536 areas and as many holes, and one more for each
 * doubling. After barspan_munmap() has unmapped parts of a span, a query takes
 * time linear in the number of these parts.
 */
#ifndef BARSPAN_GUARD_H
#define BARSPAN_GUARD_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <barspan/inline/macros.h>
#include <barspan/span.h>

BARSPAN_BEGIN_DECLS_

enum barspan_kind {
	BARSPAN_DIRECT, /* mapped: a load or store at base + offset reaches the device */
	BARSPAN_HOLE,	/* not mapped: needs a trapped access */
};

/* Why an extent is a hole. If several reasons apply to a byte, the first of
 * UNMAPPABLE, SPARSE, MSIX, REQUESTED and PAGE is reported. */
enum barspan_reason {
	BARSPAN_REASON_NONE,   /* it is direct */
	BARSPAN_REASON_SPARSE, /* not in an area of the device */
	/* in an MSI-X table that the kernel does not report as mappable */
	BARSPAN_REASON_MSIX,
	BARSPAN_REASON_PAGE,	   /* other bytes of its page cannot be mapped */
	BARSPAN_REASON_UNMAPPABLE, /* the region cannot be mapped at all */
	BARSPAN_REASON_FAILED,	   /* mapping it failed */
	BARSPAN_REASON_REQUESTED,  /* the caller requested a hole */
	BARSPAN_REASON_SUSPENDED,  /* direct again after barspan_resume() */
};

/* A maximal run of a span with one kind and one reason. */
struct barspan_extent {
	uint64_t offset;
	uint64_t length;
	enum barspan_kind kind;
	enum barspan_reason reason;
};

/* Whether bytes [offset, offset + length) are all direct: each can be accessed
 * at barspan_base() plus its offset, as the span's prot allows. False for a
 * range that is empty or exceeds the span. */
BARSPAN_INLINE_ bool barspan_is_direct(const struct barspan *span, uint64_t offset,
				       uint64_t length);

/* The address of bytes [offset, offset + length) if they are all direct, else
 * NULL. */
BARSPAN_INLINE_ volatile void *barspan_pointer(const struct barspan *span, uint64_t offset,
					       uint64_t length);

/* The number of extents, at least one. They cover the span in ascending order
 * without gaps. Suspend and resume may change the number. */
size_t barspan_extent_count(const struct barspan *span);

/* Gets extent number i. -ERANGE: there is no such extent. */
int barspan_extent_get(const struct barspan *span, size_t i, struct barspan_extent *out);

/* Gets the extent that contains `offset`. -ERANGE: past the end of the span. */
BARSPAN_INLINE_ int barspan_extent_at(const struct barspan *span, uint64_t offset,
				      struct barspan_extent *out);

/* The name of a reason: "none", "sparse", "msix", "page", "unmappable",
 * "failed", "requested" or "suspended". */
const char *barspan_reason_name(enum barspan_reason reason);

BARSPAN_END_DECLS_

#if !defined(BARSPAN_NO_INLINE) || defined(BARSPAN_OUT_OF_LINE_)
#include <barspan/inline/guard.h>
#endif

#endif
