/* SPDX-License-Identifier: BSD-3-Clause */
/* barspan show: regions and their layout. Maps them, and touches no
 * register. */
#include <argp.h>
#include <errno.h>
#include <stdlib.h>

#include "arguments.h"
#include "command.h"
#include "json.h"
#include "report.h"
#include "svg.h"
#include "target.h"
#include "terminal.h"
#include "tool.h"

/* As many regions as the library's devices can have; they need not be without
 * gaps. */
enum { MAX_REGIONS = 256 };

struct show {
	struct target target;
	bool one; /* only this region */
	unsigned int region;
	bool json;
	const char *svg; /* file to write */
	struct survey *surveys;
	size_t n;
	int status;
};

static const struct argp_option options[] = {
	{ "region", 'r', "REGION", 0, "Show only this region", 0 },
	{ "json", 'j', NULL, 0, "Print JSON, sizes and offsets as numbers of bytes", 0 },
	{ "svg", 's', "FILE", 0, "Write a picture for a document to FILE", 0 },
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
			argp_error(state, "'%s': one argument too many", argument);
		target_parse(&show->target, state, argument);
		return 0;
	case ARGP_KEY_NO_ARGS:
		argp_error(state, "DEVICE is missing");
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

/* A region that fails does not keep the others from being shown. */
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
			show->status = tool_fail(r, "cannot map region %u of %s", index,
						 show->target.text);
	}
}

static void survey_one(struct show *show, struct barspan_device *device)
{
	int r = add_survey(show, device, show->region);

	if (r)
		show->status =
			tool_fail(r, "cannot map region %u of %s", show->region, show->target.text);
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
			return tool_fail(r, "cannot draw region %u of %s", show->surveys[i].index,
					 show->target.text);
	}
	if (!show->n)
		printf("\nno region\n");
	return tool_flush() ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int write_svg(const struct show *show)
{
	int r = svg_write(show->svg, show->target.text, show->surveys, show->n);

	return r ? tool_fail(r, "cannot write %s", show->svg) : EXIT_SUCCESS;
}

/* The first failure is the one that counts. */
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
		options,
		parse_option,
		"DEVICE",
		"Show each region of DEVICE: size, flags, what of it is mapped (direct), and which holes there are and "
		"why. Maps the regions and touches no register.\v" TARGET_HELP,
		NULL,
		NULL,
		NULL,
	};
	struct show show = { .status = EXIT_SUCCESS };

	if (argp_parse(&argp, argc, argv, 0, NULL, &show))
		return EXIT_FAILURE;
	return run_show(&show);
}
