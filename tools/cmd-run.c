/* SPDX-License-Identifier: BSD-3-Clause */
/* barspan run: run a driver that cannot be changed, on BARs that are sparse. */
#include <argp.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <link.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <barspan/trap.h>

#include "command.h"
#include "tool.h"

enum { EXIT_NOT_RUN = 126, EXIT_NOT_FOUND = 127 };

struct run {
	const char *trap, *report, *log;
	char **command;
};

static const struct argp_option options[] = {
	{ "trap", 't', "MODES", 0,
	  "What becomes of a load or store in a hole: emulate (the default: it is served), report "
	  "(its instruction is "
	  "counted), explain (the program dies as it would, after a line that says why), rescue (a "
	  "load or store in a mapped "
	  "part that faults is served), off; emulate,report is both",
	  0 },
	{ "report", 'r', "FILE", 0,
	  "Write the report to FILE at the program's end, not to standard error", 0 },
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

static void check_trap(struct argp_state *state, const char *modes)
{
	static const char *const words[] = { "emulate", "report", "explain", "rescue", NULL };
	const char *at = modes;

	if (!strcmp(modes, "off"))
		return;
	for (size_t length;; at += length + 1) {
		length = strcspn(at, ",");
		if (!is_one_of(at, length, words))
			argp_error(state, "--trap=%s: not emulate, report, explain, rescue or off",
				   modes);
		if (!at[length])
			return;
	}
}

static error_t parse(int key, char *argument, struct argp_state *state)
{
	static const char *const levels[] = { "error", "warning", "info", NULL };
	struct run *run = state->input;

	switch (key) {
	case 't':
		check_trap(state, argument);
		run->trap = argument;
		return 0;
	case 'r':
		run->report = argument;
		return 0;
	case 'l':
		if (!is_one_of(argument, strlen(argument), levels))
			argp_error(state, "--log=%s: not error, warning or info", argument);
		run->log = argument;
		return 0;
	case ARGP_KEY_ARG:
		run->command = &state->argv[state->next - 1];
		state->next = state->argc;
		return 0;
	case ARGP_KEY_END:
		if (!run->command)
			argp_error(state, "a COMMAND is missing");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* The object to preload: beside this program, where it is built, or where it is installed. */
static int find_preload(char path[PATH_MAX])
{
	ssize_t n = readlink("/proc/self/exe", path, PATH_MAX - sizeof("/" PRELOAD));
	char *slash = NULL;

	if (n > 0) {
		path[n] = '\0';
		slash = strrchr(path, '/');
	}
	if (slash) {
		strcpy(slash + 1, PRELOAD);
		if (!access(path, R_OK))
			return 0;
	}
	strcpy(path, PKGLIBDIR "/" PRELOAD);
	return access(path, R_OK) ? -errno : 0;
}

/* The file that a command name stands for, as execvp() finds it. */
static int find_command(const char *name, char path[PATH_MAX])
{
	const char *at = getenv("PATH");
	int length;

	if (strchr(name, '/')) {
		snprintf(path, PATH_MAX, "%s", name);
		return access(path, X_OK) ? -errno : 0;
	}
	for (at = at ? at : "/bin:/usr/bin"; *at; at += length + (at[length] == ':')) {
		length = (int)strcspn(at, ":");
		snprintf(path, PATH_MAX, "%.*s%s%s", length, at, length ? "/" : "", name);
		if (!access(path, X_OK))
			return 0;
	}
	return -ENOENT;
}

/* Whether a file is an ELF executable that no dynamic linker starts. What cannot be read is left to exec. */
static bool is_static(const char *path)
{
	ElfW(Ehdr) header;
	ElfW(Phdr) segment;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	bool elf = fd >= 0 && pread(fd, &header, sizeof(header), 0) == sizeof(header) &&
		   !memcmp(header.e_ident, ELFMAG, SELFMAG) && header.e_phentsize == sizeof(segment);

	for (int i = 0; elf && i < header.e_phnum; i++) {
		off_t at = (off_t)(header.e_phoff + (ElfW(Off))i * sizeof(segment));

		if (pread(fd, &segment, sizeof(segment), at) != sizeof(segment) || segment.p_type == PT_INTERP)
			elf = false;
	}
	if (fd >= 0)
		close(fd);
	return elf;
}

/* Says what the program cannot be helped with. */
static bool can_be_preloaded(const char *path)
{
	struct stat status;

	if (is_static(path)) {
		tool_say("%s: linked statically: its system calls cannot be caught", path);
		return false;
	}
	if ((!stat(path, &status) && status.st_mode & (S_ISUID | S_ISGID)) ||
	    getxattr(path, "security.capability", NULL, 0) > 0) {
		tool_say("%s: runs with other privileges than yours: nothing is preloaded into it", path);
		return false;
	}
	return true;
}

static bool needs_decoder(const char *modes)
{
	return strstr(modes, "emulate") || strstr(modes, "rescue");
}

/* Whether these modes, which need the decoder, can be had. */
static bool can_decode(const char *modes)
{
	struct barspan_trap_options trap = { .size = sizeof(trap), .flags = BARSPAN_TRAP_EMULATE };
	int r = barspan_trap_enable(&trap);

	if (!r)
		barspan_trap_disable();
	else
		tool_fail(r,
			  "--trap=%s: the decoder, libZydis, is not there, or this library is "
			  "built without it",
			  modes);
	return !r;
}

static int set_environment(const struct run *run, const char *preload)
{
	const char *others = getenv("LD_PRELOAD");
	char *list = NULL;
	int r = asprintf(&list, "%s%s%s", preload, others && *others ? ":" : "", others ? others : "");

	if (r < 0)
		return -ENOMEM;
	r = setenv("LD_PRELOAD", list, 1) || setenv("BARSPAN_TRAP", run->trap, 1) ||
	    (run->report ? setenv("BARSPAN_REPORT", run->report, 1) : unsetenv("BARSPAN_REPORT")) ||
	    (run->log ? setenv("BARSPAN_LOG", run->log, 1) : unsetenv("BARSPAN_LOG"));
	free(list);
	return r ? -errno : 0;
}

/* Each process that touched a hole adds its own report to the file. */
static int truncate_report(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	return fd < 0 ? -1 : close(fd);
}

static int start(const struct run *run)
{
	char preload[PATH_MAX], command[PATH_MAX];
	int r = find_preload(preload);

	if (r)
		return tool_fail(r, "%s", preload);
	r = find_command(run->command[0], command);
	if (r) {
		tool_fail(r, "%s", run->command[0]);
		return r == -ENOENT ? EXIT_NOT_FOUND : EXIT_NOT_RUN;
	}
	if (!can_be_preloaded(command) || (needs_decoder(run->trap) && !can_decode(run->trap)))
		return EXIT_FAILURE;
	r = set_environment(run, preload);
	if (r)
		return tool_fail(r, "the environment");
	if (run->report && truncate_report(run->report))
		return tool_fail(-errno, "%s", run->report);
	/* The program gets the signals as barspan was given them, but for this one. */
	signal(SIGPIPE, SIG_DFL);
	execv(command, run->command);
	tool_fail(-errno, "%s", command);
	return EXIT_NOT_RUN;
}

int cmd_run(int argc, char **argv)
{
	static const struct argp argp = {
		options, parse, "[--] COMMAND [ARGUMENT...]",
		"Run a driver as it is, on BARs that are sparse: what it maps whole becomes a span, and what it then loads "
		"and stores in holes is served by trapped access.\v"
		"The exit status is COMMAND's; 127 where it is not found, 126 where it cannot be run. A program that is "
		"linked statically, or that makes system calls of its own, cannot be helped.",
		NULL, NULL, NULL,
	};
	struct run run = { .trap = "emulate" };

	if (argp_parse(&argp, argc, argv, ARGP_IN_ORDER, NULL, &run))
		return EXIT_FAILURE;
	return start(&run);
}
