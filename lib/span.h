/* SPDX-License-Identifier: BSD-3-Clause */
/* What a span is made of. */
#ifndef SPAN_H
#define SPAN_H

#include <pthread.h>

#include <barspan/guard.h>

#include "guard.h"
#include "interval.h"
#include "layout.h"

/* An extent of the layout, or a part of one, and what became of it. */
struct piece {
	uint64_t offset;	/* from the span's start */
	uint64_t length;
	enum barspan_reason reason;	/* BARSPAN_REASON_NONE: can be mapped */
	uint8_t *address;	/* where it lies; NULL: nowhere */
	bool mapped;
	bool suspended;	/* mapped, but without access */
	bool failed;		/* not to be tried again */
	bool held;		/* its address holds a mapping of the device, if one without access */
	bool known;		/* of BARSPAN_INDEPENDENT: its address is in the registry */
};

enum { MOST_GUARDS = 16 };	/* that a resume may add to */

struct span {
	struct barspan face;	/* must be first */
	struct barspan_device *device;
	unsigned int index;
	unsigned int flags;
	int prot;
	int error;		/* atomic; the accessors' and the trap's first */
	bool rescued;		/* atomic; the trap has told that direct bytes fault */
	struct layout_request request;	/* without the caller's holes */
	size_t page_size;

	uint8_t *base;		/* NULL: BARSPAN_INDEPENDENT, or not reserved */
	size_t reserved;
	uint8_t *lost;		/* a part of the reservation that is not ours any more */
	size_t lost_length;
	struct interval *gaps;	/* parts that others have taken since: see carve.h; normalised */
	size_t n_gaps;
	bool owned_by_addresses;	/* of barspan_mmap()'s: goes with the last of its addresses */

	struct piece *pieces;
	size_t n_pieces;
	uint64_t *cuts;		/* NULL until something cannot be mapped */
	size_t n_cuts;

	pthread_mutex_t lock;	/* for what follows, and the pieces */
	bool suspended;
	bool half_suspended;	/* suspending failed, and so did undoing it */
	struct barspan_guard_ **guards;	/* all that were ever published */
	size_t n_guards;
	struct guard_hole nothing;	/* for when no address is the span's any more */
};

static inline struct span *span_of(struct barspan *face)
{
	return (struct span *)face;
}

static inline const struct span *span_of_const(const struct barspan *face)
{
	return (const struct span *)face;
}

/* The length in whole pages of what a piece is mapped with. */
size_t span_piece_size(const struct piece *piece);

/* Sees to it that a piece has addresses. */
int span_address_piece(const struct span *span, struct piece *piece);

/* Maps a piece over addresses that are ours. 1: it is not its turn. On failure, `*lost` says whether the addresses are
 * ours no more. */
typedef int span_mapper(struct span *span, struct piece *piece, bool *lost);

/* Maps with `map` all that can be mapped and is not marked as failed; what cannot be is a hole then. Stops early where
 * the kernel has no more mappings to give, and says at which piece (*stopped; SIZE_MAX: it did not). Returns 0; 1:
 * span->lost is set; or the error that BARSPAN_STRICT asks for. */
int span_map_pieces(struct span *span, span_mapper *map, size_t *stopped);

/* Unmaps the last of the pieces before one, so that a process that has no more mappings gets some for itself. For a
 * span that nobody has yet. Returns 0; 1: span->lost is set. */
int span_give_back(struct span *span, size_t before);

/* Says where the holes begin for which there are no mappings. */
void span_warn_exhausted(const struct span *span);

/* Makes the span known by those of its addresses by which it is not yet. -ENOMEM. */
int span_enlist(struct span *span);

/* Leaves what is mapped out of core dumps. */
int span_exclude_from_dumps(struct span *span);

/* Finds or builds the guard table for the pieces as they are. -ENOMEM. */
int span_guard(struct span *span, bool suspended, struct barspan_guard_ **out);

void span_publish(struct span *span, const struct barspan_guard_ *guard);

/* Has `watcher` (NULL: nobody) called whenever the extents of a span that can be found by its address have changed, or
 * a new one can be. For rooms above that must know; there is one. */
typedef void span_watcher(const struct span *span);
void span_watch(span_watcher *watcher);
void span_changed(const struct span *span);

#endif
