/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Computes the extents of a region from the device's description and the
 * caller's options. Pure: the page size is an argument.
 *
 * A page is direct if every byte of it inside the region can be mapped. A byte
 * can be mapped if the device advertises it, if it is not in an MSI-X table
 * that the kernel does not let a process map, and if the caller does not
 * request it trapped. All other pages are holes; enum barspan_reason defines
 * which reason takes precedence. Areas are therefore rounded inward to whole
 * pages, and holes outward.
 */
#ifndef LAYOUT_H
#define LAYOUT_H

#include <stdbool.h>

#include <barspan/guard.h>

#include "layout/msix.h"

struct layout_request {
	const char *device; /* for messages */
	unsigned int index;
	struct barspan_region region;
	struct msix_table msix;		   /* the device's; may be in another region */
	uint64_t page_size;		   /* a power of two */
	const struct barspan_range *holes; /* requested by the caller */
	size_t n_holes;
	uint64_t offset; /* of the window: page-aligned, inside the region */
	uint64_t length;
	int prot;
	bool strict;
};

/* Stores the extents of the window in *out, with offsets from the start of the
 * window. The caller frees the list with sys_free().
 * -EPROTO: more than BARSPAN_MAX_AREAS areas, or, with `strict`, malformed
 * areas; -ERANGE: a requested hole is not inside the region; -ENOMEM. */
int layout(struct barspan_extent **out, size_t *n, const struct layout_request *request);

/* Stores the page-aligned boundaries of the device's areas after the start of
 * the window in *cuts: ascending offsets from that start. An extent of several
 * areas that touch can be split there. The caller frees the list with
 * sys_free().
 * -EPROTO: more than BARSPAN_MAX_AREAS areas; -ENOMEM. */
int layout_cuts(uint64_t **cuts, size_t *n, const struct layout_request *request);

#endif
