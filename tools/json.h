/* SPDX-License-Identifier: BSD-3-Clause */
/* JSON forms of extents and surveys. Each function returns NULL if memory runs
 * out; json_pack() and json_print() accept that as an argument. */
#ifndef JSON_H
#define JSON_H

#include <stdint.h>

#include <jansson.h>

#include "survey.h"

json_t *json_number(uint64_t number);
json_t *json_extent(const struct barspan_extent *extent);
json_t *json_survey(const struct survey *survey);

/* Writes the value to stdout and releases it. Returns an exit status. */
int json_print(json_t *json);

#endif
