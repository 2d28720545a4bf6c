/* SPDX-License-Identifier: BSD-3-Clause */
/* barspan read: one register. */
#include <argp.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "arguments.h"
#include "command.h"
#include "register.h"
#include "tool.h"

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
	struct access *access = state->input;

	switch (key) {
	case ARGP_KEY_ARG:
		if (state->arg_num < 3)
			register_parse(access, state, argument);
		else if (state->arg_num == 3)
			access->width = argument_width(state, argument);
		else
			argument_refuse_excess(state, argument);
		return 0;
	case ARGP_KEY_END:
		register_parse_end(state);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static int run_read(struct access *access)
{
	struct barspan *span;
	uint64_t value;
	int r;

	if (target_map(&access->target, access->region, &span))
		return EXIT_FAILURE;
	r = register_read(access, span, &value);
	barspan_unmap(span);
	if (r)
		return tool_fail(r, "%s region %u: cannot read %u bits at 0x%" PRIx64,
				 access->target.text, access->region, access->width,
				 access->offset);
	printf("0x%0*" PRIx64 "\n", (int)access->width / 4, value);
	return tool_flush() ? EXIT_SUCCESS : EXIT_FAILURE;
}

int cmd_read(int argc, char **argv)
{
	static const struct argp argp = {
		.parser = parse_option,
		.args_doc = "DEVICE REGION OFFSET [WIDTH]",
		.doc = "Read the register of WIDTH bits (8, 16, 32 or 64; default 32) at OFFSET "
		       "and print its value in hex. The register may be direct or in a hole. "
		       "Reading can have side effects on the device.\v" TARGET_HELP
			       TARGET_REGION_HELP,
	};
	struct access access = { .width = 32 };

	if (argument_parse(&argp, argc, argv, 0, &access))
		return EXIT_FAILURE;
	return run_read(&access);
}
