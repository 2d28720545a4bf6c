/* SPDX-License-Identifier: BSD-3-Clause */
/* The text of a report, from a table of counts. The library writes it for its
 * own process, the program `barspan` for the processes that it has started.
 * Safe in signal handlers. */
#ifndef TRAP_ROWS_H
#define TRAP_ROWS_H

#include <stddef.h>
#include <stdint.h>

#include "trap/table.h"
#include "trap/text.h"

struct rows_sums {
	uint64_t places, accesses; /* lines of the report, and their counts */
	uint64_t left_out;	   /* accesses that had to make room for others */
};

/* Room to sort rows in, and for a line. Large: a handler must not have it on
 * its stack. */
struct rows {
	const struct table *table;
	struct rows_sums sums;
	size_t n;
	uint16_t order[TABLE_ROWS];
	uint64_t groups[TABLE_ROWS]; /* of a row: how often its instruction touched a hole */
	struct text text;
};

struct rows_output {
	int fd;
	/* Adds symbol and source line to a line; NULL: nothing does. */
	void (*annotate)(void *context, struct text *text, const struct table_row *row);
	void *context;
};

/* Puts a table's rows in the order of the report: by process, then instructions
 * by how often they touched a hole. */
void rows_sort(struct rows *rows, const struct table *table);

/* Writes what was sorted. 0 or -errno. */
int rows_write(struct rows *rows, const struct rows_output *output);

#endif
