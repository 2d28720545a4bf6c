/* SPDX-License-Identifier: BSD-3-Clause */
#include "guard.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "sys.h"

/*
 * The index: the span is cut into equal slices, each of which knows the extent at its start. A slice in which many
 * extents start is cut again, so that a query takes a few steps however unevenly they lie. Slots for that are limited
 * to 64 KiB plus 8 bytes an extent; a slice that gets none is searched by halving.
 */
enum {
	ROOT_BITS = 12,		/* at most so many slices at the first level */
	CROWD = 8,		/* a slice in which more extents start is cut; fewer are searched by halving */
	LEAST_CUT_BITS = 6,	/* into at least so many, and at most */
	CUT_BITS = 10,
	FREE_SLOTS = 65536 / sizeof(struct barspan_slot_),
};

struct index {
	const struct barspan_entry_ *entries;
	size_t n;
	struct barspan_slot_ *slots;	/* NULL while they are only counted */
	size_t used;
	size_t limit;
};

/* The smallest number of bits that `value` different numbers need. */
static unsigned int bits_for(uint64_t value)
{
	return value > 1 ? 64 - (unsigned int)__builtin_clzll(value - 1) : 0;
}

/* The first entry from `i` on that does not start before `offset`. */
static size_t skip_to(const struct index *index, size_t i, uint64_t offset)
{
	size_t step = index->n - i;

	/* Halving: n is the entry that ends the last extent, and starts at or after every offset asked for. */
	while (step) {
		size_t half = step / 2;

		if (index->entries[i + half].start < offset) {
			i += half + 1;
			step -= half + 1;
		} else {
			step = half;
		}
	}
	return i;
}

/* Fills `count` slots from `slot` on, for slices of 1 << shift bytes, the first of which begins at `offset`. */
static void fill(struct index *index, size_t slot, size_t count, uint64_t offset, unsigned int shift)
{
	size_t next = skip_to(index, 0, offset);	/* the first extent that starts at or after the slice's start */

	for (size_t i = 0; i < count; i++) {
		uint64_t start = offset + ((uint64_t)i << shift);
		size_t inside = index->entries[next].start == start && next < index->n ? next + 1 : next;
		/* The last slice may end past 64 bits; then all that is left starts inside. */
		uint64_t end = start + (UINT64_C(1) << shift);
		size_t after = end > start ? skip_to(index, inside, end) : index->n;
		size_t crowd = after - inside;
		unsigned int bits = bits_for(2 * crowd);
		struct barspan_slot_ made = { (uint32_t)(inside ? inside - 1 : 0), (uint32_t)crowd << 8 };

		if (bits < LEAST_CUT_BITS)
			bits = LEAST_CUT_BITS;
		if (bits > CUT_BITS)
			bits = CUT_BITS;
		if (bits > shift)
			bits = shift;
		if (crowd > CROWD && bits && index->used + (UINT64_C(1) << bits) <= index->limit) {
			size_t first = index->used;

			index->used += UINT64_C(1) << bits;
			made = (struct barspan_slot_){ (uint32_t)first, (shift - bits) << 8 | bits };
			fill(index, first, UINT64_C(1) << bits, start, shift - bits);
		}
		if (index->slots)
			index->slots[slot + i] = made;
		next = after;
	}
}

static size_t merge(struct barspan_entry_ *to, const struct barspan_entry_ *from, size_t n)
{
	size_t kept = 0;

	for (size_t i = 0; i < n; i++)
		if (!kept || to[kept - 1].reason != from[i].reason ||
		    (from[i].reason == BARSPAN_REASON_NONE && to[kept - 1].base != from[i].base))
			to[kept++] = from[i];
	to[kept] = from[n];
	return kept;
}

static void choose_main(struct barspan_guard_ *guard)
{
	const struct barspan_entry_ *entries = guard->entries;
	uint64_t most = 0;

	for (size_t i = 0; i < guard->n_extents; i++) {
		uint64_t length = (entries[i + 1].start - entries[i].start) & ~UINT64_C(7);

		if (entries[i].reason != BARSPAN_REASON_NONE || length <= most)
			continue;
		most = length;
		guard->main_base = entries[i].base;
		guard->main_start = entries[i].start;
		guard->main_read = guard->readable ? length : 0;
		guard->main_write = guard->writable ? length : 0;
	}
}

