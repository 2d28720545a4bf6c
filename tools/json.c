/* SPDX-License-Identifier: BSD-3-Clause */
#include "json.h"

#include <errno.h>
#include <stdlib.h>

#include "tool.h"

json_t *json_number(uint64_t number)
{
	/* jansson's integers end at INT64_MAX. Only a broken device reports
	 * more. */
	return number <= INT64_MAX ? json_integer((json_int_t)number) : json_real((double)number);
}

json_t *json_extent(const struct barspan_extent *extent)
{
	return json_pack("{s:o, s:o, s:s, s:s}", "offset", json_number(extent->offset), "length",
			 json_number(extent->length), "kind", words_kind(extent->kind), "reason",
			 barspan_reason_name(extent->reason));
}

static json_t *flags_of(uint32_t flags)
{
	return json_pack("{s:b, s:b, s:b, s:b, s:b}", "read", !!(flags & BARSPAN_REGION_READ),
			 "write", !!(flags & BARSPAN_REGION_WRITE), "mmap",
			 !!(flags & BARSPAN_REGION_MMAP), "sparse",
			 !!(flags & BARSPAN_REGION_SPARSE), "msix_mappable",
			 !!(flags & BARSPAN_REGION_MSIX_MAPPABLE));
}

static json_t *areas_of(const struct barspan_region *region)
{
	json_t *list = json_array();

	for (uint32_t i = 0; i < region->n_areas; i++)
		if (json_array_append_new(list,
					  json_pack("{s:o, s:o}", "offset",
						    json_number(region->areas[i].offset), "length",
						    json_number(region->areas[i].length))))
			goto err_free_list;
	return list;

err_free_list:
	json_decref(list);
	return NULL;
}

static json_t *extents_of(const struct survey *survey)
{
	json_t *list = json_array();

	for (size_t i = 0; i < survey->n_extents; i++)
		if (json_array_append_new(list, json_extent(&survey->extents[i])))
			goto err_free_list;
	return list;

err_free_list:
	json_decref(list);
	return NULL;
}

static json_t *reasons_of(const struct survey *survey)
{
	json_t *object = json_object();

	for (enum barspan_reason reason = BARSPAN_REASON_NONE + 1; reason < REASONS; reason++)
		if (survey->by_reason[reason] &&
		    json_object_set_new(object, barspan_reason_name(reason),
					json_number(survey->by_reason[reason])))
			goto err_free_object;
	return object;

err_free_object:
	json_decref(object);
	return NULL;
}

json_t *json_survey(const struct survey *survey)
{
	char name[WORDS_SIZE];

	return json_pack("{s:i, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "index",
			 (int)survey->index, "name", words_region(name, survey->index), "size",
			 json_number(survey->region.size), "flags", flags_of(survey->region.flags),
			 "areas", areas_of(&survey->region), "extents", extents_of(survey),
			 "direct", json_number(survey_direct(survey)), "hole",
			 json_number(survey_holes(survey)), "reasons", reasons_of(survey));
}

int json_print(json_t *json)
{
	int r;

	if (!json)
		return tool_fail(-ENOMEM, "JSON: cannot build it");
	r = json_dumpf(json, stdout, JSON_INDENT(2));
	json_decref(json);
	putchar('\n');
	if (!tool_flush())
		return EXIT_FAILURE;
	if (r)
		tool_say("JSON: cannot format it");
	return r ? EXIT_FAILURE : EXIT_SUCCESS;
}
