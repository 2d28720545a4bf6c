/* SPDX-License-Identifier: BSD-3-Clause */
#include "trap/memcheck.h"

#include <barspan/guard.h>

#include "compat/private.h"

#if __has_include(<valgrind/memcheck.h>)
#include <valgrind/memcheck.h>

bool memcheck_is_there(void)
{
	return RUNNING_ON_VALGRIND;
}

/* Reports the holes that are in a range. */
static void announce(const struct registry_range *range, bool trapped)
{
	const struct barspan_guard_ *guard = barspan_table_(range->span);
	uint64_t end = range->offset + (range->end - range->start);

	for (uint32_t i = 0; i < guard->n_extents; i++) {
		uint64_t from = guard->entries[i].start, to = guard->entries[i + 1].start;

		if (from < range->offset)
			from = range->offset;
		if (to > end)
			to = end;
		if (guard->entries[i].reason == BARSPAN_REASON_NONE || from >= to)
			continue;
		if (trapped)
			VALGRIND_MAKE_MEM_DEFINED(range->start + (from - range->offset), to - from);
		else
			VALGRIND_MAKE_MEM_NOACCESS(range->start + (from - range->offset),
						   to - from);
	}
}

/* Reports the holes of `span`, or of all spans if it is NULL. */
static void announce_all(const struct barspan *span, bool trapped)
{
	struct registry_range range;

	for (uintptr_t at = 0; !barspan_registry_overlap_(&range, at, UINTPTR_MAX); at = range.end)
		if (!span || range.span == span)
			announce(&range, trapped);
}

static void on_change(const struct barspan *span)
{
	announce_all(span, true);
}

void memcheck_set_trapped(bool trapped)
{
	if (!memcheck_is_there())
		return;
	/* Install the watcher before visiting the spans, so none is missed. */
	barspan_watch_(trapped ? on_change : NULL);
	announce_all(NULL, trapped);
}

#else

bool memcheck_is_there(void)
{
	return false;
}

void memcheck_set_trapped(bool trapped)
{
	(void)trapped;
}

#endif
