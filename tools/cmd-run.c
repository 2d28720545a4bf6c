/* SPDX-License-Identifier: BSD-3-Clause */
/* barspan run: runs an unmodified driver on sparse BARs. */
#include <argp.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <barspan/trap.h>

#include "arguments.h"
#include "command.h"
#include "run-child.h"
#include "run-counts.h"
#include "run-elf.h"
#include "run-find.h"
#include "run-report.h"
#include "tool.h"

enum { EXIT_NOT_RUN = 126, EXIT_NOT_FOUND = 127 };
enum { OPTION_SPARSE = 0x100 }; /* no letter */

/* Bits of --trap, in the order in which they are printed. */
enum { MODE_EMULATE = 1, MODE_REPORT = 2, MODE_EXPLAIN = 4, MODE_RESCUE = 8, MODE_OFF = 16 };

static const char *const mode_names[] = { "emulate", "report", "explain", "rescue", "off", NULL };

struct run {
	unsigned int modes;
	char trap[64]; /* their names, with commas */
	const char *report, *log, *sparse;
	bool summary;
	char **command;
};

static const struct argp_option options[] = {
	{ "trap", 't', "MODES", 0,
	  "How to treat a load or store in a hole: emulate (the default: serve it), report (count "
	  "its instruction), explain (let the program die, after a line that says why), rescue "
	  "(also serve a load or store that faults in a mapped part), off; emulate,report is both",
	  0 },
	{ "report", 'r', "FILE", 0,
	  "Write a report to FILE; adds report to the modes of --trap. Without FILE, the report of "
	  "--trap=report goes to standard error",
	  0 },
	{ "summary", 's', NULL, 0,
	  "Print one line at the end: the number of trapped accesses and the time they took", 0 },
	{ "sparse", OPTION_SPARSE, "WHAT", 0,
	  "Whether the program learns which parts of a BAR it may map: hide (the default, for a "
	  "program that maps whole BARs) or show (for a program that handles holes itself)",
	  0 },
	{ "log", 'l', "LEVEL", 0,
	  "Print the library's messages of LEVEL (error, warning or info) and above", 0 },
	{ 0 },
};

/* Returns the index of a word in a list, -1 if the list does not have it. */
static int index_of(const char *word, size_t length, const char *const *words)
{
	for (int i = 0; words[i]; i++)
		if (strlen(words[i]) == length && !strncmp(word, words[i], length))
			return i;
	return -1;
}

static void print_modes(struct run *run)
{
	size_t used = 0;

	for (size_t i = 0; mode_names[i]; i++)
		if (run->modes & 1U << i)
			used += (size_t)snprintf(run->trap + used, sizeof(run->trap) - used, "%s%s",
						 used ? "," : "", mode_names[i]);
}

/* Repeated options add up. */
static void add_modes(struct argp_state *state, const char *modes)
{
	struct run *run = state->input;
	size_t length;

	for (const char *at = modes;; at += length + 1) {
		int i;

		length = strcspn(at, ",");
		i = index_of(at, length, mode_names);
		if (i < 0)
			argp_error(state,
				   "--trap=%s: '%.*s' is not a mode; expected emulate, report, "
				   "explain, rescue or off",
				   modes, (int)length, at);
		run->modes |= 1U << i;
		if (!at[length])
			break;
	}
	if (!(run->modes & MODE_OFF) || run->modes == MODE_OFF)
		return;
	print_modes(run);
	argp_error(state, "--trap=%s: off excludes other modes; expected off alone or no off",
		   run->trap);
}

static const char *check_word(struct argp_state *state, const char *option, const char *word,
			      const char *const *words, const char *expected)
{
	if (index_of(word, strlen(word), words) < 0)
		argp_error(state, "--%s=%s: expected %s", option, word, expected);
	return word;
}

