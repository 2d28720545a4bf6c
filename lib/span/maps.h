/* SPDX-License-Identifier: BSD-3-Clause */
/* The kernel's list of this process's mappings. Format: proc(5). It reads
 * /proc/thread-self/maps, since /proc/self is a zombie's after the main thread
 * has called pthread_exit(). */
#ifndef MAPS_H
#define MAPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Whether one mapping contains all of [start, end). False if the list cannot be
 * read. */
bool maps_has_one(uintptr_t start, uintptr_t end);

/* Whether one mapping that is excluded from core dumps ("dd" in
 * /proc/thread-self/smaps) contains all of [start, end). */
bool maps_is_marked(uintptr_t start, uintptr_t end);

/* A record of the mappings in a range, to compare with later. */
struct maps_snapshot {
	uintptr_t start, end;
	/* kept open, since no descriptor may be left when the comparison is
	 * made; -1: none */
	int fd;
	/* a line for each mapping: its part of the range, access, file and file
	 * offset */
	char *text;
	size_t length, lines;
};

/* -ENOMEM, or the error of reading the list. */
int maps_snapshot_take(struct maps_snapshot *out, uintptr_t start, uintptr_t end);

typedef void maps_visitor(void *context, uintptr_t start, uintptr_t end, bool is_file);

/* Calls `visit` for the part of the range in each unchanged mapping, in
 * ascending order. Does not allocate. 0, or the error of reading the list. */
int maps_snapshot_unchanged(const struct maps_snapshot *snapshot, maps_visitor *visit,
			    void *context);

void maps_snapshot_drop(struct maps_snapshot *snapshot);

#endif
