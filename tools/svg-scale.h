/* SPDX-License-Identifier: BSD-3-Clause */
/* Widths of extents in a picture. Pure. */
#ifndef SVG_SCALE_H
#define SVG_SCALE_H

#include <stdbool.h>
#include <stddef.h>

#include <barspan/guard.h>

/* Divides `room` among n extents in proportion to their lengths, but gives each
 * at least `least`; n * least must fit. Returns whether the picture is to
 * scale: no extent was widened. */
bool svg_scale(double *widths, const struct barspan_extent *extents, size_t n, double room,
	       double least);

#endif
