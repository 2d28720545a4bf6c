/* SPDX-License-Identifier: BSD-3-Clause */
/* A region's survey as a text for a terminal. */
#ifndef REPORT_H
#define REPORT_H

#include <stdio.h>

#include "picture.h"
#include "survey.h"

/* Name, size, flags, picture, extents and totals. Returns 0 or -ENOMEM. */
int report_region(FILE *out, const struct survey *survey, const struct picture_style *style);

/* One line for an extent; the columns are as wide as the region's size
 * takes. */
void report_extent(FILE *out, const struct barspan_extent *extent, uint64_t size);

#endif
