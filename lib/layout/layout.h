/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * From what a device says of a region, and what the caller wants, to extents
 * with reasons. Pure: the page size is an argument.
 *
 * A page is direct when every byte of it that is inside the region can be
 * mapped: it is advertised, is not in an MSI-X table that the kernel keeps to
 * itself, and the caller does not want it trapped. All else is hole, and
 * barspan_reason says in which order reasons count. So areas are rounded inward
 * to whole pages and holes outward.
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
	struct msix_table msix;		   /* of the device; its bar may be another region */
	uint64_t page_size;		   /* a power of two */
	const struct barspan_range *holes; /* the caller's */
	size_t n_holes;
	uint64_t offset; /* the window: page-aligned, inside the region, not empty */
	uint64_t length;
	int prot;
	bool strict;
};

/* Returns the window's extents, their offsets counted from its start, in a list
 * that the caller frees with sys_free().
 * -EPROTO: more than BARSPAN_MAX_AREAS areas, or, under `strict`, malformed
 * areas; -ERANGE: a hole of the caller's is not inside the region; -ENOMEM. */
int layout(struct barspan_extent **out, size_t *n, const struct layout_request *request);

/* Where the device's areas begin and end, on page boundaries and past the
 * window's start: the offsets from it, ascending, in a list that the caller
 * frees with sys_free(). An extent made of areas that touch falls apart there.
 * -EPROTO: more than BARSPAN_MAX_AREAS areas; -ENOMEM. */
int layout_cuts(uint64_t **cuts, size_t *n, const struct layout_request *request);

#endif
