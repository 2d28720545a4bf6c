/* SPDX-License-Identifier: BSD-3-Clause */
/* Formats a report from a table of counts. The library writes the report of its
 * own process; the program `barspan` writes one for the processes that it has
 * started. Safe in signal handlers. */
#ifndef TRAP_ROWS_H
#define TRAP_ROWS_H

#include <stddef.h>
#include <stdint.h>

#include "trap/table.h"
#include "trap/text.h"

struct rows_sums {
	uint64_t places, accesses; /* lines of the report, and their counts */
	uint64_t left_out;	   /* accesses whose counts were displaced by others */
};

/* Memory for sorting rows and for one line. It is too large for the stack of a
 * signal handler. */
struct rows {
	const struct table *table;
	struct rows_sums sums;
	size_t n;
	uint16_t order[TABLE_ROWS];
	uint64_t groups[TABLE_ROWS]; /* of a row: the accesses of its instruction to holes */
	struct text text;
};

struct rows_output {
	int fd;
	/* Adds symbol and source line to a line; may be NULL. */
	void (*annotate)(void *context, struct text *text, const struct table_row *row);
	void *context;
};

/* Sorts the rows of a table by process, then by the number of accesses of their
 * instruction to holes. */
void rows_sort(struct rows *rows, const struct table *table);

/* Writes the sorted rows. 0 or -errno. */
int rows_write(struct rows *rows, const struct rows_output *output);

#endif