static void check_end(struct argp_state *state)
{
	struct run *run = state->input;

	if (!run->command)
		argument_refuse_lack(state, "COMMAND");
	if (run->modes == MODE_OFF && run->report)
		argp_error(state,
			   "--report=%s: --trap=off makes no report; expected another mode or no "
			   "--report",
			   run->report);
	if (run->modes == MODE_OFF && run->summary)
		argp_error(state, "--summary: --trap=off counts nothing; expected another mode or "
				  "no --summary");
	if (!run->modes)
		run->modes = MODE_EMULATE;
	if (run->report)
		run->modes |= MODE_REPORT;
	print_modes(run);
}

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
	static const char *const levels[] = { "error", "warning", "info", NULL };
	static const char *const sparse[] = { "hide", "show", NULL };
	struct run *run = state->input;

	switch (key) {
	case OPTION_SPARSE:
		run->sparse = check_word(state, "sparse", argument, sparse, "hide or show");
		return 0;
	case 't':
		add_modes(state, argument);
		return 0;
	case 'r':
		run->report = argument;
		return 0;
	case 'l':
		run->log = check_word(state, "log", argument, levels, "error, warning or info");
		return 0;
	case 's':
		run->summary = true;
		return 0;
	case ARGP_KEY_ARG:
		run->command = &state->argv[state->next - 1];
		state->next = state->argc;
		return 0;
	case ARGP_KEY_END:
		check_end(state);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* Whether the modes that need the decoder are available. */
static bool can_decode(const char *modes)
{
	struct barspan_trap_options trap = { .size = sizeof(trap), .flags = BARSPAN_TRAP_EMULATE };
	int r = barspan_trap_enable(&trap);

	if (!r)
		barspan_trap_disable();
	else
		tool_fail(r, "--trap=%s: libbarspan-trap is built without the decoder, Zydis",
			  modes);
	return !r;
}

static int set_or_unset(const char *name, const char *value)
{
	return value ? setenv(name, value, 1) : unsetenv(name);
}

/* A sanitizer's runtime must be first, or the program refuses to start. */
static int set_preload(const char *preload, const char *sanitizer)
{
	const char *others = getenv("LD_PRELOAD");
	char *list = NULL;
	int r = asprintf(&list, "%s%s%s%s%s", sanitizer, *sanitizer ? ":" : "", preload,
			 others && *others ? ":" : "", others ? others : "");

	if (r < 0)
		return -ENOMEM;
	r = setenv("LD_PRELOAD", list, 1) ? -errno : 0;
	free(list);
	return r;
}

static int set_environment(const struct run *run, const char *preload, const char *sanitizer)
{
	int r = set_preload(preload, sanitizer);

	if (r)
		return r;
	r = setenv("BARSPAN_TRAP", run->trap, 1) || setenv("BARSPAN_SPARSE", run->sparse, 1) ||
	    set_or_unset("BARSPAN_LOG", run->log) || unsetenv("BARSPAN_REPORT") ||
	    unsetenv("BARSPAN_COUNTS");
	return r ? -errno : 0;
}

/* gdb stops at each signal. */
static void hint_at_debugger(const char *command)
{
	const char *slash = strrchr(command, '/');

	if (!strcmp(slash ? slash + 1 : command, "gdb"))
		tool_say("%s: stops at each access to a hole; enter "
			 "\"handle SIGSEGV SIGBUS nostop noprint pass\" to prevent this",
			 command);
}

static int fail_exec(int r, const char *command)
{
	tool_fail(r, "%s: cannot run", command);
	return EXIT_NOT_RUN;
}

/* With a report or a summary, barspan stays, and writes them at the end of the
 * command. */
static int run_counted(const struct run *run, const char *command)
{
	struct run_report report = { .fd = -1, .summary = run->summary };
	struct run_counts counts;
	struct run_child child;
	int status, r = 0;

	if (run->modes & MODE_REPORT)
		r = run_report_open(&report, run->report);
	if (r)
		return tool_fail(r, "%s: cannot open it for the report",
				 run->report ? run->report : "standard error");
	r = run_counts_open(&counts, run->summary);
	if (r)
		return tool_fail(r, "%s: cannot share counts with it", command);
	r = run_child_start(&child, command, run->command, counts.fd);
	if (r)
		return fail_exec(r, command);
	run_counts_give(&counts);
	status = run_child_wait(&child);
	if (status < 0)
		return tool_fail(status, "%s: cannot wait for its end", command);
	r = run_report_finish(&report, &counts);
	if (r)
		tool_fail(r, "%s: cannot write the report",
			  run->report ? run->report : "standard error");
	run_end_as(status);
}

static int start_program(const struct run *run)
{
	char preload[PATH_MAX], command[PATH_MAX], sanitizer[RUN_NAME];
	int r = run_find_preload(preload);

	if (r)
		return r == -ENOENT ? tool_fail(r, "%s: cannot find the object to preload", preload)
				    : EXIT_FAILURE;
	r = run_find_command(command, run->command[0]);
	if (r) {
		tool_fail(r, "%s: cannot run", *run->command[0] ? run->command[0] : "''");
		return r == -ENOENT ? EXIT_NOT_FOUND : EXIT_NOT_RUN;
	}
	if (!run_can_preload(command, run->command, sanitizer) ||
	    (run->modes & (MODE_EMULATE | MODE_RESCUE) && !can_decode(run->trap)))
		return EXIT_FAILURE;
	r = set_environment(run, preload, sanitizer);
	if (r)
		return tool_fail(r, "environment: cannot set it");
	hint_at_debugger(command);
	if (run->modes & MODE_REPORT || run->summary)
		return run_counted(run, command);
	return fail_exec(run_execute(command, run->command), command);
}

int cmd_run(int argc, char **argv)
{
	static const struct argp argp = {
		.options = options,
		.parser = parse_option,
		.args_doc = "[--] COMMAND [ARGUMENT...]",
		.doc = "Run an unmodified driver on sparse BARs. A BAR that it maps whole becomes "
		       "a span, and its loads and stores in holes are served by trapped access.\v"
		       "The exit status is COMMAND's; 127 if it is not found, 126 if it cannot be "
		       "run. Statically linked programs and programs that make system calls "
		       "without the C library are not supported.",
	};
	struct run run = { .sparse = "hide" };

	if (argument_parse(&argp, argc, argv, ARGP_IN_ORDER, &run))
		return EXIT_FAILURE;
	return start_program(&run);
}
