/* SPDX-License-Identifier: BSD-3-Clause */
/* How one segment is mapped. */
#ifndef SEGMENT_MAP_H
#define SEGMENT_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct segment;
struct span;

/*
 * Maps segment i of a span that nobody has yet. On failure *lost says whether another mapping is in its addresses;
 * else they are reserved again.
 */
int segment_map_new(struct span *span, size_t i, bool *lost);

/*
 * Maps segment i of a span in use, without access: at another address, and moved into place when that has worked. A
 * device that refuses does so elsewhere, and nothing can move into the span.
 */
int segment_map_suspended(struct span *span, size_t i, bool *lost);

/*
 * Cuts the addresses of segment i, which are lost, down to the pages that are not reserved for certain: a transport may
 * have failed between two mappings.
 */
void segment_narrow_lost(const struct span *span, size_t i, uint8_t **lost, size_t *length);

/* Whether the device would let a segment be mapped now: 0, also if there are no addresses to try it at, or -errno. */
int segment_try(const struct span *span, const struct segment *segment);

#endif
