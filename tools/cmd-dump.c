/* SPDX-License-Identifier: BSD-3-Clause */
/* barspan dump: a region's bytes in hex. Reads registers, which its user has to
 * want. */
#include <argp.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

#include "arguments.h"
#include "command.h"
#include "hexdump.h"
#include "progress.h"
#include "register.h"
#include "tool.h"
#include "words.h"

/* Small enough for a slow device's progress to be seen, and for tool_flush() to
 * be what writes it out. */
enum { CHUNK = 4096 };

struct dump {
	struct access access;
	uint64_t length;
	bool whole; /* without OFFSET and LENGTH */
	bool all;
	bool yes;
};

static const struct argp_option options[] = {
	{ "yes", 'y', NULL, 0, "Read, although that can have side effects on the device", 0 },
	{ "no-squeezing", 'v', NULL, 0,
	  "Print lines that equal the one before, too, instead of one *", 0 },
	{ 0 },
};

static void parse_argument(struct dump *dump, char *argument, struct argp_state *state)
{
	if (state->arg_num < 3) {
		register_parse(&dump->access, state, argument);
		return;
	}
	if (state->arg_num > 3)
		argp_error(state, "'%s': one argument too many", argument);
	dump->length = argument_number(state, "LENGTH", argument);
	if (!dump->length)
		argp_error(state, "LENGTH '%s': is not at least 1", argument);
}

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
	struct dump *dump = state->input;

	switch (key) {
	case 'y':
		dump->yes = true;
		return 0;
	case 'v':
		dump->all = true;
		return 0;
	case ARGP_KEY_ARG:
		parse_argument(dump, argument, state);
		return 0;
	case ARGP_KEY_END:
		dump->whole = state->arg_num == 2;
		if (state->arg_num == 3)
			argp_error(state, "LENGTH is missing");
		if (!dump->whole)
			register_parse_end(state);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* EXIT_SUCCESS: read on. */
static int confirm_reading(const struct dump *dump)
{
	int c, first;

	if (dump->yes)
		return EXIT_SUCCESS;
	tool_say("reading registers can have side effects on the device: on region %u of %s",
		 dump->access.region, dump->access.target.text);
	if (!isatty(STDIN_FILENO) || !isatty(STDERR_FILENO)) {
		tool_say("nothing was read: give --yes if that is what you want");
		return EXIT_USAGE;
	}
	fputs("barspan: read it? [y/N] ", stderr);
	for (c = first = getchar(); c != EOF && c != '\n';)
		c = getchar();
	if (first == 'y' || first == 'Y')
		return EXIT_SUCCESS;
	tool_say("nothing was read");
	return EXIT_FAILURE;
}

static int fit_range(struct dump *dump, uint64_t size)
{
	struct access *access = &dump->access;

	if (dump->whole)
		dump->length = size;
	if (access->offset < size && dump->length <= size - access->offset)
		return EXIT_SUCCESS;
	return tool_fail(-ERANGE,
			 "%s region %u: 0x%" PRIx64 " + 0x%" PRIx64
			 " is past the end at 0x%" PRIx64,
			 access->target.text, access->region, access->offset, dump->length, size);
}

static int print_dump(const struct dump *dump, struct barspan *span)
{
	const struct access *access = &dump->access;
	uint64_t end = access->offset + dump->length;
	struct progress progress;
	struct hexdump hexdump;
	uint8_t bytes[CHUNK];
	size_t n;
	int r = 0;

	hexdump_start(&hexdump, stdout, dump->all, access->offset, end);
	progress_start(&progress, dump->length);
	for (uint64_t at = access->offset; at < end && tool_flush(); at += n) {
		/* Up to an aligned offset, so that no register is read in two
		 * pieces. */
		n = CHUNK - at % CHUNK;
		if (n > end - at)
			n = (size_t)(end - at);
		r = barspan_read(span, at, bytes, n);
		if (r) {
			progress_end(&progress);
			return tool_fail(r, "%s region %u: cannot read 0x%" PRIx64 " + 0x%zx",
					 access->target.text, access->region, at, n);
		}
		hexdump_add(&hexdump, bytes, n);
		progress_show(&progress, at + n - access->offset);
	}
	hexdump_end(&hexdump);
	progress_end(&progress);
	return tool_flush() ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int run_dump(struct dump *dump)
{
	struct barspan *span;
	int status = confirm_reading(dump);

	if (status) {
		target_free(&dump->access.target);
		return status;
	}
	if (target_map(&dump->access.target, dump->access.region, &span))
		return EXIT_FAILURE;
	status = fit_range(dump, barspan_length(span));
	if (!status)
		status = print_dump(dump, span);
	barspan_unmap(span);
	return status;
}

int cmd_dump(int argc, char **argv)
{
	static const struct argp argp = {
		options,
		parse_option,
		"DEVICE REGION [OFFSET LENGTH]",
		"Print a region, or LENGTH bytes of it at OFFSET, in hex, holes and all. Reading registers can have "
		"side effects on the device: without --yes a terminal is asked, and where there is none nothing is "
		"read.\v" TARGET_HELP TARGET_REGION_HELP,
		NULL,
		NULL,
		NULL,
	};
	struct dump dump = { .length = 0 };

	if (argp_parse(&argp, argc, argv, 0, NULL, &dump))
		return EXIT_FAILURE;
	return run_dump(&dump);
}
