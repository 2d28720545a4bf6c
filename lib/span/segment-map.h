/* SPDX-License-Identifier: BSD-3-Clause */
/* Maps one segment. */
#ifndef SEGMENT_MAP_H
#define SEGMENT_MAP_H

#include "span/segment.h"

struct span;

/*
 * Maps segment i of a span that is not published yet. The caller changes the
 * segment's state. Fills in `failure` unless it returns MAP_DONE.
 */
enum map_result segment_map_new(struct span *span, size_t i, struct map_failure *failure);

/*
 * Maps segment i of a span in use, without access. The segment is mapped at
 * another address and moved into place on success. A failure of the device thus
 * leaves the span's addresses reserved.
 */
enum map_result segment_map_suspended(struct span *span, size_t i, struct map_failure *failure);

/*
 * Records that the addresses of segment i are lost, except for pages at its
 * ends that are known to be reserved: a transport may have failed between two
 * mappings.
 */
enum map_result segment_note_lost(const struct span *span, size_t i, struct map_failure *failure);

/* Whether the device allows a segment to be mapped now: 0 or -errno. Also 0 if
 * no addresses are left to try it. */
int segment_try(const struct span *span, const struct segment *segment);

#endif
