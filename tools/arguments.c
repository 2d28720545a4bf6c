/* SPDX-License-Identifier: BSD-3-Clause */
#include "arguments.h"

#include "parse.h"

static void refuse_argument(struct argp_state *state, const char *name, const char *text,
			    const char *complaint)
{
	if (complaint)
		argp_error(state, "%s '%s': %s", name, text, complaint);
}

uint64_t argument_number(struct argp_state *state, const char *name, const char *text)
{
	uint64_t value = 0;

	refuse_argument(state, name, text, parse_number(&value, text));
	return value;
}

unsigned int argument_region(struct argp_state *state, const char *text)
{
	unsigned int index = 0;

	refuse_argument(state, "REGION", text, parse_region(&index, text));
	return index;
}

unsigned int argument_width(struct argp_state *state, const char *text)
{
	unsigned int width = 0;

	refuse_argument(state, "WIDTH", text, parse_width(&width, text));
	return width;
}

uint64_t argument_value(struct argp_state *state, const char *text, unsigned int width)
{
	uint64_t value = 0;

	refuse_argument(state, "VALUE", text, parse_value(&value, text, width));
	return value;
}
