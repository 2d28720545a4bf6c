/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Detaches addresses from spans: the caller unmaps them or maps over them.
 * Inside an operation:
 *
 *     detach_begin()	before the system call: the spans stop using the
 *     			range, and do not unmap it
 *     ...			munmap(), mmap() with MAP_FIXED, mremap()
 *     detach_end()	gives the range back to the spans if the call has
 *     			failed and changed nothing
 *
 * The registry records which addresses a span still owns. The offsets of
 * detached addresses are holes, BARSPAN_REASON_REQUESTED.
 */
#ifndef DETACH_H
#define DETACH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "span/maps.h"

struct registry_range;
struct span;

/* The effect of the system call on the addresses. */
enum detach_kind {
	DETACH_UNMAP, /* unmaps them; changes nothing if it fails */
	DETACH_MOVE,  /* moves them away; may leave them unmapped if it fails */
	/* maps a file over them; if it fails, they may be unmapped, and another
	 * mapping may be there */
	DETACH_REPLACE,
	/* maps anonymous memory over them: no driver is involved, and the call
	 * fails before it unmaps */
	DETACH_RESERVE,
};

struct detachment {
	enum detach_kind kind;
	uintptr_t start, end;
	struct registry_range *ranges; /* detached, in ascending order */
	size_t n;
	bool *was_detoured; /* for each range, whether its span was detoured before */
	/* the mappings in the range; empty if not needed, or if /proc cannot be
	 * read */
	struct maps_snapshot before;
	bool is_lost; /* after an error: the spans did not get all of it back */
	/* set by the caller: a span here may have lost addresses in another
	 * detachment */
	bool keeps_detours;
};

/*
 * Detaches [start, end), whole pages, from all spans. -ENOMEM, with nothing
 * detached.
 *
 * If /proc cannot be read, a range that will be replaced is reserved first. If
 * the call then fails, the range cannot be accessed. The reserved addresses
 * then stay, since they cannot be distinguished from another mapping. If a
 * reservation fails, its error is returned, and the parts reserved before are
 * unmapped, which may end spans.
 */
int detach_begin(struct detachment *detachment, uintptr_t start, uintptr_t end,
		 enum detach_kind kind, struct span **ended);

/* For a system call that has changed nothing. */
void detach_undo(struct detachment *detachment);

/*
 * Ends the detachment with the result r of the system call. After an error the
 * spans get back the mappings that the call has not changed.
 *
 * Spans of barspan_mmap() that own no address any more are added to the list
 * *ended.
 */
void detach_end(struct detachment *detachment, int r, struct span **ended);

/* Adds a span to the list. */
void detach_end_span(struct span *span, struct span **ended);

/* Removes from the list the spans that own addresses again, because another
 * detachment was undone. */
void detach_keep_living(struct span **ended);

/* Destroys the spans on the list. Call it outside of the operation. */
void detach_destroy_ended(struct span *ended);

#endif
