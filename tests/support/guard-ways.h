/* SPDX-License-Identifier: BSD-3-Clause */
/* What the inline parts of <barspan/guard.h> and <barspan/io.h> do, for tests to look at. */
#ifndef GUARD_WAYS_H
#define GUARD_WAYS_H

#include <barspan/io.h>

/* How many slots and entries a query looks at: what barspan_entry_at_() does, counted. */
static inline unsigned int guard_ways_steps(const struct barspan_guard_ *guard, uint64_t offset)
{
	const struct barspan_slot_ *slot = &barspan_slots_(guard)[offset >> guard->shift];
	unsigned int n = 1;

	for (; slot->more & BARSPAN_CUT_; n++)
		slot = barspan_inner_slot_(guard, slot, offset);
	for (uint32_t rest = slot->more >> 8; rest; rest /= 2)
		n++;
	return n;
}

/* Whether a read of 8 bytes, aligned, takes the first or the second short way: main extent, or a slice that is direct
 * at the main base. */
static inline bool guard_ways_first(const struct barspan *span, uint64_t offset)
{
	return offset - span->main_start_ < span->main_read_;
}

static inline bool guard_ways_second(const struct barspan *span, uint64_t offset)
{
	return barspan_all_main_(span->guard_, span->guard_->read_end, offset);
}

/* Whether what the short ways do with the aligned 8 bytes around an offset is what the table says of them. */
static inline bool guard_ways_agree(const struct barspan *span, uint64_t offset)
{
	uint64_t start = offset & ~UINT64_C(7);

	if (!guard_ways_first(span, start) && !guard_ways_second(span, start))
		return true;
	return (uintptr_t)barspan_pointer(span, start, 8) == span->main_base_ + (uintptr_t)start;
}

#endif
