/* SPDX-License-Identifier: BSD-3-Clause */
/* barspan dump: a region's bytes in hex. It reads registers, so the user has to
 * confirm it. */
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

/* Small enough to show the progress of a slow device, and to leave all writing
 * to tool_flush(). */
enum { CHUNK = 4096 };

struct dump {
	struct access access;
	uint64_t length;
	bool whole; /* OFFSET and LENGTH are not given */
	bool all;   /* also print lines that equal the one before */
	bool yes;
};

static const struct argp_option options[] = {
	{ "yes", 'y', NULL, 0, "Do not ask: reading can have side effects on the device", 0 },
	{ "no-squeezing", 'v', NULL, 0,
	  "Print every line; do not replace lines that equal the one before by a *", 0 },
	{ 0 },
};

static void parse_argument(struct dump *dump, char *argument, struct argp_state *state)
{
	if (state->arg_num < 3) {
		register_parse(&dump->access, state, argument);
		return;
	}
	if (state->arg_num > 3)
		argument_refuse_excess(state, argument);
	dump->length = argument_length(state, argument);
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
			argument_refuse_lack(state, "LENGTH");
		if (!dump->whole)
			register_parse_end(state);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* Returns EXIT_SUCCESS if registers may be read. */
static int confirm_reading(const struct dump *dump)
{
	int c, first;

	if (dump->yes)
		return EXIT_SUCCESS;
	tool_say("%s region %u: reading registers can have side effects on the device",
		 dump->access.target.text, dump->access.region);
	if (!isatty(STDIN_FILENO) || !isatty(STDERR_FILENO)) {
		tool_say("nothing was read: no terminal to ask on; expected --yes");
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
		/* End at an aligned offset: this splits no register. */
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
		.options = options,
		.parser = parse_option,
		.args_doc = "DEVICE REGION [OFFSET LENGTH]",
		.doc = "Print a region, or LENGTH bytes of it at OFFSET, in hex, holes included. "
		       "Reading registers can have side effects on the device: without --yes, "
		       "barspan asks on the terminal; if there is none, it reads nothing.\v" TARGET_HELP
			       TARGET_REGION_HELP,
	};
	struct dump dump = { .length = 0 };

	if (argument_parse(&argp, argc, argv, 0, &dump))
		return EXIT_FAILURE;
	return run_dump(&dump);
}
