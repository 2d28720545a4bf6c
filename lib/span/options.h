/* SPDX-License-Identifier: BSD-3-Clause */
/* The options of barspan_map(). */
#ifndef OPTIONS_H
#define OPTIONS_H

#include <barspan/span.h>

#include "layout/layout.h"

/* Copies the caller's options (NULL: the defaults) and rejects values that are
 * invalid for every region. -EINVAL, -E2BIG. */
int options_read(struct barspan_options *out, const struct barspan_options *given,
		 const struct barspan_device *device, unsigned int index);

/* Makes a layout request from options and a region, and fills in the options'
 * defaults.
 * -ENOENT: the region has size 0; -ERANGE: the window is not inside the region;
 * -EACCES: prot exceeds the access that the region allows; or the error of
 * locating the MSI-X table. */
int options_to_request(struct layout_request *request, struct barspan_options *options,
		       struct barspan_device *device, unsigned int index,
		       const struct barspan_region *region);

#endif
