/* SPDX-License-Identifier: BSD-3-Clause */
/* barspan query: looks a range up in the guard table. Touches no register. */
#include <argp.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "arguments.h"
#include "command.h"
#include "json.h"
#include "report.h"
#include "target.h"
#include "tool.h"

struct query {
	struct target target;
	unsigned int region;
	uint64_t offset, length;
	bool json, quiet;
};

static const struct argp_option options[] = {
	{ "json", 'j', NULL, 0, "Print JSON", 0 },
	{ "quiet", 'q', NULL, 0, "Print nothing: the exit status is the answer", 0 },
	{ 0 },
};

static error_t parse_argument(struct query *query, char *argument, struct argp_state *state)
{
	switch (state->arg_num) {
	case 0:
		target_parse(&query->target, state, argument);
		return 0;
	case 1:
		query->region = argument_region(state, argument);
		return 0;
	case 2:
		query->offset = argument_number(state, "OFFSET", argument);
		return 0;
	case 3:
		query->length = argument_length(state, argument);
		return 0;
	default:
		argument_refuse_excess(state, argument);
		return 0;
	}
}

static void check_end(const struct query *query, struct argp_state *state)
{
	static const char *const names[] = { "DEVICE", "REGION", "OFFSET" };

	if (state->arg_num < 3)
		argument_refuse_lack(state, names[state->arg_num]);
	if (query->quiet && query->json)
		argp_error(state, "--quiet: --json prints; expected one of the two");
}

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
	struct query *query = state->input;

	switch (key) {
	case 'j':
		query->json = true;
		return 0;
	case 'q':
		query->quiet = true;
		return 0;
	case ARGP_KEY_ARG:
		return parse_argument(query, argument, state);
	case ARGP_KEY_END:
		check_end(query, state);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* Iterates over the extents that the range crosses. Returns false after the
 * last one. */
static bool next_extent(const struct query *query, const struct barspan *span, uint64_t *at,
			struct barspan_extent *out)
{
	if (*at >= query->offset + query->length || barspan_extent_at(span, *at, out))
		return false;
	*at = out->offset + out->length;
	return true;
}

static int answer_json(const struct query *query, const struct barspan *span)
{
	struct barspan_extent extent;
	json_t *list = json_array();

	for (uint64_t at = query->offset; list && next_extent(query, span, &at, &extent);)
		if (json_array_append_new(list, json_extent(&extent))) {
			json_decref(list);
			list = NULL;
		}
	return json_print(json_pack(
		"{s:s, s:i, s:o, s:o, s:b, s:o}", "device", query->target.text, "region",
		(int)query->region, "offset", json_number(query->offset), "length",
		json_number(query->length), "direct",
		(int)barspan_is_direct(span, query->offset, query->length), "extents", list));
}

static int answer_text(const struct query *query, const struct barspan *span)
{
	bool direct = barspan_is_direct(span, query->offset, query->length);
	struct barspan_extent extent;
	char name[WORDS_SIZE];

	barspan_extent_at(span, query->offset, &extent);
	printf("%s 0x%" PRIx64 " + 0x%" PRIx64 ": ", words_region(name, query->region),
	       query->offset, query->length);
	if (direct)
		printf("direct\n");
	else if (extent.kind == BARSPAN_HOLE &&
		 extent.offset + extent.length - query->offset >= query->length)
		printf("hole, %s: %s\n", barspan_reason_name(extent.reason),
		       words_reason(extent.reason));
	else
		printf("not direct as a whole\n");
	for (uint64_t at = query->offset; next_extent(query, span, &at, &extent);)
		report_extent(stdout, &extent, barspan_length(span));
	return tool_flush() ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* Answers by text and by the exit status. A failure to print the text is a
 * failure. */
static int answer_query(const struct query *query, const struct barspan *span)
{
	uint64_t length = barspan_length(span);
	int status = EXIT_SUCCESS;

	if (query->offset >= length || query->length > length - query->offset)
		return tool_fail(
			-ERANGE,
			"%s region %u: 0x%" PRIx64 " + 0x%" PRIx64 " is past the end at 0x%" PRIx64,
			query->target.text, query->region, query->offset, query->length, length);
	if (query->json)
		status = answer_json(query, span);
	else if (!query->quiet)
		status = answer_text(query, span);
	if (status)
		return status;
	return barspan_is_direct(span, query->offset, query->length) ? EXIT_SUCCESS
								     : EXIT_NOT_DIRECT;
}

static int run_query(struct query *query)
{
	struct barspan *span;
	int r, status;

	if (query->quiet)
		tool_hold_log();
	r = target_map(&query->target, query->region, &span);
	if (query->quiet)
		tool_release_log(r);
	if (r)
		return EXIT_FAILURE;
	status = answer_query(query, span);
	barspan_unmap(span);
	return status;
}

int cmd_query(int argc, char **argv)
{
	static const struct argp argp = {
		.options = options,
		.parser = parse_option,
		.args_doc = "DEVICE REGION OFFSET [LENGTH]",
		.doc = "Show whether all of the LENGTH bytes (default 1) at OFFSET are direct, and "
		       "show each extent that they cross. Maps the region, touches no register. "
		       "The exit status is 0 if they are direct, 3 if any of them is in a hole, "
		       "and 1 if there is no answer.\v" TARGET_HELP TARGET_REGION_HELP,
	};
	struct query query = { .length = 1 };

	if (argument_parse(&argp, argc, argv, 0, &query))
		return EXIT_FAILURE;
	return run_query(&query);
}
