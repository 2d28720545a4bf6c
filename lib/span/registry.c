/* SPDX-License-Identifier: BSD-3-Clause */
#include "span/registry.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

#include "span/ptr-cache.h"
#include "util/sys.h"

enum { FIRST_CAPACITY = 256 };

/* A reader may use a table while a writer changes it, so every member is
 * accessed atomically. A reader that sees a change by an acquiring load also
 * sees the sequence number stored before it. */
struct table {
	struct table *retired; /* the table that this one replaced */
	size_t capacity;
	size_t n;
	struct registry_range *ranges;
};

/* Enough for programs with few spans. */
static struct registry_range first_ranges[2][FIRST_CAPACITY];
static struct table first_tables[2] = {
	{ .capacity = FIRST_CAPACITY, .ranges = first_ranges[0] },
	{ .capacity = FIRST_CAPACITY, .ranges = first_ranges[1] },
};

static struct table *tables[2] = { &first_tables[0], &first_tables[1] };
static unsigned int sequence; /* tables[sequence % 2] is in use */

#define LOAD(place) __atomic_load_n(&(place), __ATOMIC_ACQUIRE)
#define STORE(place, value) __atomic_store_n(&(place), (value), __ATOMIC_RELEASE)

static void put_range(struct table *table, size_t i, const struct registry_range *range)
{
	STORE(table->ranges[i].start, range->start);
	STORE(table->ranges[i].end, range->end);
	STORE(table->ranges[i].offset, range->offset);
	STORE(table->ranges[i].span, range->span);
}

static struct registry_range get_range(const struct table *table, size_t i)
{
	return (struct registry_range){
		LOAD(table->ranges[i].start),
		LOAD(table->ranges[i].end),
		LOAD(table->ranges[i].offset),
		LOAD(table->ranges[i].span),
	};
}

/* Finds the first range that ends after an address. If the table changes
 * meanwhile, the result is wrong but inside the table. */
static size_t search_table(const struct table *table, uintptr_t address)
{
	size_t low = 0;

	for (size_t left = LOAD(table->n); left;) {
		size_t half = left / 2;

		if (LOAD(table->ranges[low + half].end) <= address) {
			low += half + 1;
			left -= half + 1;
		} else {
			left = half;
		}
	}
	return low;
}

/* Finds the first range that ends after an address; its span is NULL if there
 * is none. */
static struct registry_range look_up(uintptr_t address)
{
	struct registry_range found = { 0, 0, 0, NULL };
	unsigned int before;

	do {
		before = LOAD(sequence);

		const struct table *table = LOAD(tables[before % 2]);
		size_t i = search_table(table, address);

		found.span = NULL;
		if (i < LOAD(table->n))
			found = get_range(table, i);
	} while (LOAD(sequence) != before);
	return found;
}

int registry_overlap(struct registry_range *out, uintptr_t start, uintptr_t end)
{
	struct registry_range found = look_up(start);

	if (!found.span || found.start >= end)
		return -ENOENT;
	*out = found;
	return 0;
}

int registry_find(struct registry_range *out, uintptr_t address)
{
	return registry_overlap(out, address, address + 1);
}

int registry_reserve(size_t more)
{
	for (unsigned int i = 0; i < 2; i++) {
		struct table *table = tables[i], *grown;
		size_t capacity = table->capacity;

		while (capacity - table->n < more)
			capacity *= 2;
		if (capacity == table->capacity)
			continue;
		grown = sys_calloc(1, sizeof(*grown) + capacity * sizeof(grown->ranges[0]));
		if (!grown)
			return -ENOMEM;
		grown->retired = table;
		grown->capacity = capacity;
		grown->n = table->n;
		grown->ranges = (struct registry_range *)(grown + 1);
		for (size_t j = 0; j < table->n; j++)
			grown->ranges[j] = table->ranges[j];
		STORE(tables[i], grown);
	}
	return 0;
}

enum change_kind { ADD, RESTORE, REMOVE };

struct change {
	enum change_kind kind;
	const struct registry_range *ranges; /* to add, sorted; or one to restore */
	size_t n;
	const struct barspan *span; /* to remove: of this span (NULL: of all), in [start, end) */
	uintptr_t start, end;
};

