/* SPDX-License-Identifier: BSD-3-Clause */
#include "layout/interval.h"

#include <stdlib.h>

static int compare_starts(const void *left, const void *right)
{
	const struct interval *a = left, *b = right;

	return (a->start > b->start) - (a->start < b->start);
}

/* Kernels usually report areas in order. */
static bool is_sorted(const struct interval *list, size_t n)
{
	for (size_t i = 1; i < n; i++)
		if (list[i - 1].start > list[i].start)
			return false;
	return true;
}

size_t interval_normalise(struct interval *list, size_t n, uint64_t *overlap)
{
	uint64_t first = UINT64_MAX;
	size_t kept = 0;

	if (!is_sorted(list, n))
		qsort(list, n, sizeof(*list), compare_starts);
	for (size_t i = 0; i < n; i++) {
		if (list[i].start >= list[i].end)
			continue;
		if (!kept || list[i].start > list[kept - 1].end) {
			list[kept++] = list[i];
			continue;
		}
		if (list[i].start < list[kept - 1].end && list[i].start < first)
			first = list[i].start;
		if (list[i].end > list[kept - 1].end)
			list[kept - 1].end = list[i].end;
	}
	if (overlap)
		*overlap = first;
	return kept;
}

bool interval_contains(const struct interval *list, size_t n, uint64_t start, uint64_t end)
{
	while (n) {
		const struct interval *middle = &list[n / 2];

		if (start < middle->start) {
			n /= 2;
		} else if (start >= middle->end) {
			list = middle + 1;
			n -= n / 2 + 1;
		} else {
			return end <= middle->end;
		}
	}
	return false;
}

bool interval_walk_has(struct interval_walk *walk, uint64_t at)
{
	while (walk->n && walk->list->end <= at) {
		walk->list++;
		walk->n--;
	}
	return walk->n && walk->list->start <= at;
}

uint64_t interval_walk_edge(struct interval_walk *walk, uint64_t at)
{
	if (interval_walk_has(walk, at))
		return walk->list->end;
	return walk->n ? walk->list->start : UINT64_MAX;
}
