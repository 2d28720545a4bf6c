/* SPDX-License-Identifier: BSD-3-Clause */
/* JSON of what the subcommands show. All return NULL when memory runs out, and
 * take NULL for an answer. */
#ifndef JSON_H
#define JSON_H

#include <stdint.h>

#include <jansson.h>

#include "survey.h"

json_t *json_number(uint64_t number);
json_t *json_extent(const struct barspan_extent *extent);
json_t *json_survey(const struct survey *survey);

/* Writes it to stdout and gives it up; returns an exit status. */
int json_print(json_t *json);

#endif
