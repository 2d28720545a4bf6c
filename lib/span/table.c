/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The tables of a span, and the slow path of queries.
 *
 * Addresses may be detached from a span. Inline queries and accessors then find
 * a table of length 0 and call the functions here, which look up the remaining
 * addresses in the registry. Unmapping a span page by page thus builds no
 * tables.
 */
#include <errno.h>
#include <string.h>

#include "layout/guard.h"
#include "span/ptr-cache.h"
#include "span/registry.h"
#include "span/span.h"
#include "util/sys.h"

static enum barspan_reason reason_of(const struct segment *segment, enum table_view view)
{
	if (segment->state == SEGMENT_HOLE)
		return segment->reason;
	if (view == TABLE_SUSPENDED)
		return BARSPAN_REASON_SUSPENDED;
	if (segment->state == SEGMENT_NO_ACCESS)
		return view == TABLE_RESUMED ? BARSPAN_REASON_NONE : BARSPAN_REASON_SUSPENDED;
	return segment->state == SEGMENT_DIRECT ? BARSPAN_REASON_NONE : BARSPAN_REASON_FAILED;
}

static void fill_entries(const struct span *span, enum table_view view,
			 struct barspan_entry_ *entries)
{
	memset(entries, 0, (span->n_segments + 1) * sizeof(*entries));
	for (size_t i = 0; i < span->n_segments; i++) {
		const struct segment *segment = &span->segments[i];

		entries[i].start = segment->offset;
		entries[i].reason = reason_of(segment, view);
		/* A hole has a base, too, to look up whether the span still
		 * owns its addresses. */
		if (entries[i].reason == BARSPAN_REASON_NONE ||
		    (segment->state != SEGMENT_HOLE && span->base))
			entries[i].base = (uintptr_t)segment->address - (uintptr_t)segment->offset;
	}
	entries[span->n_segments].start = span->window.length;
}

