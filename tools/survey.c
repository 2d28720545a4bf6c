/* SPDX-License-Identifier: BSD-3-Clause */
#include "survey.h"

#include <errno.h>
#include <stdlib.h>

int survey_span(struct survey *out, struct barspan *span)
{
	struct survey made = { .index = barspan_region_index(span),
			       .n_extents = barspan_extent_count(span) };
	int r = barspan_device_region(barspan_device_of(span), made.index, &made.region);

	if (r)
		return r;
	made.extents = calloc(made.n_extents, sizeof(*made.extents));
	if (!made.extents)
		return -ENOMEM;
	for (size_t i = 0; !r && i < made.n_extents; i++) {
		r = barspan_extent_get(span, i, &made.extents[i]);
		if (!r && made.extents[i].reason < REASONS)
			made.by_reason[made.extents[i].reason] += made.extents[i].length;
	}
	if (r)
		survey_free(&made);
	else
		*out = made;
	return r;
}

int survey_region(struct survey *out, struct barspan_device *device, unsigned int index)
{
	struct barspan *span;
	int r = barspan_map(&span, device, index, NULL);

	if (r)
		return r;
	r = survey_span(out, span);
	barspan_unmap(span);
	return r;
}

void survey_free(struct survey *survey)
{
	free(survey->extents);
	survey->extents = NULL;
	survey->n_extents = 0;
}

uint64_t survey_direct(const struct survey *survey)
{
	return survey->by_reason[BARSPAN_REASON_NONE];
}

uint64_t survey_holes(const struct survey *survey)
{
	return survey->region.size - survey_direct(survey);
}
