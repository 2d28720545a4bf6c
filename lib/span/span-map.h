/* SPDX-License-Identifier: BSD-3-Clause */
/* barspan_map() for callers inside the library. */
#ifndef SPAN_MAP_H
#define SPAN_MAP_H

#include <barspan/span.h>

struct span;

/*
 * As barspan_map(), inside an operation, with the region's description at hand. *ended gets the spans that end by it, also
 * on failure; see detach.h.
 */
int span_map(struct span **out, struct barspan_device *device, unsigned int index,
	     const struct barspan_options *options, const struct barspan_region *region, struct span **ended);

#endif
