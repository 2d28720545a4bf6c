/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Addresses that are taken from spans: unmapped, or mapped over. Inside an
 * operation:
 *
 *     detach_begin()	before the kernel is asked: from then on the spans neither use nor unmap the range
 *     ...		munmap(), mmap() with MAP_FIXED, mremap()
 *     detach_end()	gives the range back to its spans if the kernel has failed and changed nothing
 *
 * The registry knows which addresses a span has left. Their offsets are holes,
 * BARSPAN_REASON_REQUESTED.
 */
#ifndef DETACH_H
#define DETACH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "span/maps.h"

struct registry_range;
struct span;

/* What the call does that takes the addresses. */
enum detach_kind {
	DETACH_UNMAP, /* if it fails, it has changed nothing */
	DETACH_MOVE,  /* moves them away; if it fails, they may be unmapped */
	/* maps a file over them; if it fails, they may be unmapped, and another
	 * mapping there */
	DETACH_REPLACE,
	/* maps memory over them: the kernel asks no driver, and fails before it
	 * unmaps */
	DETACH_RESERVE,
};

struct detachment {
	enum detach_kind kind;
	uintptr_t start, end;
	struct registry_range *ranges; /* taken, in ascending order */
	size_t n;
	bool *was_detoured; /* each range's span, before */
	/* the mappings in the range; empty: not needed, or /proc cannot be
	 * read */
	struct maps_snapshot before;
	bool is_lost; /* after an error: spans do not have all of it back */
	/* set by the caller: a span here may have lost addresses in another
	 * detachment */
	bool keeps_detours;
};

/*
 * Takes [start, end), whole pages, from all spans. -ENOMEM, with nothing taken.
 *
 * If /proc cannot be read, a range that is to be replaced is reserved first. So
 * nothing of it can be accessed should the call fail; the reserved addresses
 * stay then, since they cannot be told from another mapping. If not all of it
 * can be reserved, that is the error, and what was reserved is unmapped: spans
 * may end by that.
 */
int detach_begin(struct detachment *detachment, uintptr_t start, uintptr_t end,
		 enum detach_kind kind, struct span **ended);

/* For a call that has changed nothing. */
void detach_undo(struct detachment *detachment);

/*
 * Ends it, given the result of the call. If that is an error, spans have back
 * what it has not changed.
 *
 * Spans of barspan_mmap() that have no address left are put on the list *ended.
 */
void detach_end(struct detachment *detachment, int r, struct span **ended);

/* Puts a span on a list. */
void detach_end_span(struct span *span, struct span **ended);

/* Takes those spans off a list that have addresses again: another detachment
 * had them, and has given them back. */
void detach_keep_living(struct span **ended);

/* Destroys the spans on a list. Outside of an operation. */
void detach_destroy_ended(struct span *ended);

#endif
