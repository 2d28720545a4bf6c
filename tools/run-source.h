/* SPDX-License-Identifier: BSD-3-Clause */
/* Symbols and source lines of instructions, from elfutils' libdw. In a build
 * without libdw there are none. */
#ifndef RUN_SOURCE_H
#define RUN_SOURCE_H

#include "trap/table.h"
#include "trap/text.h"

struct run_source;

/* NULL: no memory, or no libdw. */
struct run_source *run_source_open(const struct table *table);
void run_source_close(struct run_source *source);

/* Adds " SYMBOL+0xOFFSET FILE:LINE" to the text of a row, or the parts of it
 * that the program's files have. `context` is a struct run_source, or NULL. */
void run_source_annotate(void *context, struct text *text, const struct table_row *row);

#endif
