/* SPDX-License-Identifier: BSD-3-Clause */
#include "registry.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>

#include "plain.h"
#include "sys.h"

enum { FIRST_ROOM = 256 };

/* Readers may be in a table while it changes, so that all of it is accessed atomically: who sees a change by an
 * acquiring load also sees the sequence number that came before it. */
struct table {
	struct table *retired;	/* the one that this took the place of */
	size_t room;
	size_t n;
	struct registry_range *ranges;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;	/* for writers */
/* Programs with few spans never need more. */
static struct registry_range first_ranges[2][FIRST_ROOM];
static struct table first_tables[2] = {
	{ .room = FIRST_ROOM, .ranges = first_ranges[0] },
	{ .room = FIRST_ROOM, .ranges = first_ranges[1] },
};

static struct table *tables[2] = { &first_tables[0], &first_tables[1] };
static unsigned int sequence;	/* tables[sequence % 2] is in use */

#define LOAD(place) __atomic_load_n(&(place), __ATOMIC_ACQUIRE)
#define STORE(place, value) __atomic_store_n(&(place), (value), __ATOMIC_RELEASE)

static void put(struct table *table, size_t i, const struct registry_range *range)
{
	STORE(table->ranges[i].start, range->start);
	STORE(table->ranges[i].end, range->end);
	STORE(table->ranges[i].offset, range->offset);
	STORE(table->ranges[i].span, range->span);
}

static struct registry_range get(const struct table *table, size_t i)
{
	return (struct registry_range){
		LOAD(table->ranges[i].start), LOAD(table->ranges[i].end), LOAD(table->ranges[i].offset),
		LOAD(table->ranges[i].span),
	};
}

/* The first range that ends past an address. A table that changes meanwhile gives nonsense, but no more than that. */
static size_t search(const struct table *table, uintptr_t address)
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

/* What a look-up is for: the first range of a span, or, where that is NULL, the first that ends past an address. */
struct wanted {
	const struct barspan *span;
	uintptr_t address;
};

static size_t search_wanted(const struct table *table, const struct wanted *wanted)
{
	size_t i = 0;

	if (!wanted->span)
		return search(table, wanted->address);
	while (i < LOAD(table->n) && LOAD(table->ranges[i].span) != wanted->span)
		i++;
	return i;
}

static struct registry_range look_up(const struct wanted *wanted)
{
	struct registry_range found = { 0, 0, 0, NULL };
	unsigned int before;

	do {
		before = LOAD(sequence);

		const struct table *table = LOAD(tables[before % 2]);
		size_t i = search_wanted(table, wanted);

		found.span = NULL;
		if (i < LOAD(table->n))
			found = get(table, i);
	} while (LOAD(sequence) != before);
	return found;
}

int registry_overlap(struct registry_range *out, uintptr_t start, uintptr_t end)
{
	struct registry_range found = look_up(&(struct wanted){ .address = start });

	if (!found.span || found.start >= end)
		return -ENOENT;
	*out = found;
	return 0;
}

int registry_of(struct registry_range *out, const struct barspan *span)
{
	struct registry_range found = look_up(&(struct wanted){ .span = span });

	if (found.span != span)
		return -ENOENT;
	*out = found;
	return 0;
}

int registry_find(struct registry_range *out, uintptr_t address)
{
	return registry_overlap(out, address, address + 1);
}

/* Makes room for `more` ranges in both tables. */
static int grow(size_t more)
{
	for (unsigned int i = 0; i < 2; i++) {
		struct table *table = tables[i], *grown;
		size_t room = table->room;

		while (room - table->n < more)
			room *= 2;
		if (room == table->room)
			continue;
		grown = sys_calloc(1, sizeof(*grown) + room * sizeof(grown->ranges[0]));
		if (!grown)
			return -ENOMEM;
		grown->retired = table;
		grown->room = room;
		grown->n = table->n;
		grown->ranges = (struct registry_range *)(grown + 1);
		for (size_t j = 0; j < table->n; j++)
			grown->ranges[j] = table->ranges[j];
		STORE(tables[i], grown);
	}
	return 0;
}

struct change {
	const struct registry_range *add;	/* sorted; or, where NULL: */
	size_t n;
	const struct barspan *span;
	uintptr_t start, end;
};

/* Merges from the back, where there is room. */
static void add_to(struct table *table, const struct registry_range *add, size_t n)
{
	size_t old = table->n;

	STORE(table->n, old + n);
	while (n) {
		bool is_old = old && table->ranges[old - 1].start > add[n - 1].start;
		size_t i = old + n - 1;

		put(table, i, is_old ? &table->ranges[--old] : &add[--n]);
	}
}

static void cut_in_two(struct table *table, size_t i, uintptr_t start, uintptr_t end)
{
	struct registry_range head = table->ranges[i], tail = head;

	head.end = start;
	tail.start = end;
	tail.offset += end - head.start;
	add_to(table, &tail, 1);
	put(table, i, &head);
}

static void remove_from(struct table *table, const struct change *change)
{
	uintptr_t start = change->start, end = change->end;
	size_t kept = search(table, start), n = table->n;

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
		put(table, kept++, &range);
	}
	STORE(table->n, kept);
}

/* How many ranges more there are after a change, at most. */
static size_t room_for(const struct change *change)
{
	const struct table *table = tables[sequence % 2];
	size_t i;

	if (change->add)
		return change->n;
	i = search(table, change->start);
	return i < table->n && table->ranges[i].start < change->start && table->ranges[i].end > change->end;
}

static void apply(struct table *table, const struct change *change)
{
	if (change->add)
		add_to(table, change->add, change->n);
	else
		remove_from(table, change);
}

/* Changes the copy that is not in use, puts it to use, and changes the other. */
static int commit(const struct change *change)
{
	int r;

	pthread_mutex_lock(&lock);
	r = grow(room_for(change));
	if (!r) {
		unsigned int next = sequence + 1;

		apply(tables[next % 2], change);
		STORE(sequence, next);
		apply(tables[(next + 1) % 2], change);
	}
	pthread_mutex_unlock(&lock);
	plain_forget();
	return r;
}

static int compare(const void *left, const void *right)
{
	const struct registry_range *a = left, *b = right;

	return (a->start > b->start) - (a->start < b->start);
}

int registry_add(struct registry_range *ranges, size_t n)
{
	const struct change change = { .add = ranges, .n = n };

	qsort(ranges, n, sizeof(*ranges), compare);
	return commit(&change);
}

int registry_remove(const struct barspan *span, uintptr_t start, uintptr_t end)
{
	const struct change change = { .span = span, .start = start, .end = end };

	return commit(&change);
}
