/* SPDX-License-Identifier: BSD-3-Clause */
/* White-box queries of the inline functions in <barspan/guard.h> and
 * <barspan/io.h>. */
#ifndef GUARD_WAYS_H
#define GUARD_WAYS_H

#include <barspan/io.h>

/* The number of entries that a query compares: the iterations of the loop in
 * barspan_entry_at_(). */
static inline unsigned int guard_ways_steps(const struct barspan_guard_ *guard, uint64_t offset)
{
	const struct barspan_slot_ *slot = &barspan_slots_(guard)[offset >> guard->shift];
	unsigned int n = 0;

	for (uint32_t rest = slot->more >> 1; rest; rest /= 2)
		n++;
	return n;
}

/* Whether aligned reads, or writes, at an offset take the fast path. */
static inline bool guard_ways_fast_read(const struct barspan *span, uint64_t offset)
{
	return barspan_is_plain_slice_(span->guard_, span->guard_->read_end, offset);
}

static inline bool guard_ways_fast_write(const struct barspan *span, uint64_t offset)
{
	return barspan_is_plain_slice_(span->guard_, span->guard_->write_end, offset);
}

/* Whether the fast path and the table give the same address for aligned
 * accesses of each width around an offset. */
static inline bool guard_ways_agree(const struct barspan *span, uint64_t offset)
{
	for (uint64_t width = 1; width <= 8; width *= 2) {
		uint64_t start = offset & ~(width - 1);
		uintptr_t fast = span->guard_->base + (uintptr_t)start;

		if (guard_ways_fast_read(span, start) &&
		    (uintptr_t)barspan_pointer(span, start, width) != fast)
			return false;
	}
	return true;
}

#endif
