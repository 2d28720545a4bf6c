/* SPDX-License-Identifier: BSD-3-Clause */
#include "layout/guard.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "util/sys.h"

/*
 * The index: the span is cut into equal slices, each of which knows the extent at its start. A slice in which many
 * extents start is cut again, so that a query takes a few steps however unevenly they lie. Slots for that are limited
 * to 64 KiB plus 8 bytes an extent; a slice that gets none is searched by halving.
 */
enum {
	EDGE_BITS = 12,		/* at most so many slices at the first level, so that edges are theirs */
	CROWD = 8,		/* a slice in which more extents start is cut; fewer are searched by halving */
	MIN_CUT_BITS = 6,	/* into at least so many, and at most */
	CUT_BITS = 10,
	FREE_SLOTS = 65536 / sizeof(struct barspan_slot_),
};

/* How the slots are made use of: the first that has enough of them is taken, else the last. Even crowds do best with
 * many slices at the first level, a crowd in one place with slots left to cut it. */
static const struct plan {
	unsigned int root_bits;	/* for the number of extents, so many slices at the first level, as far as slots go */
	unsigned int thrift;	/* by how many bits less slices are cut */
} plans[] = { { 24, 0 }, { 12, 0 }, { 13, 2 }, { 12, 2 } };

enum { N_PLANS = sizeof(plans) / sizeof(plans[0]) };

struct index {
	const struct barspan_entry_ *entries;
	size_t n;
	uintptr_t main_base;
	struct barspan_slot_ *slots;	/* NULL while they are only counted */
	size_t used;
	size_t limit;
	const struct plan *plan;
	unsigned int shift;	/* a slice of the first level is 1 << shift bytes */
	bool refused;		/* a slice was not cut for want of slots */
};

/* The smallest number of bits that `value` different numbers need. */
static unsigned int bits_for(uint64_t value)
{
	return value > 1 ? 64 - (unsigned int)__builtin_clzll(value - 1) : 0;
}

static unsigned int at_most(unsigned int a, unsigned int b)
{
	return a < b ? a : b;
}

/* The first entry from `i` on that does not start before `offset`. Entry n, which ends the last extent, starts at or
 * after every offset asked for. In steps that double, since it is mostly near, and then by halving. */
