/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Segments: extents of the layout with the state of their mapping. All calls
 * are made inside an operation.
 *
 * A segment that can be mapped is made of one area or of several that touch. If
 * it cannot be mapped as a whole, it is split at area boundaries and each part
 * is tried on its own, so one bad area is one hole.
 */
#ifndef SEGMENT_H
#define SEGMENT_H

#include <barspan/guard.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct span;

/*
 * HOLE				final: the layout says so
 * WANTED -> DIRECT, FAILED	mapping it
 * FAILED -> WANTED		split, or tried again by a resume
 * DIRECT -> NO_ACCESS		suspend
 * DIRECT -> WANTED		given back, to leave the process some mappings
 * NO_ACCESS -> DIRECT, REFUSED	resume
 * REFUSED -> NO_ACCESS		split, or asked for again by a resume
 */
enum segment_state {
	SEGMENT_HOLE,
	/* not mapped; its addresses are reserved, or, with BARSPAN_INDEPENDENT,
	 * it has none */
	SEGMENT_WANTED,
	SEGMENT_FAILED,	   /* as WANTED, but mapping it failed */
	SEGMENT_DIRECT,	   /* mapped */
	SEGMENT_NO_ACCESS, /* mapped without access */
	SEGMENT_REFUSED,   /* as NO_ACCESS, but the device would not let it be mapped again */
};

struct segment {
	uint64_t offset; /* from the span's start */
	uint64_t length;
	enum barspan_reason reason; /* of a HOLE */
	enum segment_state state;
	uint8_t *address; /* NULL: none */
	/* In any state: its addresses are the span's no more, and no system
	 * call is made for it. */
	bool is_taken;
};

/* The mapped length: whole pages. */
size_t segment_size(const struct segment *segment);

static inline bool segment_is_mapped(const struct segment *segment)
{
	return segment->state >= SEGMENT_DIRECT;
}

/* How mapping one segment ended, or all of them. */
enum map_result {
	MAP_DONE, /* all segments: also if some failed, without BARSPAN_STRICT */
	/* the addresses are reserved, unless the failure has a lost range */
	MAP_ERROR,
	MAP_RANGE_LOST, /* another mapping is in addresses that were the span's */
	/* the process has no mappings left: no other segment is to be tried */
	MAP_EXHAUSTED,
};

struct map_failure {
	int error;     /* -errno */
	uint8_t *lost; /* the range that another mapping is in; NULL: none */
	size_t lost_length;
};

/*
 * Maps all segments that are WANTED in a span that nobody has yet, each over
 * its part of the reservation. Stops early if the process has no mappings left,
 * and gives some back.
 */
enum map_result segments_map_new(struct span *span, struct map_failure *failure);

/*
 * Asks the device about each segment that is NO_ACCESS by mapping it at another
 * address; one that it refuses becomes REFUSED, or, under BARSPAN_STRICT, its
 * error is returned. If no addresses are left to ask with, the segment is taken
 * for allowed. 0 or -errno.
 */
int segments_ask_device(struct span *span);

/*
 * Maps, without access yet, the WANTED segments of a span in use: at another
 * address, and moved into place when that has worked. Only while the process
 * has mappings to spare.
 */
enum map_result segments_map_suspended(struct span *span, struct map_failure *failure);

/*
 * Splits all segments that are FAILED or REFUSED and made of several areas. The
 * parts are to be tried again. 1; 0: there was none; -ENOMEM.
 */
int segments_split_failed(struct span *span);

/* Splits segments of which others have taken a part. Before suspend and resume.
 * -ENOMEM. */
int segments_split_taken(struct span *span);

/* Takes access away from all DIRECT segments. Goes on after a failure, and
 * returns the last. */
int segments_take_access(struct span *span);

/* Gives it back to all that are NO_ACCESS, the same way. */
int segments_give_access(struct span *span);

/* Changes the state of all segments that have `from`. */
void segments_change_state(struct span *span, enum segment_state from, enum segment_state to);

/* Whether any segment has a state. */
bool segments_have(const struct span *span, enum segment_state state);

/* Leaves mappings out of core dumps, unless the driver marks them. */
int segments_exclude_from_dumps(const struct span *span);

#endif
