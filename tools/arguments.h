/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Command lines, for all subcommands. A usage error is a message with the name
 * of the argument, its value and the values that are expected; the program then
 * ends with EXIT_USAGE.
 */
#ifndef ARGUMENTS_H
#define ARGUMENTS_H

#include <argp.h>
#include <stdint.h>

/* Parses a command line with the options of `argp` and those that each command
 * has: --help, --usage and --version, which end the program. Returns 0 or an
 * errno value. */
error_t argument_parse(const struct argp *argp, int argc, char **argv, unsigned int flags,
		       void *input);

/* Each converts one argument. */
uint64_t argument_number(struct argp_state *state, const char *name, const char *text);
uint64_t argument_length(struct argp_state *state, const char *text);
unsigned int argument_region(struct argp_state *state, const char *text);
unsigned int argument_width(struct argp_state *state, const char *text);
uint64_t argument_value(struct argp_state *state, const char *text, unsigned int width);

/* Refuses an argument after the last one that the command takes. */
void argument_refuse_excess(struct argp_state *state, const char *text);

/* Refuses a command line without an argument that the command needs. */
void argument_refuse_lack(struct argp_state *state, const char *name);

#endif
