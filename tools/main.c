/* SPDX-License-Identifier: BSD-3-Clause */
/* barspan: look at the regions of a PCI device as libbarspan maps them. */
#include <argp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <barspan.h>

#include "command.h"
#include "tool.h"

static const struct command {
	const char *name;
	int (*run)(int argc, char **argv);
} commands[] = {
	{ "show", cmd_show }, { "query", cmd_query }, { "read", cmd_read }, { "write", cmd_write },
	{ "dump", cmd_dump }, { "demo", cmd_demo },   { "run", cmd_run },
};

struct choice {
	const struct command *command;
	int first; /* index of the command's name in argv */
};

static const char summary[] =
	"Look at the regions of a PCI device as libbarspan maps them.\v"
	"Commands:\n"
	"  show    each region: what is mapped (direct), what is a hole, and why\n"
	"  query   whether a range of a region is direct\n"
	"  read    read a register\n"
	"  write   write a register\n"
	"  dump    print a region's bytes in hex\n"
	"  demo    see it all work, without a device\n"
	"  run     run a driver as it is, on BARs that are sparse\n"
	"\n"
	"`barspan COMMAND --help' says more. The exit status is 0, 1 when something failed, and 2 when the command "
	"line makes no sense.";

static void print_version(FILE *stream, struct argp_state *state)
{
	(void)state;
	fprintf(stream, "barspan %s\n", barspan_version());
}

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
	struct choice *choice = state->input;

	switch (key) {
	case ARGP_KEY_ARG:
		for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
			if (!strcmp(argument, commands[i].name))
				choice->command = &commands[i];
		if (!choice->command)
			argp_error(state, "COMMAND '%s': there is no such command", argument);
		/* The rest is the command's. */
		choice->first = state->next - 1;
		state->next = state->argc;
		return 0;
	case ARGP_KEY_NO_ARGS:
		argp_error(state, "a COMMAND is missing");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

int main(int argc, char **argv)
{
	static const struct argp argp = { NULL,	   parse_option, "COMMAND [ARGUMENT...]",
					  summary, NULL,	 NULL,
					  NULL };
	struct choice choice = { NULL, 0 };
	char name[32];

	tool_start();
	argp_program_version_hook = print_version;
	argp_err_exit_status = EXIT_USAGE;
	if (argp_parse(&argp, argc, argv, ARGP_IN_ORDER, NULL, &choice))
		return EXIT_FAILURE;

	snprintf(name, sizeof(name), "barspan %s", choice.command->name);
	argv[choice.first] = name;
	return choice.command->run(argc - choice.first, argv + choice.first);
}
