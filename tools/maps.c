/* SPDX-License-Identifier: BSD-3-Clause */
#include "maps.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

int maps_find(struct mapping *out, size_t capacity, size_t *n, uintptr_t start, uintptr_t end)
{
	FILE *file = fopen("/proc/self/maps", "re");
	char line[8192];

	if (!file)
		return -errno;
	*n = 0;
	while (*n < capacity && fgets(line, sizeof(line), file)) {
		struct mapping *mapping = &out[*n];

		if (sscanf(line, "%" SCNxPTR "-%" SCNxPTR " %4s", &mapping->start, &mapping->end,
			   mapping->access) != 3)
			continue;
		if (mapping->end <= start || mapping->start >= end)
			continue;
		line[strcspn(line, "\n")] = '\0';
		snprintf(mapping->text, sizeof(mapping->text), "%.199s", line);
		(*n)++;
	}
	fclose(file);
	return 0;
}
