/* SPDX-License-Identifier: BSD-3-Clause */
#include "span/detach.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "util/log.h"
#include "span/maps.h"
#include "span/registry.h"
#include "span/reservation.h"
#include "span/span.h"
#include "util/sys.h"

static size_t count_ranges(uintptr_t start, uintptr_t end)
{
	struct registry_range range;
	size_t n = 0;

	for (; start < end && !registry_overlap(&range, start, end); start = range.end)
		n++;
	return n;
}

/* The part of a range that is detached. */
static struct registry_range clip_range(const struct registry_range *range, uintptr_t start,
					uintptr_t end)
{
	struct registry_range part = *range;

	if (part.start < start) {
		part.offset += start - part.start;
		part.start = start;
	}
	if (part.end > end)
		part.end = end;
	return part;
}

static void detour_spans(struct detachment *detachment)
{
	struct registry_range range;
	uintptr_t at = detachment->start;

	for (size_t i = 0; i < detachment->n; i++, at = range.end) {
		struct span *span;

		registry_overlap(&range, at, detachment->end);
		span = to_span(range.span);
		detachment->ranges[i] = clip_range(&range, detachment->start, detachment->end);
		detachment->was_detoured[i] = span_is_detoured(&span->handle);
		if (!detachment->was_detoured[i])
			span_detour(span, true);
	}
}

static void undo_detours(const struct detachment *detachment)
{
	for (size_t i = 0; !detachment->keeps_detours && i < detachment->n; i++)
		if (!detachment->was_detoured[i])
			span_detour(to_span(detachment->ranges[i].span), false);
}

static void free_detachment(struct detachment *detachment)
{
	sys_free(detachment->ranges);
	sys_free(detachment->was_detoured);
	maps_snapshot_drop(&detachment->before);
	detachment->ranges = NULL;
	detachment->was_detoured = NULL;
	detachment->n = 0;
}

static bool has_addresses(const struct span *span)
{
	uintptr_t start = (uintptr_t)span->base;
	struct registry_range owned;

	return span_next_owned(span, start, start,
			       start + (uintptr_t)sys_page_up(span->window.length), &owned);
}

void detach_end_span(struct span *span, struct span **ended)
{
	span->owner = SPAN_ENDED;
	span->next_ended = *ended;
	*ended = span;
}

/* Every span of barspan_mmap() has a base. */
static void collect_ended(const struct detachment *detachment, struct span **ended)
{
	for (size_t i = 0; i < detachment->n; i++) {
		struct span *span = to_span(detachment->ranges[i].span);

		/* A span with several ranges here is collected once. */
		if (span->owner == SPAN_OF_ADDRESSES && !has_addresses(span))
			detach_end_span(span, ended);
	}
}

static size_t range_size(const struct registry_range *range)
{
	return (size_t)(sys_page_up(range->end) - range->start);
}

/*
 * Reserves the ranges instead of recording the mappings in them. If reserving
 * one fails, the ranges before it are unmapped and the others are given back to
 * their spans.
 */
static int reserve_ranges(struct detachment *detachment, struct span **ended)
{
	size_t n = 0;
	int r = 0;

	for (; n < detachment->n; n++) {
		const struct registry_range *range = &detachment->ranges[n];
		void *address = (void *)range->start;

		r = sys_mmap(&address, address, range_size(range), PROT_NONE,
			     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0);
		if (r)
			break;
	}
	if (!r)
		return 0;
	for (size_t i = 0; i < n; i++)
		reservation_release((uint8_t *)detachment->ranges[i].start,
				    range_size(&detachment->ranges[i]));
	for (size_t i = n; i < detachment->n; i++)
		if (sys_is_mapped((void *)detachment->ranges[i].start,
				  range_size(&detachment->ranges[i])))
			registry_restore(&detachment->ranges[i]);
	detachment->is_lost = true;
	collect_ended(detachment, ended);
	return r;
}

static int take_ranges(struct detachment *detachment, struct span **ended)
{
	int r;

	detachment->ranges = sys_calloc(detachment->n, sizeof(*detachment->ranges));
	detachment->was_detoured = sys_calloc(detachment->n, sizeof(*detachment->was_detoured));
	if (!detachment->ranges || !detachment->was_detoured)
		return -ENOMEM;
	/* At most one range is split in two. */
	r = registry_reserve(1);
	if (r)
		return r;
	detour_spans(detachment);
	registry_remove(NULL, detachment->start, detachment->end);
	if (detachment->kind != DETACH_UNMAP)
		r = maps_snapshot_take(&detachment->before, detachment->start, detachment->end);
	/* The ranges given back may be in as many parts. */
	if (!r)
		r = registry_reserve(detachment->before.lines + 1);
	if (r == -ENOMEM) {
		detach_undo(detachment);
		return r;
	}
	return r && detachment->kind >= DETACH_REPLACE ? reserve_ranges(detachment, ended) : 0;
}

