/* SPDX-License-Identifier: BSD-3-Clause */
/* The options of barspan_map(). */
#ifndef OPTIONS_H
#define OPTIONS_H

#include <barspan/span.h>

#include "layout/layout.h"

/* Copies what the caller gave (NULL: the defaults), and refuses values that are
 * invalid for any region. -EINVAL, -E2BIG. */
int options_read(struct barspan_options *out, const struct barspan_options *given,
		 const struct barspan_device *device, unsigned int index);

/* Makes a layout's request of options and a region, and fills in the options'
 * defaults. -ENOENT: the region has size 0;
 * -ERANGE: the window is not inside it; -EACCES: prot is more than it allows;
 * or an error of reading the MSI-X table's place. */
int options_to_request(struct layout_request *request, struct barspan_options *options,
		       struct barspan_device *device, unsigned int index,
		       const struct barspan_region *region);

#endif
