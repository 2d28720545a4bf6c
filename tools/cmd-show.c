/* SPDX-License-Identifier: BSD-3-Clause */
/* barspan show: regions and their layout. Maps regions, touches no register. */
#include <argp.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "arguments.h"
#include "command.h"
#include "json.h"
#include "report.h"
#include "svg.h"
#include "target.h"
#include "terminal.h"
#include "tool.h"

/* The most regions that a device of the library can have. Indexes may have
 * gaps. */
enum { MAX_REGIONS = 256 };

struct show {
	struct target target;
	bool one; /* show `region` alone */
	unsigned int region;
	bool json;
	const char *svg; /* output file; "-" is standard output */
	struct survey *surveys;
	size_t n;
	int status;
};

static const struct argp_option options[] = {
	{ "region", 'r', "REGION", 0, "Show only this region", 0 },
	{ "json", 'j', NULL, 0, "Print JSON, with sizes and offsets in bytes", 0 },
	{ "svg", 's', "FILE", 0,
	  "Write an SVG picture to FILE, standard output if FILE is -, and print no text", 0 },
	{ 0 },
};

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
	struct show *show = state->input;

	switch (key) {
	case 'r':
		show->region = argument_region(state, argument);
		show->one = true;
		return 0;
	case 'j':
		show->json = true;
		return 0;
	case 's':
		show->svg = argument;
		return 0;
	case ARGP_KEY_ARG:
		if (state->arg_num)
			argument_refuse_excess(state, argument);
		target_parse(&show->target, state, argument);
		return 0;
	case ARGP_KEY_NO_ARGS:
		argument_refuse_lack(state, "DEVICE");
		return 0;
	case ARGP_KEY_END:
		if (show->json && show->svg && !strcmp(show->svg, "-"))
			argp_error(state, "--svg=-: standard output is taken by --json; "
					  "expected a file");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static int add_survey(struct show *show, struct barspan_device *device, unsigned int index)
{
	struct survey *grown = realloc(show->surveys, (show->n + 1) * sizeof(*grown));
	int r;

	if (!grown)
		return -ENOMEM;
	show->surveys = grown;
	r = survey_region(&grown[show->n], device, index);
	if (!r)
		show->n++;
	return r;
}

/* Shows the other regions even if one fails. */
static void survey_all(struct show *show, struct barspan_device *device)
{
	for (unsigned int index = 0; index < MAX_REGIONS; index++) {
		struct barspan_region region;
		int r;

		tool_hold_log();
		r = barspan_device_region(device, index, &region);
		tool_release_log(r && r != -ENOENT);
		if (r == -ENOENT || (!r && !region.size))
			continue;
		if (!r)
			r = add_survey(show, device, index);
		if (r)
			show->status =
				tool_fail(r, "%s region %u: cannot map", show->target.text, index);
	}
}

static void survey_one(struct show *show, struct barspan_device *device)
{
	int r = add_survey(show, device, show->region);

	if (r)
		show->status =
			tool_fail(r, "%s region %u: cannot map", show->target.text, show->region);
}

static int print_json(const struct show *show)
{
	json_t *list = json_array();

	for (size_t i = 0; i < show->n; i++)
		if (json_array_append_new(list, json_survey(&show->surveys[i]))) {
			json_decref(list);
			list = NULL;
			break;
		}
	return json_print(json_pack("{s:s, s:o}", "device", show->target.text, "regions", list));
}

static int print_text(const struct show *show)
{
	struct picture_style style = { terminal_width(), terminal_unicode() };

	printf("%s\n", show->target.text);
	for (size_t i = 0; i < show->n; i++) {
		int r;

		putchar('\n');
		r = report_region(stdout, &show->surveys[i], &style);
		if (r)
			return tool_fail(r, "%s region %u: cannot draw", show->target.text,
					 show->surveys[i].index);
	}
	if (!show->n)
		printf("\nno region\n");
	return tool_flush() ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int write_svg(const struct show *show)
{
	int r;

	if (!strcmp(show->svg, "-")) {
		svg_print(stdout, show->target.text, show->surveys, show->n);
		return tool_flush() ? EXIT_SUCCESS : EXIT_FAILURE;
	}
	r = svg_write(show->svg, show->target.text, show->surveys, show->n);
	return r ? tool_fail(r, "%s: cannot write", show->svg) : EXIT_SUCCESS;
}

/* Keeps the first failure. */
static void note_status(struct show *show, int status)
{
	if (!show->status)
		show->status = status;
}

static int run_show(struct show *show)
{
	struct barspan_device *device;

	if (target_open(&show->target, &device))
		return EXIT_FAILURE;
	if (show->one)
		survey_one(show, device);
	else
		survey_all(show, device);
	if (show->n || !show->status) {
		if (show->svg)
			note_status(show, write_svg(show));
		if (show->json)
			note_status(show, print_json(show));
		if (!show->svg && !show->json)
			note_status(show, print_text(show));
	}
	for (size_t i = 0; i < show->n; i++)
		survey_free(&show->surveys[i]);
	free(show->surveys);
	barspan_device_close(device);
	return show->status;
}

int cmd_show(int argc, char **argv)
{
	static const struct argp argp = {
		.options = options,
		.parser = parse_option,
		.args_doc = "DEVICE",
		.doc = "Show each region of DEVICE: size, flags, the parts that are mapped "
		       "(direct), and the holes with their reasons. Maps the regions, touches no "
		       "register.\v" TARGET_HELP TARGET_REGION_HELP,
	};
	struct show show = { .status = EXIT_SUCCESS };

	if (argument_parse(&argp, argc, argv, 0, &show))
		return EXIT_FAILURE;
	return run_show(&show);
}
