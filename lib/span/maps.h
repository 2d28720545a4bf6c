/* SPDX-License-Identifier: BSD-3-Clause */
/* The kernel's list of this process's mappings, /proc/thread-self/maps:
 * /proc/self is a zombie's once the main thread has called pthread_exit().
 * Format: proc(5). */
#ifndef MAPS_H
#define MAPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Whether one mapping has all of [start, end). False where the list cannot be
 * read. */
bool maps_has_one(uintptr_t start, uintptr_t end);

/* Whether one mapping that is left out of core dumps has all of [start, end):
 * "dd" in /proc/thread-self/smaps. */
bool maps_is_marked(uintptr_t start, uintptr_t end);

/* The mappings in a range as they were, to be compared with later. */
struct maps_snapshot {
	uintptr_t start, end;
	/* kept open: a process may have no descriptor left when it is to
	 * compare; -1: none */
	int fd;
	/* of each mapping its part of the range, access, file and file
	 * offset */
	char *text;
	size_t length, lines;
};

/* Or the error of reading the list; -ENOMEM. */
int maps_snapshot_take(struct maps_snapshot *out, uintptr_t start, uintptr_t end);

typedef void maps_visitor(void *context, uintptr_t start, uintptr_t end, bool is_file);

/* Calls `visit` for each mapping's part of the range that is as it was, in
 * ascending order. Takes no memory. 0, or the error of reading the list. */
int maps_snapshot_unchanged(const struct maps_snapshot *snapshot, maps_visitor *visit,
			    void *context);

void maps_snapshot_drop(struct maps_snapshot *snapshot);

#endif
