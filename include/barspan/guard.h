/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The guard table: which offsets of a span are mapped, which are holes, and
 * why.
 *
 * Offsets count from the start of the span. Every query here is safe anywhere:
 * it takes no lock, allocates nothing, and never touches the device. It may be
 * called from signal handlers and from any thread, at the same time as
 * barspan_suspend() and barspan_resume(): it answers for the span as it is
 * before or after, never for a mixture.
 *
 * A query takes a few steps if areas lie evenly. It compares at most 17 extents
 * for 65,536 areas and as many holes, however they lie, and one more whenever
 * their number doubles. If barspan_munmap() has unmapped parts of a span, its
 * queries take a time linear in the number of these parts.
 */
#ifndef BARSPAN_GUARD_H
#define BARSPAN_GUARD_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <barspan/inline/macros.h>
#include <barspan/span.h>

#ifdef __cplusplus
extern "C" {
#endif

#pragma GCC visibility push(default)

enum barspan_kind {
	BARSPAN_DIRECT, /* mapped: a load or store at base + offset reaches the device */
	BARSPAN_HOLE,	/* not mapped: needs a trapped access */
};

/* Why an extent is a hole. Where several reasons hold for a byte, the first of
 * UNMAPPABLE, SPARSE, MSIX, REQUESTED and PAGE is given. */
enum barspan_reason {
	BARSPAN_REASON_NONE,   /* it is direct */
	BARSPAN_REASON_SPARSE, /* no area that the device advertises */
	/* the MSI-X table, on a kernel that does not say it can be mapped */
	BARSPAN_REASON_MSIX,
	BARSPAN_REASON_PAGE,	   /* could be mapped but for the rest of its page */
	BARSPAN_REASON_UNMAPPABLE, /* the region cannot be mapped at all */
	BARSPAN_REASON_FAILED,	   /* mapping it failed */
	BARSPAN_REASON_REQUESTED,  /* the caller wants it trapped */
	BARSPAN_REASON_SUSPENDED,  /* direct, once the span is resumed */
};

/* A maximal run of a span that is of one kind and one reason. */
struct barspan_extent {
	uint64_t offset;
	uint64_t length;
	enum barspan_kind kind;
	enum barspan_reason reason;
};

/* Whether bytes [offset, offset + length) are all direct, so that each can be
 * reached at barspan_base() + its offset with the access that the span's prot
 * gives. A range that is empty or goes past the end is not. */
BARSPAN_INLINE_ bool barspan_is_direct(const struct barspan *span, uint64_t offset,
				       uint64_t length);

/* The address of bytes [offset, offset + length) where they are all direct,
 * else NULL. */
BARSPAN_INLINE_ volatile void *barspan_pointer(const struct barspan *span, uint64_t offset,
					       uint64_t length);

/* How many extents the span has: at least one; they cover it without a gap, in
 * the order of their offsets. Suspend and resume may change it. */
size_t barspan_extent_count(const struct barspan *span);

/* The i-th extent. -ERANGE: there is no such extent. */
int barspan_extent_get(const struct barspan *span, size_t i, struct barspan_extent *out);

/* The extent in which `offset` lies. -ERANGE: it is past the end. */
BARSPAN_INLINE_ int barspan_extent_at(const struct barspan *span, uint64_t offset,
				      struct barspan_extent *out);

/* A reason as one lower-case word: "none", "sparse", "msix", "page",
 * "unmappable", "failed", "requested", "suspended".
 */
const char *barspan_reason_name(enum barspan_reason reason);

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif

#if !defined(BARSPAN_NO_INLINE) || defined(BARSPAN_OUT_OF_LINE_)
#include <barspan/inline/guard.h>
#endif

#endif
