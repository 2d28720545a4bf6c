/* SPDX-License-Identifier: BSD-3-Clause */
/* Arguments of subcommands. What makes no sense ends the program by
 * argp_error(), with the argument's name. */
#ifndef ARGUMENTS_H
#define ARGUMENTS_H

#include <argp.h>
#include <stdint.h>

uint64_t argument_number(struct argp_state *state, const char *name, const char *text);
unsigned int argument_region(struct argp_state *state, const char *text);
unsigned int argument_width(struct argp_state *state, const char *text);
uint64_t argument_value(struct argp_state *state, const char *text, unsigned int width);

#endif
