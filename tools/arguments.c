/* SPDX-License-Identifier: BSD-3-Clause */
#include "arguments.h"

#include <stdio.h>
#include <stdlib.h>

#include <barspan.h>

#include "parse.h"

enum { OPTION_USAGE = 0x200 }; /* no letter */

/* Instead of argp's own options, which have no -h. */
static const struct argp_option common_options[] = {
	{ "help", 'h', NULL, 0, "Print this help", -1 },
	{ NULL, '?', NULL, OPTION_ALIAS, NULL, -1 },
	{ "usage", OPTION_USAGE, NULL, 0, "Print the options and arguments in short", -1 },
	{ "version", 'V', NULL, 0, "Print the version", -1 },
	{ 0 },
};

static error_t parse_common(int key, char *argument, struct argp_state *state)
{
	(void)argument;
	switch (key) {
	case 'h':
	case '?':
		argp_state_help(state, state->out_stream, ARGP_HELP_STD_HELP);
		return 0;
	case OPTION_USAGE:
		argp_state_help(state, state->out_stream, ARGP_HELP_USAGE | ARGP_HELP_EXIT_OK);
		return 0;
	case 'V':
		fprintf(state->out_stream, "barspan %s\n", barspan_version());
		exit(EXIT_SUCCESS);
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

error_t argument_parse(const struct argp *argp, int argc, char **argv, unsigned int flags,
		       void *input)
{
	static const struct argp common = { .options = common_options, .parser = parse_common };
	static const struct argp_child children[] = { { &common, 0, NULL, -1 }, { 0 } };
	struct argp all = *argp;

	all.children = children;
	return argp_parse(&all, argc, argv, flags | ARGP_NO_HELP, NULL, input);
}

static void refuse_argument(struct argp_state *state, const char *name, const char *text,
			    const char *complaint)
{
	if (complaint)
		argp_error(state, "%s '%s': %s", name, text, complaint);
}

uint64_t argument_number(struct argp_state *state, const char *name, const char *text)
{
	uint64_t value = 0;

	refuse_argument(state, name, text, parse_number(&value, text));
	return value;
}

uint64_t argument_length(struct argp_state *state, const char *text)
{
	uint64_t length = argument_number(state, "LENGTH", text);

	refuse_argument(state, "LENGTH", text, length ? NULL : "zero; expected at least 1");
	return length;
}

unsigned int argument_region(struct argp_state *state, const char *text)
{
	unsigned int index = 0;

	refuse_argument(state, "REGION", text, parse_region(&index, text));
	return index;
}

unsigned int argument_width(struct argp_state *state, const char *text)
{
	unsigned int width = 0;

	refuse_argument(state, "WIDTH", text, parse_width(&width, text));
	return width;
}

uint64_t argument_value(struct argp_state *state, const char *text, unsigned int width)
{
	uint64_t value = 0;

	refuse_argument(state, "VALUE", text, parse_value(&value, text, width));
	return value;
}

void argument_refuse_excess(struct argp_state *state, const char *text)
{
	const char *expected = state->root_argp->args_doc;

	argp_error(state, "'%s': one argument too many; expected %s", text,
		   *expected ? expected : "none");
}

void argument_refuse_lack(struct argp_state *state, const char *name)
{
	argp_error(state, "%s is missing; expected %s", name, state->root_argp->args_doc);
}
