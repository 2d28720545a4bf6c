/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The counts of all processes that a command starts: a memory file that each of
 * them maps. They inherit a descriptor of it, and find it by the environment.
 *
 * A process that has the descriptor or the mapping holds a shared lock
 * (flock(2)). The lock ends with the last of both, however the process ends. An
 * exclusive lock can be taken once no process is left.
 */
#ifndef RUN_COUNTS_H
#define RUN_COUNTS_H

#include <stdbool.h>

#include "trap/table.h"

struct run_counts {
	int fd;	    /* close-on-exec */
	int shared; /* for the command; -1 once the command has it */
};

/* Makes an empty file, and names it in the environment. `timed`: measure the
 * time in the trap. Returns 0, or -errno with nothing left open. */
int run_counts_open(struct run_counts *counts, bool timed);

/* Call this when the command has its descriptor. */
void run_counts_give(struct run_counts *counts);

/* Whether any process may still count. */
bool run_counts_used(const struct run_counts *counts);

/* Waits until no process does. */
void run_counts_await(const struct run_counts *counts);

/* Returns a copy of the counts that passed run_counts_check(); release it with
 * free(3). NULL: no memory. */
struct table *run_counts_copy(const struct run_counts *counts);

/* Repairs a table that a program may have damaged: ends strings, and drops
 * invalid rows and registers. */
void run_counts_check(struct table *table);

#endif
