/* SPDX-License-Identifier: BSD-3-Clause */
/* barspan write: one register. */
#include <argp.h>
#include <inttypes.h>
#include <stdlib.h>

#include "arguments.h"
#include "command.h"
#include "register.h"
#include "tool.h"

struct write {
	struct access access;
	const char *last[2]; /* WIDTH and VALUE, or VALUE alone: only the end tells */
	uint64_t value;
};

static void parse_end(struct write *write, struct argp_state *state)
{
	register_parse_end(state);
	if (!write->last[0])
		argp_error(state, "VALUE is missing");
	if (write->last[1])
		write->access.width = argument_width(state, write->last[0]);
	write->value =
		argument_value(state, write->last[write->last[1] != NULL], write->access.width);
}

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
	struct write *write = state->input;

	switch (key) {
	case ARGP_KEY_ARG:
		if (state->arg_num < 3)
			register_parse(&write->access, state, argument);
		else if (state->arg_num < 5)
			write->last[state->arg_num - 3] = argument;
		else
			argp_error(state, "'%s': one argument too many", argument);
		return 0;
	case ARGP_KEY_END:
		parse_end(write, state);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static int run_write(struct write *write)
{
	struct access *access = &write->access;
	struct barspan *span;
	int r;

	if (target_map(&access->target, access->region, &span))
		return EXIT_FAILURE;
	r = register_write(access, span, write->value);
	barspan_unmap(span);
	if (r)
		return tool_fail(r, "%s region %u: cannot write %u bits at 0x%" PRIx64,
				 access->target.text, access->region, access->width,
				 access->offset);
	return EXIT_SUCCESS;
}

int cmd_write(int argc, char **argv)
{
	static const struct argp argp = {
		NULL,
		parse_option,
		"DEVICE REGION OFFSET [WIDTH] VALUE",
		"Write VALUE to the register of WIDTH bits (8, 16, 32 or 64; 32 if not given) at OFFSET, whether it is "
		"direct or in a hole.\v" TARGET_HELP TARGET_REGION_HELP,
		NULL,
		NULL,
		NULL,
	};
	struct write write = { .access.width = 32 };

	if (argp_parse(&argp, argc, argv, 0, NULL, &write))
		return EXIT_FAILURE;
	return run_write(&write);
}
