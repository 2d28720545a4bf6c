/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The structure of guard tables, and the bodies of queries. Names that end in
 * an underscore are not for callers. They may change with the library's soname.
 */
#ifndef BARSPAN_INLINE_GUARD_H
#define BARSPAN_INLINE_GUARD_H

#include <barspan/guard.h>

BARSPAN_BEGIN_DECLS_

/* An extent. It ends where the next entry starts; the last entry marks the end
 * of the span. */
struct barspan_entry_ {
	uint64_t start;
	/* of a direct extent: the byte at offset o has address base + o */
	uintptr_t base;
	uint32_t reason; /* BARSPAN_REASON_NONE: direct */
};

/*
 * A slice of a span: `first` is the index of the extent at its start, and more
 * >> 1 is the number of extents that start inside it.
 */
struct barspan_slot_ {
	uint32_t first;
	uint32_t more;
};

/*
 * `more` of a slice in which every byte, and every aligned access of up to 8
 * bytes, is direct at the table's base.
 */
#define BARSPAN_PLAIN_SLICE_ 1u

/*
 * A guard table, followed by its slots. A published table does not change, and
 * lives as long as its span.
 */
struct barspan_guard_ {
	uint64_t length;   /* of the span */
	uint64_t read_end; /* the length, or 0 if prot forbids reading */
	uint64_t write_end;
	const struct barspan_entry_ *entries;
	uintptr_t base; /* of the largest direct extent */
	uint32_t shift; /* a slice has 1 << shift bytes */
	uint32_t n_slots;
	uint32_t n_extents;
};

/* The public part of a span; the library's part follows it. */
struct barspan {
	/* atomic; for inline code: of length 0 if addresses were detached */
	const struct barspan_guard_ *guard_;
	const struct barspan_guard_ *table_; /* atomic; the newest */
};

BARSPAN_HELPER_ const struct barspan_guard_ *barspan_guard_of_(const struct barspan *span)
{
	return __atomic_load_n(&span->guard_, __ATOMIC_ACQUIRE);
}

BARSPAN_HELPER_ const struct barspan_slot_ *barspan_slots_(const struct barspan_guard_ *guard)
{
	return (const struct barspan_slot_ *)(guard + 1);
}

/* The entry of the extent that contains `offset`, which must be inside the
 * span. */
BARSPAN_HELPER_ const struct barspan_entry_ *barspan_entry_at_(const struct barspan_guard_ *guard,
							       uint64_t offset)
{
	const struct barspan_slot_ *slot = &barspan_slots_(guard)[offset >> guard->shift];
	const struct barspan_entry_ *entry = &guard->entries[slot->first];

	/*
	 * No branch depends on the offset, since processors cannot predict it.
	 * If the number of entries is even, one is compared twice, which is
	 * harmless.
	 */
	for (uint32_t rest = slot->more >> 1; rest; rest /= 2) {
		size_t half = rest - rest / 2;

		entry += half & -(size_t)(entry[half].start <= offset);
	}
	return entry;
}

/* Whether a range that starts in the extent is direct and ends in it. Without a
 * branch, as above. An empty range is not: length - 1 wraps to the maximum. */
BARSPAN_HELPER_ bool barspan_all_direct_(const struct barspan_entry_ *entry, uint64_t offset,
					 uint64_t length)
{
	return (entry->reason == BARSPAN_REASON_NONE) & (length - 1 < entry[1].start - offset);
}

/* The address of a range that is all direct, else 0. */
BARSPAN_HELPER_ uintptr_t barspan_address_(const struct barspan_guard_ *guard, uint64_t offset,
					   uint64_t length)
{
	const struct barspan_entry_ *entry;

	if (offset >= guard->length)
		return 0;
	entry = barspan_entry_at_(guard, offset);
	return barspan_all_direct_(entry, offset, length) ? entry->base + (uintptr_t)offset : 0;
}

/* The slow path for offsets past the end of the table. The table of a span that
 * has lost addresses has length 0. */
__attribute__((cold)) bool barspan_is_direct_slow_(const struct barspan *span, uint64_t offset,
						   uint64_t length);
__attribute__((cold)) volatile void *barspan_pointer_slow_(const struct barspan *span,
							   uint64_t offset, uint64_t length);
__attribute__((cold)) int barspan_extent_at_slow_(const struct barspan *span, uint64_t offset,
						  struct barspan_extent *out);

BARSPAN_INLINE_ bool barspan_is_direct(const struct barspan *span, uint64_t offset, uint64_t length)
{
	const struct barspan_guard_ *guard = barspan_guard_of_(span);

	if (__builtin_expect(offset >= guard->length, 0))
		return barspan_is_direct_slow_(span, offset, length);
	return barspan_all_direct_(barspan_entry_at_(guard, offset), offset, length);
}

BARSPAN_INLINE_ volatile void *barspan_pointer(const struct barspan *span, uint64_t offset,
					       uint64_t length)
{
	const struct barspan_guard_ *guard = barspan_guard_of_(span);

	if (__builtin_expect(offset >= guard->length, 0))
		return barspan_pointer_slow_(span, offset, length);
	return (volatile void *)barspan_address_(guard, offset, length);
}

BARSPAN_HELPER_ void barspan_extent_of_(const struct barspan_entry_ *entry,
					struct barspan_extent *out)
{
	out->offset = entry->start;
	out->length = entry[1].start - entry->start;
	out->kind = entry->reason == BARSPAN_REASON_NONE ? BARSPAN_DIRECT : BARSPAN_HOLE;
	out->reason = (enum barspan_reason)entry->reason;
}

BARSPAN_INLINE_ int barspan_extent_at(const struct barspan *span, uint64_t offset,
				      struct barspan_extent *out)
{
	const struct barspan_guard_ *guard = barspan_guard_of_(span);

	if (__builtin_expect(offset >= guard->length, 0))
		return barspan_extent_at_slow_(span, offset, out);
	barspan_extent_of_(barspan_entry_at_(guard, offset), out);
	return 0;
}

BARSPAN_END_DECLS_

#endif
