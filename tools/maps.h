/* SPDX-License-Identifier: BSD-3-Clause */
/* Lines of /proc/self/maps. */
#ifndef MAPS_H
#define MAPS_H

#include <stddef.h>
#include <stdint.h>

struct mapping {
	uintptr_t start, end;
	char access[5]; /* "rw-s" */
	char text[200]; /* the line */
};

/* Finds the mappings that overlap [start, end), at most `capacity`. Returns 0
 * or a negative errno value. */
int maps_find(struct mapping *out, size_t capacity, size_t *n, uintptr_t start, uintptr_t end);

#endif
