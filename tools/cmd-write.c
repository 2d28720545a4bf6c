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
	const char *last[2]; /* VALUE alone, or WIDTH and VALUE */
	uint64_t value;
};

static void parse_end(struct write *write, struct argp_state *state)
{
	register_parse_end(state);
	if (!write->last[0])
		argument_refuse_lack(state, "VALUE");
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
			argument_refuse_excess(state, argument);
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
		.parser = parse_option,
		.args_doc = "DEVICE REGION OFFSET [WIDTH] VALUE",
		.doc = "Write VALUE to the register of WIDTH bits (8, 16, 32 or 64; default 32) at "
		       "OFFSET. The register may be direct or in a hole.\v" TARGET_HELP
			       TARGET_REGION_HELP,
	};
	struct write write = { .access.width = 32 };

	if (argument_parse(&argp, argc, argv, 0, &write))
		return EXIT_FAILURE;
	return run_write(&write);
}