/* Reserves capacity for one more table in the list. */
static int grow_guards(struct span *span)
{
	size_t capacity = 2 * span->guards_capacity + 2;
	struct barspan_guard_ **grown;

	if (span->n_guards < span->guards_capacity)
		return 0;
	grown = sys_realloc(span->guards, capacity * sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	span->guards = grown;
	span->guards_capacity = capacity;
	return 0;
}

static int reserve_entries(struct span *span)
{
	if (span->n_spare < span->n_segments) {
		sys_free(span->spare_entries);
		span->spare_entries = NULL;
		span->n_spare = span->n_segments;
	}
	if (!span->spare_entries)
		span->spare_entries = sys_calloc(span->n_spare + 1, sizeof(*span->spare_entries));
	return span->spare_entries ? 0 : -ENOMEM;
}

int span_reserve_table(struct span *span)
{
	struct guard_spare *spare = &span->spare_table;
	size_t size;

	if (reserve_entries(span))
		return -ENOMEM;
	fill_entries(span, TABLE_NOW, span->spare_entries);
	size = guard_max_size(span->spare_entries, span->n_segments);
	if (spare->size < size) {
		sys_free(spare->memory);
		spare->memory = sys_calloc(1, size);
		spare->size = spare->memory ? size : 0;
	}
	return spare->memory ? grow_guards(span) : -ENOMEM;
}

/* Keeps a table as long as the span lives, since readers may use it. Returns an
 * equal one if the list has it. */
static int keep_table(struct span *span, struct barspan_guard_ *table,
		      const struct barspan_guard_ **out)
{
	for (size_t i = 0; i < span->n_guards; i++)
		if (guard_equal(span->guards[i], table)) {
			sys_free(table);
			*out = span->guards[i];
			return 0;
		}
	if (grow_guards(span)) {
		sys_free(table);
		return -ENOMEM;
	}
	span->guards[span->n_guards++] = table;
	*out = table;
	return 0;
}

int span_build_table(struct span *span, enum table_view view, const struct barspan_guard_ **out)
{
	struct barspan_entry_ *own = sys_calloc(span->n_segments + 1, sizeof(*own));
	struct barspan_entry_ *entries = own ? own : span->spare_entries;
	struct barspan_guard_ *table;
	int r;

	if (!entries || (!own && span->n_spare < span->n_segments))
		return -ENOMEM;
	fill_entries(span, view, entries);
	r = guard_build(&table, entries, span->n_segments, span->prot, &span->spare_table);
	sys_free(own);
	return r ? r : keep_table(span, table, out);
}

static void publish_table(struct span *span, const struct barspan_guard_ *table, bool detour)
{
	guard_publish(&span->handle, table, detour ? &span->detour : table);
	ptr_cache_invalidate();
	span_changed(span);
}

void span_publish(struct span *span, const struct barspan_guard_ *table)
{
	publish_table(span, table, span_is_detoured(&span->handle));
}

void span_detour(struct span *span, bool detour)
{
	publish_table(span, span->handle.table_, detour);
}

bool span_is_detoured(const struct barspan *span)
{
	return __atomic_load_n(&span->guard_, __ATOMIC_ACQUIRE) != span_table(span);
}

static span_watcher *watch;

void span_watch(span_watcher *watcher)
{
	__atomic_store_n(&watch, watcher, __ATOMIC_RELEASE);
}

void span_changed(const struct span *span)
{
	span_watcher *watcher = __atomic_load_n(&watch, __ATOMIC_ACQUIRE);

	if (watcher)
		watcher(&span->handle);
}

/* Finds the next range in [start, end) that the registry has for the span with
 * offset 0 at `base`. */
static bool next_range(const struct barspan *span, uintptr_t base, uintptr_t start, uintptr_t end,
		       struct registry_range *out)
{
	while (start < end && !registry_overlap(out, start, end)) {
		if (out->span == span && out->start - (uintptr_t)out->offset == base)
			return true;
		start = out->end;
	}
	return false;
}

bool span_next_owned(const struct span *span, uintptr_t base, uintptr_t start, uintptr_t end,
		     struct registry_range *out)
{
	if (!next_range(&span->handle, base, start, end, out))
		return false;
	out->end = (uintptr_t)sys_page_up(out->end);
	if (out->start < start)
		out->start = start;
	if (out->end > end)
		out->end = end;
	return true;
}

/* Whether addresses of an entry may be detached. Holes of the layout do not
 * count, since they are never accessed by address. */
static bool can_be_taken(const struct barspan_entry_ *entry)
{
	return entry->base &&
	       (entry->reason == BARSPAN_REASON_NONE || entry->reason == BARSPAN_REASON_SUSPENDED ||
		entry->reason == BARSPAN_REASON_FAILED);
}

struct span_part span_part_at(const struct barspan *span, const struct barspan_guard_ *table,
			      uint64_t offset)
{
	const struct barspan_entry_ *entry = barspan_entry_at_(table, offset);
	struct span_part part = { .end = entry[1].start,
				  .reason = (enum barspan_reason)entry->reason };
	uintptr_t at = entry->base + (uintptr_t)offset, end = entry->base + (uintptr_t)part.end,
		  edge;
	struct registry_range range;

	if (part.reason == BARSPAN_REASON_NONE)
		part.address = at;
	if (!can_be_taken(entry) || !span_is_detoured(span))
		return part;
	if (!next_range(span, entry->base, at, end, &range))
		range.start = range.end = end;
	if (range.start > at) {
		part.reason = BARSPAN_REASON_REQUESTED;
		part.address = 0;
	}
	edge = range.start > at ? range.start : range.end;
	if (edge < end)
		part.end = offset + (edge - at);
	return part;
}

bool barspan_is_direct_slow_(const struct barspan *span, uint64_t offset, uint64_t length)
{
	return barspan_pointer_slow_(span, offset, length);
}

volatile void *barspan_pointer_slow_(const struct barspan *span, uint64_t offset, uint64_t length)
{
	const struct barspan_guard_ *table = span_table(span);
	struct span_part part;

	if (offset >= table->length)
		return NULL;
	part = span_part_at(span, table, offset);
	/* An empty range is not direct: length - 1 wraps to the maximum. */
	return length - 1 < part.end - offset ? (volatile void *)part.address : NULL;
}

/* The extent that begins at `offset`: adjacent parts with one reason. */
static void join_parts(const struct barspan *span, const struct barspan_guard_ *table,
		       uint64_t offset, struct barspan_extent *out)
{
	struct span_part part = span_part_at(span, table, offset), next = part;

	for (; part.end < table->length; part.end = next.end) {
		next = span_part_at(span, table, part.end);
		if (next.reason != part.reason ||
		    (part.address && next.address != part.address + (uintptr_t)(part.end - offset)))
			break;
	}
	out->offset = offset;
	out->length = part.end - offset;
	out->kind = part.reason == BARSPAN_REASON_NONE ? BARSPAN_DIRECT : BARSPAN_HOLE;
	out->reason = part.reason;
}

int barspan_extent_at_slow_(const struct barspan *span, uint64_t offset, struct barspan_extent *out)
{
	const struct barspan_guard_ *table = span_table(span);
	struct barspan_extent extent = { 0 };

	if (offset >= table->length)
		return -ERANGE;
	do
		join_parts(span, table, extent.offset + extent.length, &extent);
	while (extent.offset + extent.length <= offset);
	*out = extent;
	return 0;
}

size_t barspan_extent_count(const struct barspan *span)
{
	const struct barspan_guard_ *table = span_table(span);
	struct barspan_extent extent = { 0 };
	size_t n = 0;

	if (!span_is_detoured(span))
		return table->n_extents;
	for (; extent.offset + extent.length < table->length; n++)
		join_parts(span, table, extent.offset + extent.length, &extent);
	return n;
}

int barspan_extent_get(const struct barspan *span, size_t i, struct barspan_extent *out)
{
	const struct barspan_guard_ *table = span_table(span);
	struct barspan_extent extent = { 0 };

	if (!span_is_detoured(span)) {
		if (i >= table->n_extents)
			return -ERANGE;
		barspan_extent_of_(&table->entries[i], out);
		return 0;
	}
	for (size_t n = 0; n <= i; n++) {
		if (extent.offset + extent.length >= table->length)
			return -ERANGE;
		join_parts(span, table, extent.offset + extent.length, &extent);
	}
	*out = extent;
	return 0;
}
