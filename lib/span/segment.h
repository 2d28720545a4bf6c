/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Segments: extents of the layout with the state of their mapping. Call all
 * functions inside an operation.
 *
 * A segment that can be mapped consists of one area or of several that touch.
 * If it cannot be mapped as a whole, it is split at area boundaries and each
 * part is mapped separately, so one bad area is one hole.
 */
#ifndef SEGMENT_H
#define SEGMENT_H

#include <barspan/guard.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct span;

/*
 * HOLE				final: the layout makes it a hole
 * WANTED -> DIRECT, FAILED	mapped, or mapping failed
 * FAILED -> WANTED		split, or a resume tries again
 * DIRECT -> NO_ACCESS		suspend
 * DIRECT -> WANTED		unmapped to leave the process some mappings
 * NO_ACCESS -> DIRECT, REFUSED	resume
 * REFUSED -> NO_ACCESS		split, or a resume asks again
 */
enum segment_state {
	SEGMENT_HOLE,
	/* not mapped; its addresses are reserved, but it has none with
	 * BARSPAN_INDEPENDENT */
	SEGMENT_WANTED,
	SEGMENT_FAILED,	   /* as WANTED, but mapping it failed */
	SEGMENT_DIRECT,	   /* mapped */
	SEGMENT_NO_ACCESS, /* mapped with PROT_NONE */
	SEGMENT_REFUSED,   /* as NO_ACCESS, but the device did not allow a new mapping */
};

struct segment {
	uint64_t offset; /* from the span's start */
	uint64_t length;
	enum barspan_reason reason; /* of a HOLE */
	enum segment_state state;
	uint8_t *address; /* NULL: none */
	/* In any state: its addresses are detached from the span, and no system
	 * call is made for it. */
	bool is_taken;
};

/* The mapped length: whole pages. */
size_t segment_size(const struct segment *segment);

static inline bool segment_is_mapped(const struct segment *segment)
{
	return segment->state >= SEGMENT_DIRECT;
}

/* The result of mapping one segment or all segments. */
enum map_result {
	MAP_DONE, /* for all segments: also if some failed, unless BARSPAN_STRICT */
	/* the addresses are reserved, except for the failure's lost range */
	MAP_ERROR,
	MAP_RANGE_LOST, /* another mapping occupies addresses of the span */
	/* the process has no mappings left: do not try other segments */
	MAP_EXHAUSTED,
};

struct map_failure {
	int error;     /* -errno */
	uint8_t *lost; /* the range that another mapping occupies; NULL: none */
	size_t lost_length;
};

/*
 * Maps all WANTED segments of a span that is not published yet over the
 * reservation. If the process has no mappings left, it stops and unmaps some
 * segments again.
 */
enum map_result segments_map_new(struct span *span, struct map_failure *failure);

/*
 * Asks the device about each NO_ACCESS segment by mapping it at another
 * address. A segment that the device refuses becomes REFUSED; under
 * BARSPAN_STRICT the error is returned instead. If no addresses are left to
 * try, the segment counts as allowed. 0 or -errno.
 */
int segments_ask_device(struct span *span);

/*
 * Maps the WANTED segments of a span in use, without access: at another
 * address, then moved into place. Stops while the process still has some
 * mappings left.
 */
enum map_result segments_map_suspended(struct span *span, struct map_failure *failure);

/*
 * Splits all FAILED or REFUSED segments that consist of several areas, and sets
 * the parts to be tried again. Returns 1 if any was split, 0 if none, or
 * -ENOMEM.
 */
int segments_split_failed(struct span *span);

/* Splits the segments of which a part was detached. Called before suspend and
 * resume. -ENOMEM. */
int segments_split_taken(struct span *span);

/* Removes access from all DIRECT segments. Continues after a failure and
 * returns the last error. */
int segments_take_access(struct span *span);

/* Restores access to all NO_ACCESS segments. Handles failures likewise. */
int segments_give_access(struct span *span);

/* Changes the state of all segments in state `from`. */
void segments_change_state(struct span *span, enum segment_state from, enum segment_state to);

/* Whether any segment is in this state. */
bool segments_have(const struct span *span, enum segment_state state);

/* Excludes the mappings from core dumps, unless the kernel driver does. */
int segments_exclude_from_dumps(const struct span *span);

#endif
