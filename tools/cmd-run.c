/* SPDX-License-Identifier: BSD-3-Clause */
/* barspan run: run a driver that cannot be changed, on BARs that are sparse. */
#include <argp.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <barspan/trap.h>

#include "command.h"
#include "run-child.h"
#include "run-counts.h"
#include "run-elf.h"
#include "run-find.h"
#include "run-report.h"
#include "tool.h"

enum { EXIT_NOT_RUN = 126, EXIT_NOT_FOUND = 127 };
enum { OPTION_SPARSE = 0x100 }; /* no letter */

struct run {
	char trap[128]; /* modes, with commas */
	const char *report, *log, *sparse;
	bool summary;
	char **command;
};

static const struct argp_option options[] = {
	{ "trap", 't', "MODES", 0,
	  "What becomes of a load or store in a hole: emulate (the default: it is served), report "
	  "(its instruction is counted), explain (the program dies as it would, after a line that "
	  "says why), rescue (a load or store in a mapped part that faults is served), off; "
	  "emulate,report is both",
	  0 },
	{ "report", 'r', "FILE", 0, "Write the report to FILE, not to standard error", 0 },
	{ "summary", 's', NULL, 0,
	  "Print one line at the end: how many accesses were trapped, and how long it took", 0 },
	{ "sparse", OPTION_SPARSE, "WHAT", 0,
	  "Whether the program learns which parts of a BAR it may map: hide (the default: it maps "
	  "all, and gets it) or show (for a program that handles holes itself)",
	  0 },
	{ "log", 'l', "LEVEL", 0,
	  "Print the library's messages of LEVEL (error, warning or info) and above", 0 },
	{ 0 },
};

static bool is_one_of(const char *word, size_t length, const char *const *words)
{
	for (; *words; words++)
		if (strlen(*words) == length && !strncmp(word, *words, length))
			return true;
	return false;
}

/* Repeated options add up. */
static void add_modes(struct argp_state *state, const char *modes)
{
	static const char *const words[] = {
		"emulate", "report", "explain", "rescue", "off", NULL
	};
	struct run *run = state->input;
	size_t length, used = strlen(run->trap);

	for (const char *at = modes;; at += length + 1) {
		length = strcspn(at, ",");
		if (!is_one_of(at, length, words))
			argp_error(state, "--trap=%s: not emulate, report, explain, rescue or off",
				   modes);
		if (!at[length])
			break;
	}
	if (used + strlen(modes) + 2 > sizeof(run->trap))
		argp_error(state, "--trap=%s: too many modes", modes);
	snprintf(run->trap + used, sizeof(run->trap) - used, "%s%s", used ? "," : "", modes);
	if (strstr(run->trap, "off") && strcmp(run->trap, "off"))
		argp_error(state, "--trap=%s: off excludes other modes", run->trap);
}

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
	static const char *const levels[] = { "error", "warning", "info", NULL };
	static const char *const sparse[] = { "hide", "show", NULL };
	struct run *run = state->input;

	switch (key) {
	case OPTION_SPARSE:
		if (!is_one_of(argument, strlen(argument), sparse))
			argp_error(state, "--sparse=%s: not hide or show", argument);
		run->sparse = argument;
		return 0;
	case 't':
		add_modes(state, argument);
		return 0;
	case 'r':
		run->report = argument;
		return 0;
	case 'l':
		if (!is_one_of(argument, strlen(argument), levels))
			argp_error(state, "--log=%s: not error, warning or info", argument);
		run->log = argument;
		return 0;
	case 's':
		run->summary = true;
		return 0;
	case ARGP_KEY_ARG:
		run->command = &state->argv[state->next - 1];
		state->next = state->argc;
		return 0;
	case ARGP_KEY_END:
		if (!run->command)
			argp_error(state, "a COMMAND is missing");
		if (!run->trap[0])
			strcpy(run->trap, "emulate");
		if (run->report && !strstr(run->trap, "report"))
			argp_error(state, "--report=%s: without --trap=report there is no report",
				   run->report);
		if (run->summary && !strcmp(run->trap, "off"))
			argp_error(state, "--summary: without a trap there is none");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static bool needs_decoder(const char *modes)
{
	return strstr(modes, "emulate") || strstr(modes, "rescue");
}

/* Whether these modes, which need the decoder, are available. */
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

/* A sanitizer's runtime comes first, or the program refuses to start. */
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
		tool_say("gdb stops at each access to a hole; tell it "
			 "\"handle SIGSEGV SIGBUS nostop noprint pass\"");
}

static int fail_exec(int r, const char *command)
{
	tool_fail(r, "%s", command);
	return EXIT_NOT_RUN;
}

/* With a report or a summary: stays, and writes them at the command's end. */
static int run_counted(const struct run *run, const char *command)
{
	struct run_report report = { .fd = -1, .summary = run->summary };
	struct run_counts counts;
	struct run_child child;
	int status, r = 0;

	if (strstr(run->trap, "report"))
		r = run_report_open(&report, run->report);
	if (r)
		return tool_fail(r, "%s", run->report ? run->report : "standard error");
	r = run_counts_open(&counts, run->summary);
	if (r)
		return tool_fail(r, "cannot share counts with the command");
	r = run_child_start(&child, command, run->command, counts.fd);
	if (r)
		return fail_exec(r, command);
	run_counts_give(&counts);
	status = run_child_wait(&child);
	if (status < 0)
		return tool_fail(status, "cannot wait for %s", command);
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
		return r == -ENOENT ? tool_fail(r, "%s", preload) : EXIT_FAILURE;
	r = run_find_command(command, run->command[0]);
	if (r) {
		tool_fail(r, "%s", run->command[0]);
		return r == -ENOENT ? EXIT_NOT_FOUND : EXIT_NOT_RUN;
	}
	if (!run_can_preload(command, run->command, sanitizer) ||
	    (needs_decoder(run->trap) && !can_decode(run->trap)))
		return EXIT_FAILURE;
	r = set_environment(run, preload, sanitizer);
	if (r)
		return tool_fail(r, "the environment");
	hint_at_debugger(command);
	if (strstr(run->trap, "report") || run->summary)
		return run_counted(run, command);
	return fail_exec(run_execute(command, run->command), command);
}

int cmd_run(int argc, char **argv)
{
	static const struct argp argp = {
		options,
		parse_option,
		"[--] COMMAND [ARGUMENT...]",
		"Run a driver as it is, on BARs that are sparse: what it maps whole becomes a "
		"span, and what it then loads "
		"and stores in holes is served by trapped access.\v"
		"The exit status is COMMAND's; 127 where it is not found, 126 where it cannot be "
		"run. A program that is "
		"linked statically, or that makes system calls of its own, cannot be helped.",
		NULL,
		NULL,
		NULL,
	};
	struct run run = { .trap = "", .sparse = "hide" };

	if (argp_parse(&argp, argc, argv, ARGP_IN_ORDER, NULL, &run))
		return EXIT_FAILURE;
	return start_program(&run);
}
