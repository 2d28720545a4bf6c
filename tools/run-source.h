/* SPDX-License-Identifier: BSD-3-Clause */
/* Symbols and source lines of instructions, by elfutils' libdw; without it
 * there are none. */
#ifndef RUN_SOURCE_H
#define RUN_SOURCE_H

#include "trap/table.h"
#include "trap/text.h"

struct run_source;

/* NULL: there is nothing to be told. */
struct run_source *run_source_open(const struct table *table);
void run_source_close(struct run_source *source);

/* Adds " SYMBOL+0xOFFSET FILE:LINE" to the text of a row, as far as the files
 * that its process ran know. `context` is a struct run_source, or NULL. */
void run_source_annotate(void *context, struct text *text, const struct table_row *row);

#endif
