/* SPDX-License-Identifier: BSD-3-Clause */
/* barspan: shows the regions of a PCI device as libbarspan maps them, and runs
 * drivers on them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arguments.h"
#include "command.h"
#include "tool.h"

static int cmd_help(int argc, char **argv);

static const struct command {
	const char *name;
	int (*run)(int argc, char **argv);
} commands[] = {
	{ "show", cmd_show }, { "query", cmd_query }, { "read", cmd_read }, { "write", cmd_write },
	{ "dump", cmd_dump }, { "demo", cmd_demo },   { "run", cmd_run },   { "help", cmd_help },
};

struct choice {
	const struct command *command;
	int first; /* index of the command's name in argv */
};

static const char summary[] =
	"Show the regions of a PCI device as libbarspan maps them, and run drivers on them.\v"
	"Commands:\n"
	"  show    show which parts of each region are direct, which are holes, and why\n"
	"  query   show whether a range of a region is direct\n"
	"  read    read a register\n"
	"  write   write a register\n"
	"  dump    print the bytes of a region in hex\n"
	"  demo    show how a sparse BAR is mapped, without a device\n"
	"  run     run an unmodified driver on sparse BARs\n"
	"  help    print the help of a command\n"
	"\n"
	"`barspan COMMAND --help' describes a command. The exit status is 0, 1 after a failure, "
	"2 after a usage error, and 3 if query finds that the range is not direct. run ends with "
	"the status of the program.";

static const struct command *find_command(struct argp_state *state, const char *name)
{
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (!strcmp(name, commands[i].name))
			return &commands[i];
	argp_error(state,
		   "COMMAND '%s': no such command; expected show, query, read, write, dump, demo, "
		   "run or help",
		   name);
	return NULL;
}

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
	struct choice *choice = state->input;

	switch (key) {
	case ARGP_KEY_ARG:
		choice->command = find_command(state, argument);
		/* The command parses the rest. */
		choice->first = state->next - 1;
		state->next = state->argc;
		return 0;
	case ARGP_KEY_NO_ARGS:
		argp_error(state, "COMMAND is missing; expected show, query, read, write, dump, "
				  "demo, run or help");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp main_argp = { .parser = parse_option,
				       .args_doc = "COMMAND [ARGUMENT...]",
				       .doc = summary };

/* argv[0] becomes the name for messages. */
static int run_command(const struct command *command, int argc, char **argv)
{
	char name[32];

	snprintf(name, sizeof(name), "barspan %s", command->name);
	argv[0] = name;
	return command->run(argc, argv);
}

static error_t parse_help(int key, char *argument, struct argp_state *state)
{
	const struct command **command = state->input;

	if (key != ARGP_KEY_ARG)
		return ARGP_ERR_UNKNOWN;
	if (state->arg_num)
		argument_refuse_excess(state, argument);
	*command = find_command(state, argument);
	return 0;
}

static int cmd_help(int argc, char **argv)
{
	static const struct argp argp = {
		.parser = parse_help,
		.args_doc = "[COMMAND]",
		.doc = "Print the help of COMMAND, or of barspan.",
	};
	const struct command *command = NULL;
	char program[] = "barspan", option[] = "--help";
	char *arguments[] = { program, option, NULL };

	if (argument_parse(&argp, argc, argv, 0, &command))
		return EXIT_FAILURE;
	if (command)
		return run_command(command, 2, arguments);
	return argument_parse(&main_argp, 2, arguments, 0, NULL) ? EXIT_FAILURE : EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
	struct choice choice = { NULL, 0 };

	tool_start();
	argp_err_exit_status = EXIT_USAGE;
	if (argument_parse(&main_argp, argc, argv, ARGP_IN_ORDER, &choice))
		return EXIT_FAILURE;
	return run_command(choice.command, argc - choice.first, argv + choice.first);
}