/* Merges from the end of the table, which has free space. */
static void add_to(struct table *table, const struct registry_range *add, size_t n)
{
	size_t old = table->n;

	STORE(table->n, old + n);
	while (n) {
		bool is_old = old && table->ranges[old - 1].start > add[n - 1].start;
		size_t i = old + n - 1;

		put_range(table, i, is_old ? &table->ranges[--old] : &add[--n]);
	}
}

static void cut_in_two(struct table *table, size_t i, uintptr_t start, uintptr_t end)
{
	struct registry_range head = table->ranges[i], tail = head;

	head.end = start;
	tail.start = end;
	tail.offset += end - head.start;
	add_to(table, &tail, 1);
	put_range(table, i, &head);
}

static void remove_from(struct table *table, const struct change *change)
{
	uintptr_t start = change->start, end = change->end;
	size_t kept = search_table(table, start), n = table->n;

	for (size_t i = kept; i < n; i++) {
		struct registry_range range = table->ranges[i];
		bool inside = range.start < end && (!change->span || range.span == change->span);

		if (inside && range.start < start && range.end > end) {
			cut_in_two(table, i, start, end);
			return;
		}
		if (inside && range.start < start) {
			range.end = start;
		} else if (inside && range.end > end) {
			range.offset += end - range.start;
			range.start = end;
		} else if (inside) {
			continue;
		}
		put_range(table, kept++, &range);
	}
	STORE(table->n, kept);
}

/* Whether `right` continues `left` in addresses and offsets of one span. */
static bool is_continued(const struct registry_range *left, const struct registry_range *right)
{
	return left->span == right->span && left->end == right->start &&
	       left->offset + (left->end - left->start) == right->offset;
}

/* Removes range i. */
static void drop_range(struct table *table, size_t i)
{
	for (size_t n = table->n; i + 1 < n; i++)
		put_range(table, i, &table->ranges[i + 1]);
	STORE(table->n, table->n - 1);
}

/* Joins a range with the adjacent ranges that it was cut from. If there are
 * none, the table has space for it. */
static void restore_to(struct table *table, const struct registry_range *range)
{
	size_t i = search_table(table, range->start);
	struct registry_range joined = *range;
	bool left = i && is_continued(&table->ranges[i - 1], range);
	bool right = i < table->n && is_continued(range, &table->ranges[i]);

	if (left) {
		joined.start = table->ranges[i - 1].start;
		joined.offset = table->ranges[i - 1].offset;
	}
	if (right)
		joined.end = table->ranges[i].end;
	if (!left && !right) {
		add_to(table, range, 1);
		return;
	}
	put_range(table, left ? i - 1 : i, &joined);
	if (left && right)
		drop_range(table, i);
}

/* The largest number of ranges that a change can add. */
static size_t max_growth(const struct change *change)
{
	const struct table *table = tables[sequence % 2];
	size_t i;

	if (change->kind != REMOVE)
		return change->kind == ADD ? change->n : 0;
	i = search_table(table, change->start);
	return i < table->n && table->ranges[i].start < change->start &&
	       table->ranges[i].end > change->end;
}

static void apply_change(struct table *table, const struct change *change)
{
	if (change->kind == ADD)
		add_to(table, change->ranges, change->n);
	else if (change->kind == RESTORE)
		restore_to(table, change->ranges);
	else
		remove_from(table, change);
}

/* Changes the copy that is not in use, switches to it, and then changes the
 * other copy. */
static int commit_change(const struct change *change)
{
	int r = registry_reserve(max_growth(change));

	if (!r) {
		unsigned int next = sequence + 1;

		apply_change(tables[next % 2], change);
		STORE(sequence, next);
		apply_change(tables[(next + 1) % 2], change);
	}
	ptr_cache_invalidate();
	return r;
}

static int compare_ranges(const void *left, const void *right)
{
	const struct registry_range *a = left, *b = right;

	return (a->start > b->start) - (a->start < b->start);
}

int registry_add(struct registry_range *ranges, size_t n)
{
	const struct change change = { .kind = ADD, .ranges = ranges, .n = n };

	qsort(ranges, n, sizeof(*ranges), compare_ranges);
	return commit_change(&change);
}

int registry_remove(const struct barspan *span, uintptr_t start, uintptr_t end)
{
	const struct change change = { .kind = REMOVE, .span = span, .start = start, .end = end };

	return commit_change(&change);
}

void registry_restore(const struct registry_range *range)
{
	const struct change change = { .kind = RESTORE, .ranges = range, .n = 1 };

	commit_change(&change);
}
