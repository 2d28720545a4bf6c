/* SPDX-License-Identifier: BSD-3-Clause */
#include "layout/guard.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "util/sys.h"

/*
 * The index divides the span into equal slices whose size is a power of two. A
 * slice records the extent at its start and the number of extents that start
 * inside it. A query searches these by bisection.
 */
enum { FREE_SLOTS = 65536 / sizeof(struct barspan_slot_) }; /* plus one for each extent */

/* Merges adjacent entries that form one extent. Returns the number left. */
static size_t merge(struct barspan_entry_ *entries, size_t n)
{
	size_t kept = 0;

	for (size_t i = 0; i < n; i++) {
		const struct barspan_entry_ *last = kept ? &entries[kept - 1] : NULL;

		if (!last || last->reason != entries[i].reason ||
		    (last->reason == BARSPAN_REASON_NONE && last->base != entries[i].base))
			entries[kept++] = entries[i];
	}
	entries[kept] = entries[n];
	return kept;
}

/* Whether an extent is direct, or may become direct when the span is
 * resumed. */
static bool is_mappable(const struct barspan_entry_ *entry)
{
	return entry->reason == BARSPAN_REASON_NONE || entry->reason == BARSPAN_REASON_SUSPENDED ||
	       entry->reason == BARSPAN_REASON_FAILED;
}

/*
 * The shift of the largest slice size that divides the start and end of every
 * mappable extent. Suspending does not change it.
 */
static unsigned int common_shift(const struct barspan_entry_ *entries, size_t n)
{
	uint64_t edges = 0;

	for (size_t i = 1; i < n; i++)
		if (is_mappable(&entries[i]) || is_mappable(&entries[i - 1]))
			edges |= entries[i].start;
	return edges ? (unsigned int)__builtin_ctzll(edges) : 63;
}

static size_t count_slots(uint64_t length, unsigned int shift)
{
	return (size_t)((length - 1) >> shift) + 1;
}

/* Slices at the common boundaries, or the smallest slices for which there are
 * enough slots. */
static unsigned int choose_shift(const struct barspan_entry_ *entries, size_t n)
{
	unsigned int shift = common_shift(entries, n), least = 0;

	while ((entries[n].start - 1) >> least >= FREE_SLOTS + n)
		least++;
	return shift > least ? shift : least;
}

static uintptr_t largest_base(const struct barspan_entry_ *entries, size_t n)
{
	uint64_t largest = 0;
	uintptr_t base = 0;

	for (size_t i = 0; i < n; i++) {
		uint64_t length = entries[i + 1].start - entries[i].start;

		if (entries[i].reason == BARSPAN_REASON_NONE && length > largest) {
			largest = length;
			base = entries[i].base;
		}
	}
	return base;
}

/*
 * Whether the slice that ends with byte `last` and is in one extent is direct
 * at the table's base. An aligned access of up to 8 bytes must not cross its
 * end.
 */
static bool is_plain(const struct barspan_guard_ *guard, const struct barspan_entry_ *entry,
		     uint64_t last)
{
	return entry->reason == BARSPAN_REASON_NONE && entry->base == guard->base && last % 8 == 7;
}

static void fill_slots(const struct barspan_guard_ *guard, struct barspan_slot_ *slots)
{
	const struct barspan_entry_ *entries = guard->entries;
	size_t next = 0; /* first extent that starts at or after the slice */

	for (size_t i = 0; i < guard->n_slots; i++) {
		uint64_t start = (uint64_t)i << guard->shift;
		uint64_t left = guard->length - start, size = UINT64_C(1) << guard->shift;
		uint64_t last = start + (left < size ? left : size) - 1;
		size_t first = entries[next].start == start ? next : next - 1;

		/* Stops at the last entry, which starts after every slice. */
		for (next = first + 1; entries[next].start <= last; next++)
			;
		slots[i].first = (uint32_t)first;
		slots[i].more = (uint32_t)(next - 1 - first) << 1;
		if (!slots[i].more && is_plain(guard, &entries[first], last))
			slots[i].more = BARSPAN_PLAIN_SLICE_;
	}
}

static void set_ends(struct barspan_guard_ *guard, int prot)
{
	guard->read_end = prot & PROT_READ ? guard->length : 0;
	guard->write_end = prot & PROT_WRITE ? guard->length : 0;
}

static size_t table_size(size_t n_slots, size_t n_extents)
{
	return sizeof(struct barspan_guard_) + n_slots * sizeof(struct barspan_slot_) +
	       (n_extents + 1) * sizeof(struct barspan_entry_);
}

int guard_build(struct barspan_guard_ **out, struct barspan_entry_ *entries, size_t n, int prot,
		struct guard_spare *spare)
{
	size_t n_extents = merge(entries, n);
	unsigned int shift = choose_shift(entries, n_extents);
	size_t n_slots = count_slots(entries[n_extents].start, shift);
	size_t size = table_size(n_slots, n_extents);
	struct barspan_guard_ *guard = sys_calloc(1, size);
	struct barspan_slot_ *slots;

	if (!guard && spare && size <= spare->size) {
		guard = spare->memory;
		*spare = (struct guard_spare){ NULL, 0 };
	}
	if (!guard)
		return -ENOMEM;
	slots = (struct barspan_slot_ *)(guard + 1);
	guard->entries = memcpy(slots + n_slots, entries, (n_extents + 1) * sizeof(*entries));
	guard->base = largest_base(entries, n_extents);
	guard->shift = shift;
	guard->n_slots = (uint32_t)n_slots;
	guard->n_extents = (uint32_t)n_extents;
	guard->length = entries[n_extents].start;
	set_ends(guard, prot);
	fill_slots(guard, slots);
	*out = guard;
	return 0;
}

void guard_publish(struct barspan *span, const struct barspan_guard_ *table,
		   const struct barspan_guard_ *shown)
{
	__atomic_store_n(&span->table_, table, __ATOMIC_RELEASE);
	__atomic_store_n(&span->guard_, shown, __ATOMIC_RELEASE);
}

bool guard_equal(const struct barspan_guard_ *a, const struct barspan_guard_ *b)
{
	if (a->n_extents != b->n_extents || a->read_end != b->read_end ||
	    a->write_end != b->write_end)
		return false;
	for (size_t i = 0; i <= a->n_extents; i++)
		if (a->entries[i].start != b->entries[i].start ||
		    a->entries[i].base != b->entries[i].base ||
		    a->entries[i].reason != b->entries[i].reason)
			return false;
	return true;
}

size_t guard_max_size(const struct barspan_entry_ *entries, size_t n)
{
	return table_size(count_slots(entries[n].start, choose_shift(entries, n)), n);
}

size_t guard_size(const struct barspan_guard_ *guard)
{
	return table_size(guard->n_slots, guard->n_extents);
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
