/* SPDX-License-Identifier: BSD-3-Clause */
/* A progress line on stderr, for a long operation. */
#ifndef PROGRESS_H
#define PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

struct progress {
	uint64_t total;
	int64_t next_ms; /* time of the next update */
	bool wanted;	 /* stderr is a terminal, and stdout is not */
	bool shown;
};

void progress_start(struct progress *progress, uint64_t total);

/* Prints the part that is done: after the first second, five times a second, if
 * stderr is a terminal. If stdout is a terminal too, the output itself shows
 * the progress. */
void progress_show(struct progress *progress, uint64_t done);

/* Clears the line. */
void progress_end(struct progress *progress);

#endif
