/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The counts of all processes that a command starts: a memory file that each of
 * them maps. They inherit a descriptor of it, and find it by the environment.
 *
 * Who has the descriptor or the mapping has a shared lock (flock(2)), which
 * ends with the last of both, however the process ends. An exclusive lock tells
 * that nobody is left.
 */
#ifndef RUN_COUNTS_H
#define RUN_COUNTS_H

#include <stdbool.h>

#include "trap/table.h"

struct run_counts {
	int fd;	    /* close-on-exec */
	int shared; /* for the command; -1: given away */
};

/* Makes an empty file, and names it in the environment. `timed`: have the time
 * taken. 0 or -errno, with nothing left open. */
int run_counts_open(struct run_counts *counts, bool timed);

/* To be called when the command has its descriptor. */
void run_counts_give(struct run_counts *counts);

/* Whether any process may still count. */
bool run_counts_used(const struct run_counts *counts);

/* Waits until none does. */
void run_counts_await(const struct run_counts *counts);

/* A copy of the counts, for free(3), with everything in it that a program can
 * have damaged put right; NULL: no memory. */
struct table *run_counts_copy(const struct run_counts *counts);

/* Puts the numbers and strings of a table right: rows that are no rows are
 * dropped. */
void run_counts_check(struct table *table);

#endif