int guard_build(struct barspan_guard_ **out, const struct barspan_entry_ *entries, size_t n, int prot)
{
	struct barspan_entry_ *merged = sys_calloc(n + 1, sizeof(*merged));
	uint64_t length = entries[n].start;
	unsigned int shift = bits_for(length);
	struct barspan_guard_ *guard;
	size_t root;

	if (!merged)
		return -ENOMEM;
	n = merge(merged, entries, n);

	unsigned int bits = n > 1 ? bits_for(4 * n) : 0;

	if (bits > ROOT_BITS)
		bits = ROOT_BITS;
	shift = shift > bits ? shift - bits : 0;
	if (shift > 63)
		shift = 63;
	root = (size_t)((length - 1) >> shift) + 1;

	struct index index = { merged, n, NULL, root, FREE_SLOTS + n };

	fill(&index, 0, root, 0, shift);

	guard = sys_calloc(1, sizeof(*guard) + (n + 1) * sizeof(*merged) + index.used * sizeof(*index.slots));
	if (!guard) {
		sys_free(merged);
		return -ENOMEM;
	}
	struct barspan_entry_ *own = (struct barspan_entry_ *)(guard + 1);

	memcpy(own, merged, (n + 1) * sizeof(*own));
	sys_free(merged);
	index = (struct index){ own, n, (struct barspan_slot_ *)(own + n + 1), root, FREE_SLOTS + n };
	fill(&index, 0, root, 0, shift);

	guard->entries = own;
	guard->slots = index.slots;
	guard->n_slots = (uint32_t)index.used;
	guard->n_extents = (uint32_t)n;
	guard->length = length;
	guard->shift = (uint8_t)shift;
	guard->readable = prot & PROT_READ;
	guard->writable = prot & PROT_WRITE;
	choose_main(guard);
	*out = guard;
	return 0;
}

bool guard_equal(const struct barspan_guard_ *a, const struct barspan_guard_ *b)
{
	if (a->n_extents != b->n_extents || a->readable != b->readable || a->writable != b->writable)
		return false;
	for (size_t i = 0; i <= a->n_extents; i++)
		if (a->entries[i].start != b->entries[i].start || a->entries[i].base != b->entries[i].base ||
		    a->entries[i].reason != b->entries[i].reason)
			return false;
	return true;
}

size_t guard_size(const struct barspan_guard_ *guard)
{
	return sizeof(*guard) + (guard->n_extents + 1u) * sizeof(*guard->entries) +
	       guard->n_slots * sizeof(*guard->slots);
}

size_t barspan_extent_count(const struct barspan *span)
{
	return barspan_guard_of_(span)->n_extents;
}

int barspan_extent_get(const struct barspan *span, size_t i, struct barspan_extent *out)
{
	const struct barspan_guard_ *guard = barspan_guard_of_(span);

	if (i >= guard->n_extents)
		return -ERANGE;
	barspan_extent_of_(&guard->entries[i], out);
	return 0;
}

const char *barspan_reason_name(enum barspan_reason reason)
{
	static const char *const names[] = {
		[BARSPAN_REASON_NONE] = "none",
		[BARSPAN_REASON_SPARSE] = "sparse",
		[BARSPAN_REASON_MSIX] = "msix",
		[BARSPAN_REASON_PAGE] = "page",
		[BARSPAN_REASON_UNMAPPABLE] = "unmappable",
		[BARSPAN_REASON_FAILED] = "failed",
		[BARSPAN_REASON_REQUESTED] = "requested",
		[BARSPAN_REASON_SUSPENDED] = "suspended",
	};

	return (unsigned int)reason < sizeof(names) / sizeof(names[0]) ? names[reason] : "unknown";
}

/* The bodies that callers get who do not inline. */
extern inline const struct barspan_guard_ *barspan_guard_of_(const struct barspan *span);
extern inline const struct barspan_entry_ *barspan_entry_at_(const struct barspan_guard_ *guard, uint64_t offset);
extern inline uintptr_t barspan_address_(const struct barspan_guard_ *guard, uint64_t offset, uint64_t length);
extern inline bool barspan_is_direct(const struct barspan *span, uint64_t offset, uint64_t length);
extern inline volatile void *barspan_pointer(const struct barspan *span, uint64_t offset, uint64_t length);
extern inline void barspan_extent_of_(const struct barspan_entry_ *entry, struct barspan_extent *out);
extern inline int barspan_extent_at(const struct barspan *span, uint64_t offset, struct barspan_extent *out);
