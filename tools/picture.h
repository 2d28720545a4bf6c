/* SPDX-License-Identifier: BSD-3-Clause */
/* A region's layout as a bar of characters. */
#ifndef PICTURE_H
#define PICTURE_H

#include <stdbool.h>
#include <stdio.h>

#include "survey.h"

struct picture_style {
	unsigned int width; /* of the picture, in columns */
	bool unicode;	    /* block characters; else ASCII */
};

/* Draws the bar, the offsets of extents, and a legend. Each extent is visible:
 * one that is smaller than a character makes that character a mixed one.
 * Returns 0 or -ENOMEM. */
int picture_draw(FILE *out, const struct survey *survey, const struct picture_style *style);

#endif