int detach_begin(struct detachment *out, uintptr_t start, uintptr_t end, enum detach_kind kind,
		 struct span **ended)
{
	int r = 0;

	*out = (struct detachment){
		.kind = kind,
		.start = start,
		.end = end,
		.n = count_ranges(start, end),
		.before = { .fd = -1 },
	};
	if (out->n)
		r = take_ranges(out, ended);
	if (r)
		free_detachment(out);
	return r;
}

void detach_undo(struct detachment *detachment)
{
	for (size_t i = 0; i < detachment->n; i++)
		registry_restore(&detachment->ranges[i]);
	undo_detours(detachment);
	free_detachment(detachment);
}

/* Whether `page` touches [start, end), belongs to the span, and forms one
 * mapping with [start, end). */
static bool is_joined(const struct registry_range *part, uintptr_t page, uintptr_t start,
		      uintptr_t end)
{
	struct registry_range owned;

	return span_next_owned(to_span(part->span), part->start - (uintptr_t)part->offset, page,
			       page + sys_page_size(), &owned) &&
	       reservation_is_whole((uint8_t *)start, end - start);
}

/*
 * Whether a part of a span without a device mapping is still reserved. Another
 * thread's PROT_NONE mapping looks the same, but is not excluded from core
 * dumps, and so does not form one mapping with an adjacent page that is.
 */
static bool is_still_reserved(const struct registry_range *part)
{
	uintptr_t page = sys_page_size(), end = (uintptr_t)sys_page_up(part->end);

	return is_joined(part, part->start - page, part->start - page, end) ||
	       is_joined(part, end, part->start, end + page) ||
	       reservation_is_intact((uint8_t *)part->start, end - part->start) ||
	       maps_is_marked(part->start, end);
}

struct restoring {
	const struct detachment *detachment;
	bool is_proven; /* the call unmapped nothing */
};

static void look_for_file(void *context, uintptr_t start, uintptr_t end, bool is_file)
{
	struct restoring *restoring = context;

	restoring->is_proven |= is_file && start < end;
}

/* Returns the parts of an unchanged mapping to their spans. */
static void restore_part(void *context, uintptr_t start, uintptr_t end, bool is_file)
{
	const struct restoring *restoring = context;
	const struct detachment *detachment = restoring->detachment;

	for (size_t i = 0; i < detachment->n; i++) {
		const struct registry_range part = clip_range(&detachment->ranges[i], start, end);

		if (part.start < part.end &&
		    (is_file || restoring->is_proven || is_still_reserved(&part)))
			registry_restore(&part);
	}
}

/* Whether the spans own all of the ranges again. */
static bool is_restored(const struct detachment *detachment)
{
	struct registry_range found;

	for (size_t i = 0; i < detachment->n; i++) {
		const struct registry_range *range = &detachment->ranges[i];

		if (registry_find(&found, range->start) || found.span != range->span ||
		    found.end < range->end)
			return false;
	}
	return true;
}

/* After a failed call: returns to the spans the mappings that the call has
 * not changed. */
static void restore_unchanged(struct detachment *detachment)
{
	struct restoring restoring = {
		.detachment = detachment,
		.is_proven = detachment->kind == DETACH_RESERVE,
	};

	if (detachment->before.fd >= 0) {
		maps_snapshot_unchanged(&detachment->before, look_for_file, &restoring);
		maps_snapshot_unchanged(&detachment->before, restore_part, &restoring);
	} else if (detachment->kind == DETACH_MOVE &&
		   sys_is_mapped((void *)detachment->start, detachment->end - detachment->start)) {
		restoring.is_proven = true;
		restore_part(&restoring, detachment->start, detachment->end, false);
	}
	detachment->is_lost = !is_restored(detachment);
	if (!detachment->is_lost)
		undo_detours(detachment);
}

void detach_end(struct detachment *detachment, int r, struct span **ended)
{
	if (r && detachment->n)
		restore_unchanged(detachment);
	collect_ended(detachment, ended);
	free_detachment(detachment);
}

void detach_keep_living(struct span **ended)
{
	while (*ended) {
		struct span *span = *ended;

		if (!has_addresses(span)) {
			ended = &span->next_ended;
			continue;
		}
		*ended = span->next_ended;
		span->owner = SPAN_OF_ADDRESSES;
	}
}

void detach_destroy_ended(struct span *ended)
{
	struct span *next;

	for (; ended; ended = next) {
		next = ended->next_ended;
		span_destroy(ended);
	}
}
