/* SPDX-License-Identifier: BSD-3-Clause */
/* The survey of a region as text. */
#ifndef REPORT_H
#define REPORT_H

#include <stdio.h>

#include "picture.h"
#include "survey.h"

/* Prints name, size, flags, picture, extents and totals. Returns 0 or
 * -ENOMEM. */
int report_region(FILE *out, const struct survey *survey, const struct picture_style *style);

/* Prints one line for an extent. `size` is the region's, for the width of the
 * columns. */
void report_extent(FILE *out, const struct barspan_extent *extent, uint64_t size);

#endif