static size_t skip_to(const struct index *index, size_t i, uint64_t offset)
{
	size_t step = 1;

	while (step < index->n - i && index->entries[i + step - 1].start < offset) {
		i += step;
		step *= 2;
	}
	if (step > index->n - i)
		step = index->n - i;
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

static bool is_direct_at(const struct barspan_entry_ *entry, uintptr_t base)
{
	return entry->reason == BARSPAN_REASON_NONE && entry->base == base;
}

/* The slot of a slice up to `end` (0: past 64 bits) that is not cut again. */
static struct barspan_slot_ plain_slot(const struct index *index, size_t inside, size_t crowd, uint64_t end)
{
	size_t first = inside ? inside - 1 : 0;
	const struct barspan_entry_ *entry = &index->entries[first];
	struct barspan_slot_ slot = { (uint32_t)first, (uint32_t)crowd << 8 };

	if (!crowd && is_direct_at(entry, index->main_base) && end && end % 8 == 0 && end <= entry[1].start)
		slot.more = BARSPAN_ALL_MAIN_;
	return slot;
}

/* The slot of a slice from `start` on that is cut into slices of 1 << shift bytes, whose slots begin at `first`. */
static struct barspan_slot_ cut_slot(size_t first, uint64_t start, unsigned int shift)
{
	return (struct barspan_slot_){ (uint32_t)first - (uint32_t)(start >> shift), shift << 8 | BARSPAN_CUT_ };
}

/* Into how many slices, in bits, a slice of 1 << shift bytes is cut in which `crowd` extents start; 0: it is not. */
static unsigned int cut_bits(struct index *index, size_t crowd, unsigned int shift)
{
	unsigned int bits;

	if (crowd <= CROWD)
		return 0;
	bits = bits_for(2 * crowd);
	bits = (bits > MIN_CUT_BITS ? bits : MIN_CUT_BITS) - index->plan->thrift;
	bits = at_most(at_most(bits, CUT_BITS), shift);
	if (index->used + ((size_t)1 << bits) <= index->limit)
		return bits;
	index->refused = true;
	return 0;
}

/* Fills `count` slots from `slot` on, for slices of 1 << shift bytes, the first of which begins at `offset`. */
static void fill(struct index *index, size_t slot, size_t count, uint64_t offset, unsigned int shift)
{
	size_t next = skip_to(index, 0, offset);	/* the first extent that starts at or after the slice's start */

	/* While another plan is left, one that fails need not be seen to its end. */
	for (size_t i = 0; i < count && !(index->refused && index->plan < &plans[N_PLANS - 1]); i++) {
		uint64_t start = offset + ((uint64_t)i << shift);
		size_t inside = index->entries[next].start == start && next < index->n ? next + 1 : next;
		/* The last slice may end past 64 bits; then all that is left starts inside. */
		uint64_t end = start + (UINT64_C(1) << shift);
		size_t after = end > start ? skip_to(index, inside, end) : index->n;
		unsigned int bits = cut_bits(index, after - inside, shift);
		size_t first = index->used;

		if (bits) {
			index->used += (size_t)1 << bits;
			fill(index, first, (size_t)1 << bits, start, shift - bits);
		}
		if (index->slots)
			index->slots[slot + i] =
				bits ? cut_slot(first, start, shift - bits)
				     : plain_slot(index, inside, after - inside, end > start ? end : 0);
		next = after;
	}
}

/* Makes one of neighbours that are one extent. Returns how many are left. */
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

/* Where an aligned access of up to 8 bytes that starts before it also ends. */
static uint64_t aligned_end(const struct barspan_entry_ *entry)
{
	return entry[1].start & ~UINT64_C(7);
}

/* Makes the largest direct extent the main one. */
static void choose_main(struct barspan_guard_ *guard)
{
	for (const struct barspan_entry_ *entry = guard->entries; entry < guard->entries + guard->n_extents; entry++) {
		uint64_t end = aligned_end(entry);

		if (entry->reason != BARSPAN_REASON_NONE || end <= entry->start ||
		    end - entry->start <= guard->main_length)
			continue;
		guard->main_base = entry->base;
		guard->main_start = entry->start;
		guard->main_length = (size_t)(end - entry->start);
	}
}

/* Makes that the main extent which begins where an earlier table's did. */
static void keep_main(struct barspan_guard_ *guard, const struct index *index, const struct barspan_guard_ *before)
{
	const struct barspan_entry_ *entry = &index->entries[skip_to(index, 0, before->main_start + 1) - 1];

	guard->main_base = before->main_base;
	guard->main_start = before->main_start;
	if (is_direct_at(entry, before->main_base) && aligned_end(entry) > before->main_start)
		guard->main_length = (size_t)(aligned_end(entry) - before->main_start);
}

/* The largest slices at whose edges all direct extents begin and end. */
static unsigned int common_shift(const struct barspan_entry_ *entries, size_t n)
{
	uint64_t edges = 0;

	for (size_t i = 1; i < n; i++)
		if (entries[i].reason == BARSPAN_REASON_NONE || entries[i - 1].reason == BARSPAN_REASON_NONE)
			edges |= entries[i].start;
	return edges ? (unsigned int)__builtin_ctzll(edges) : 63;
}

/* So many slices at the first level, in bits, that they are no more than the extents, unless those are few. */
static unsigned int most_bits(size_t n)
{
	return n > FREE_SLOTS ? bits_for(n + 1) - 1 : bits_for(FREE_SLOTS);
}

/* How long the slices of the first level are: where that takes few enough, each is of one extent as far as anything of
 * it is direct, as they are if no longer than `common`; else they are so short that few extents start in each. */
static unsigned int root_shift(const struct index *index, unsigned int common)
{
	unsigned int all = bits_for(index->entries[index->n].start), edge = all - at_most(all, EDGE_BITS);
	unsigned int crowd = at_most(bits_for(4 * index->n), at_most(index->plan->root_bits, most_bits(index->n)));

	if (common >= edge)
		return at_most(common, at_most(all, 63));
	return at_most(edge, all - at_most(all, crowd));
}

/* Fills all slots, or, where there are none yet, counts them. */
static void fill_all(struct index *index)
{
	size_t root = (size_t)((index->entries[index->n].start - 1) >> index->shift) + 1;

	index->used = root;
	fill(index, 0, root, 0, index->shift);
}

static void choose_plan(struct index *index)
{
	unsigned int common = common_shift(index->entries, index->n);

	for (size_t i = 0; i < N_PLANS; i++) {
		index->plan = &plans[i];
		index->shift = root_shift(index, common);
		index->refused = false;
		fill_all(index);
		if (!index->refused)
			return;
	}
}

static void set_ends(struct barspan_guard_ *guard, int prot)
{
	guard->read_end = prot & PROT_READ ? guard->length : 0;
	guard->write_end = prot & PROT_WRITE ? guard->length : 0;
}

int guard_build(struct barspan_guard_ **out, struct barspan_entry_ *entries, size_t n, int prot,
		const struct barspan_guard_ *before, void **spare)
{
	struct index index = { .entries = entries, .n = merge(entries, n) };
	struct barspan_entry_ *own;
	struct barspan_guard_ *guard;
	size_t n_slots, size;

	index.limit = FREE_SLOTS + index.n;
	choose_plan(&index);
	n_slots = index.used;

	size = sizeof(*guard) + n_slots * sizeof(*index.slots) + (index.n + 1) * sizeof(*own);
	guard = sys_calloc(1, size);
	if (!guard && spare && size <= guard_max_size(n)) {
		guard = *spare;
		*spare = NULL;
	}
	if (!guard)
		return -ENOMEM;
	index.slots = (struct barspan_slot_ *)(guard + 1);
	own = (struct barspan_entry_ *)(index.slots + n_slots);
	memcpy(own, entries, (index.n + 1) * sizeof(*own));

	guard->entries = own;
	guard->n_slots = (uint32_t)n_slots;
	guard->n_extents = (uint32_t)index.n;
	guard->length = own[index.n].start;
	guard->shift = index.shift;
	set_ends(guard, prot);
	if (before)
		keep_main(guard, &index, before);
	else
		choose_main(guard);
	index.main_base = guard->main_base;
	fill_all(&index);
	*out = guard;
	return 0;
}

void guard_publish(struct barspan *span, const struct barspan_guard_ *table, const struct barspan_guard_ *shown)
{
	if (!span->table_) {
		span->main_base_ = table->main_base;
		span->main_start_ = table->main_start;
	}
	/* No access takes the short way while the table changes, so none can find more than both tables have. */
	__atomic_store_n(&span->main_read_, 0, __ATOMIC_RELAXED);
	__atomic_store_n(&span->main_write_, 0, __ATOMIC_RELAXED);
	__atomic_store_n(&span->table_, table, __ATOMIC_RELEASE);
	__atomic_store_n(&span->guard_, shown, __ATOMIC_RELEASE);
	__atomic_store_n(&span->main_read_, shown->read_end ? shown->main_length : 0, __ATOMIC_RELEASE);
	__atomic_store_n(&span->main_write_, shown->write_end ? shown->main_length : 0, __ATOMIC_RELEASE);
}

bool guard_equal(const struct barspan_guard_ *a, const struct barspan_guard_ *b)
{
	if (a->n_extents != b->n_extents || a->read_end != b->read_end || a->write_end != b->write_end)
		return false;
	for (size_t i = 0; i <= a->n_extents; i++)
		if (a->entries[i].start != b->entries[i].start || a->entries[i].base != b->entries[i].base ||
		    a->entries[i].reason != b->entries[i].reason)
			return false;
	return true;
}

size_t guard_max_size(size_t n)
{
	/* Plans keep to their limit of slots, but for the first level. */
	return sizeof(struct barspan_guard_) + (n + 1) * sizeof(struct barspan_entry_) +
	       2 * (FREE_SLOTS + n) * sizeof(struct barspan_slot_);
}

size_t guard_size(const struct barspan_guard_ *guard)
{
	return sizeof(*guard) + (guard->n_extents + 1u) * sizeof(*guard->entries) +
	       guard->n_slots * sizeof(struct barspan_slot_);
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
