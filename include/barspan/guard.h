/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The guard table: which offsets of a span are mapped, which are holes, and why.
 *
 * Offsets count from the start of the span. Every query here is safe anywhere:
 * it takes no lock, allocates nothing, and never touches the device. It may be
 * called from signal handlers and from any thread, at the same time as
 * barspan_suspend() and barspan_resume(): it answers for the span as it is
 * before or after, never for a mixture.
 *
 * A query takes a few steps if areas lie evenly. It compares at most 17 extents
 * for 65,536 areas and as many holes, however they lie, and one more whenever
 * their number doubles. If barspan_munmap() has unmapped parts of a span, its
 * queries take a time linear in the number of these parts.
 */
#ifndef BARSPAN_GUARD_H
#define BARSPAN_GUARD_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <barspan/span.h>

#ifdef __cplusplus
extern "C" {
#endif

#pragma GCC visibility push(default)

/* Small functions whose bodies are here, for speed; those who cannot inline find them in the library, too. */
#if defined(__GNUC_GNU_INLINE__) && !defined(__cplusplus)
#define BARSPAN_INLINE_ extern inline __attribute__((gnu_inline, always_inline))	/* as in C before C99 */
#else
#define BARSPAN_INLINE_ inline __attribute__((always_inline))
#endif

enum barspan_kind {
	BARSPAN_DIRECT,		/* mapped: a load or store at base + offset reaches the device */
	BARSPAN_HOLE,		/* not mapped: needs a trapped access */
};

/* Why an extent is a hole. Where several reasons hold for a byte, the first of UNMAPPABLE, SPARSE, MSIX, REQUESTED and
 * PAGE is given. */
enum barspan_reason {
	BARSPAN_REASON_NONE,		/* it is direct */
	BARSPAN_REASON_SPARSE,		/* no area that the device advertises */
	BARSPAN_REASON_MSIX,		/* the MSI-X table, on a kernel that does not say it can be mapped */
	BARSPAN_REASON_PAGE,		/* could be mapped but for the rest of its page */
	BARSPAN_REASON_UNMAPPABLE,	/* the region cannot be mapped at all */
	BARSPAN_REASON_FAILED,		/* mapping it failed */
	BARSPAN_REASON_REQUESTED,	/* the caller wants it trapped */
	BARSPAN_REASON_SUSPENDED,	/* direct, once the span is resumed */
};

/* A maximal run of a span that is of one kind and one reason. */
struct barspan_extent {
	uint64_t offset;
	uint64_t length;
	enum barspan_kind kind;
	enum barspan_reason reason;
};

/* Whether bytes [offset, offset + length) are all direct, so that each can be reached at barspan_base() + its offset
 * with the access that the span's prot gives. A range that is empty or goes past the end is not. */
BARSPAN_INLINE_ bool barspan_is_direct(const struct barspan *span, uint64_t offset, uint64_t length);

/* The address of bytes [offset, offset + length) where they are all direct, else NULL. */
BARSPAN_INLINE_ volatile void *barspan_pointer(const struct barspan *span, uint64_t offset, uint64_t length);

/* How many extents the span has: at least one; they cover it without a gap, in the order of their offsets. Suspend and
 * resume may change it. */
size_t barspan_extent_count(const struct barspan *span);

/* The i-th extent. -ERANGE: there is no such extent. */
int barspan_extent_get(const struct barspan *span, size_t i, struct barspan_extent *out);

/* The extent in which `offset` lies. -ERANGE: it is past the end. */
BARSPAN_INLINE_ int barspan_extent_at(const struct barspan *span, uint64_t offset, struct barspan_extent *out);

/* A reason as one lower-case word: "none", "sparse", "msix", "page", "unmappable", "failed", "requested", "suspended".
 */
const char *barspan_reason_name(enum barspan_reason reason);

/*
 * From here on: what the inline functions need. Names that end in an underscore are not for callers, and what they
 * mean may change with the library's soname.
 */

/* An extent. It ends where the next entry starts; a last entry of no extent starts at the end of the span. */
struct barspan_entry_ {
	uint64_t start;
	uintptr_t base;		/* of a direct extent: the address of its byte at offset o is base + o */
	uint32_t reason;	/* BARSPAN_REASON_NONE: direct */
};

/*
 * One of the equal slices of a span: `first` is the extent at the slice's
 * start, and more >> 1 others start inside.
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
 * A guard table; its slots follow it. A published table never changes, and it
 * lives as long as its span.
 */
struct barspan_guard_ {
	uint64_t length;	/* of the span */
	uint64_t read_end;	/* the length, or 0 if prot forbids reading */
	uint64_t write_end;
	const struct barspan_entry_ *entries;
	uintptr_t base;		/* of the largest direct extent */
	uint32_t shift;		/* a slice is 1 << shift bytes */
	uint32_t n_slots;
	uint32_t n_extents;
};

/* The rest of a span is the library's own. */
struct barspan {
	const struct barspan_guard_ *guard_;	/* atomic; for inline code: of length 0 if some addresses were taken */
	const struct barspan_guard_ *table_;	/* atomic; the newest */
};

BARSPAN_INLINE_ const struct barspan_guard_ *barspan_guard_of_(const struct barspan *span)
{
	return __atomic_load_n(&span->guard_, __ATOMIC_ACQUIRE);
}

BARSPAN_INLINE_ const struct barspan_slot_ *barspan_slots_(const struct barspan_guard_ *guard)
{
	return (const struct barspan_slot_ *)(guard + 1);
}

/* The entry of the extent in which `offset`, which must be inside the span, lies. */
BARSPAN_INLINE_ const struct barspan_entry_ *barspan_entry_at_(const struct barspan_guard_ *guard, uint64_t offset)
{
	const struct barspan_slot_ *slot = &barspan_slots_(guard)[offset >> guard->shift];
	const struct barspan_entry_ *entry = &guard->entries[slot->first];

	/*
	 * No branch depends on the offset, since processors cannot predict it.
	 * If the number is even, one entry is compared twice, which does no
	 * harm.
	 */
	for (uint32_t rest = slot->more >> 1; rest; rest /= 2) {
		size_t half = rest - rest / 2;

		entry += half & -(size_t)(entry[half].start <= offset);
	}
	return entry;
}

/* Whether a range that starts in the extent is all in it, and direct. Without a branch, as above; of no byte,
 * length - 1 is more than there is. */
BARSPAN_INLINE_ bool barspan_all_direct_(const struct barspan_entry_ *entry, uint64_t offset, uint64_t length)
{
	return (entry->reason == BARSPAN_REASON_NONE) & (length - 1 < entry[1].start - offset);
}

/* The address of a range that is all direct, else 0. */
BARSPAN_INLINE_ uintptr_t barspan_address_(const struct barspan_guard_ *guard, uint64_t offset, uint64_t length)
{
	const struct barspan_entry_ *entry;

	if (offset >= guard->length)
		return 0;
	entry = barspan_entry_at_(guard, offset);
	return barspan_all_direct_(entry, offset, length) ? entry->base + (uintptr_t)offset : 0;
}

/* Queries of offsets past the end of the table. The table of a span that lost addresses has length 0. */
__attribute__((cold)) bool barspan_is_direct_slow_(const struct barspan *span, uint64_t offset, uint64_t length);
__attribute__((cold)) volatile void *barspan_pointer_slow_(const struct barspan *span, uint64_t offset,
							   uint64_t length);
__attribute__((cold)) int barspan_extent_at_slow_(const struct barspan *span, uint64_t offset,
						  struct barspan_extent *out);

BARSPAN_INLINE_ bool barspan_is_direct(const struct barspan *span, uint64_t offset, uint64_t length)
{
	const struct barspan_guard_ *guard = barspan_guard_of_(span);

	if (__builtin_expect(offset >= guard->length, 0))
		return barspan_is_direct_slow_(span, offset, length);
	return barspan_all_direct_(barspan_entry_at_(guard, offset), offset, length);
}

BARSPAN_INLINE_ volatile void *barspan_pointer(const struct barspan *span, uint64_t offset, uint64_t length)
{
	const struct barspan_guard_ *guard = barspan_guard_of_(span);

	if (__builtin_expect(offset >= guard->length, 0))
		return barspan_pointer_slow_(span, offset, length);
	return (volatile void *)barspan_address_(guard, offset, length);
}

BARSPAN_INLINE_ void barspan_extent_of_(const struct barspan_entry_ *entry, struct barspan_extent *out)
{
	out->offset = entry->start;
	out->length = entry[1].start - entry->start;
	out->kind = entry->reason == BARSPAN_REASON_NONE ? BARSPAN_DIRECT : BARSPAN_HOLE;
	out->reason = (enum barspan_reason)entry->reason;
}

BARSPAN_INLINE_ int barspan_extent_at(const struct barspan *span, uint64_t offset, struct barspan_extent *out)
{
	const struct barspan_guard_ *guard = barspan_guard_of_(span);

	if (__builtin_expect(offset >= guard->length, 0))
		return barspan_extent_at_slow_(span, offset, out);
	barspan_extent_of_(barspan_entry_at_(guard, offset), out);
	return 0;
}

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif

#endif
