/* SPDX-License-Identifier: BSD-3-Clause */
/* The description and the layout of a region that was mapped. */
#ifndef SURVEY_H
#define SURVEY_H

#include <stddef.h>
#include <stdint.h>

#include <barspan.h>

#include "words.h"

struct survey {
	unsigned int index;
	struct barspan_region region; /* the device owns its areas */
	struct barspan_extent *extents;
	size_t n_extents;
	uint64_t by_reason[REASONS]; /* bytes; those of BARSPAN_REASON_NONE are direct */
};

/* Surveys a mapped region. Returns 0, -ENOMEM, or an error of the device; there
 * is nothing to release on failure. */
int survey_span(struct survey *out, struct barspan *span);

/* Maps a region, surveys it and unmaps it. Touches no register. */
int survey_region(struct survey *out, struct barspan_device *device, unsigned int index);

void survey_free(struct survey *survey);

uint64_t survey_direct(const struct survey *survey);
uint64_t survey_holes(const struct survey *survey);

#endif
