/* SPDX-License-Identifier: BSD-3-Clause */
/* barspan_map() for callers inside the library. */
#ifndef SPAN_MAP_H
#define SPAN_MAP_H

#include <barspan/span.h>

#include "layout/layout.h"

struct span;

/* A span to create: the caller's options with defaults filled in. */
struct span_request {
	struct barspan_device *device;
	unsigned int index;
	struct barspan_options options;
	struct layout_request layout;
};

/*
 * Checks the caller's options (NULL: the defaults) against the description of a
 * region. This may read the device's configuration space and so run the
 * caller's code; for such a device call it outside of an operation.
 */
int span_prepare(struct span_request *out, struct barspan_device *device, unsigned int index,
		 const struct barspan_options *options, const struct barspan_region *region);

/*
 * The rest of barspan_map(), inside an operation. Adds the spans that end to
 * *ended, also on failure; see detach.h.
 */
int span_map(struct span **out, const struct span_request *request, struct span **ended);

#endif
