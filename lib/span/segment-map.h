/* SPDX-License-Identifier: BSD-3-Clause */
/* How one segment is mapped. */
#ifndef SEGMENT_MAP_H
#define SEGMENT_MAP_H

#include "span/segment.h"

struct span;

/*
 * Maps segment i of a span that nobody has yet. The segment's state is the
 * caller's to change. MAP_DONE; or MAP_ERROR or MAP_RANGE_LOST, with the
 * failure filled in.
 */
enum map_result segment_map_new(struct span *span, size_t i, struct map_failure *failure);

/*
 * The same for segment i of a span in use, without access: it is mapped at
 * another address, and moved into place if that has worked. A device that
 * refuses does so elsewhere, and nothing can move into the span.
 */
enum map_result segment_map_suspended(struct span *span, size_t i, struct map_failure *failure);

/*
 * Notes that the addresses of segment i are lost, but for pages that are
 * reserved for certain: a transport may have failed between two mappings.
 */
enum map_result segment_note_lost(const struct span *span, size_t i, struct map_failure *failure);

/* Whether the device would let a segment be mapped now: 0, also if there are no
 * addresses to try it at, or -errno. */
int segment_try(const struct span *span, const struct segment *segment);

#endif
