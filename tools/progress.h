/* SPDX-License-Identifier: BSD-3-Clause */
/* How far something is that takes long, on stderr. */
#ifndef PROGRESS_H
#define PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

struct progress {
	uint64_t total;
	int64_t next_ms; /* when to say something */
	bool wanted;	 /* somebody watches */
	bool shown;
};

void progress_start(struct progress *progress, uint64_t total);

/* Says how much is done, after the first second, a few times a second, if
 * stderr is a terminal. When stdout is one, too, what is printed there is
 * progress enough. */
void progress_show(struct progress *progress, uint64_t done);

/* Takes the line away. */
void progress_end(struct progress *progress);

#endif
