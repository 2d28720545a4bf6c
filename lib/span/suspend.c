/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Suspend and resume. Suspending removes access from the device's mappings, and
 * resuming restores it. Nothing is unmapped, so no other mapping can take the
 * addresses. Before a resume the library maps each segment at another address,
 * to find out whether the device still allows it. On every failure a segment's
 * state matches its mapping, and the table is built from the states.
 */
#include <errno.h>

#include "util/log.h"
#include "util/operation.h"
#include "span/registry.h"
#include "span/span.h"

/* Updates the table after changing access has failed half-way. Cannot fail,
 * since memory for the table was reserved. */
static void show_access(struct span *span)
{
	const struct barspan_guard_ *table;

	span->state = SPAN_RUNNING;
	if (!span_build_table(span, TABLE_NOW, &table))
		span_publish(span, table);
}

static int suspend_span(struct span *span)
{
	const struct barspan_guard_ *table;
	int r;

	if (span->state != SPAN_RUNNING)
		return 0;
	r = segments_split_taken(span);
	if (!r)
		r = span_build_table(span, TABLE_SUSPENDED, &table);
	if (!r)
		r = span_reserve_table(span);
	if (r)
		return r;
	/* Publish the table first: no offset without access may be direct. */
	span_publish(span, table);
	r = segments_take_access(span);
	if (!r) {
		span->state = SPAN_SUSPENDED;
		return 0;
	}
	segments_give_access(span);
	show_access(span);
	return r;
}

int barspan_suspend(struct barspan *span)
{
	BORDER();
	int r = operation_begin();

	if (r)
		return r;
	span_log_failure(to_span(span));
	r = suspend_span(to_span(span));
	operation_end();
	return r;
}

/* Detaches the addresses that another mapping occupies. The span stays
 * suspended. */
static int lose_range(struct span *span, const struct map_failure *failure)
{
	uintptr_t start = (uintptr_t)failure->lost;

	log_error("%s region %u: another mapping occupies %p-%p of the span: it stays suspended",
		  span->window.device, span->index, (void *)failure->lost,
		  (void *)(failure->lost + failure->lost_length - 1));
	span_detour(span, true);
	registry_remove(&span->handle, start, start + failure->lost_length);
	span->state = SPAN_LOST;
	return -EEXIST;
}

/*
 * Restores access to all mapped segments. If this fails half-way, a span
 * without any access stays suspended, and a span with some access has more of
 * it than before.
 */
static int give_all_access(struct span *span, const struct barspan_guard_ *table)
{
	int r = segments_give_access(span);

	if (!r) {
		span_publish(span, table);
		span->state = SPAN_RUNNING;
		return 0;
	}
	if (span->state == SPAN_RUNNING || segments_take_access(span))
		show_access(span);
	return r;
}

static int map_failed_segments(struct span *span)
{
	struct map_failure failure = { 0 };
	enum map_result result;

	segments_change_state(span, SEGMENT_FAILED, SEGMENT_WANTED);
	result = segments_map_suspended(span, &failure);
	segments_change_state(span, SEGMENT_WANTED, SEGMENT_FAILED);
	if (result == MAP_RANGE_LOST)
		return lose_range(span, &failure);
	return result == MAP_ERROR ? failure.error : 0;
}

static int resume_span(struct span *span)
{
	const struct barspan_guard_ *table;
	int r;

	if (span->state == SPAN_LOST)
		return -EEXIST;
	if (span->state == SPAN_RUNNING && !segments_have(span, SEGMENT_NO_ACCESS))
		return 0;
	/* Readers may use old tables, so all are kept. The limit bounds the
	 * memory if the device keeps changing its areas. */
	if (span->n_guards >= MAX_GUARDS) {
		log_error("%s region %u: cannot resume: %zu different guard tables, expected fewer "
			  "than %d",
			  span->window.device, span->index, span->n_guards, MAX_GUARDS);
		return -ENOMEM;
	}
	/* lose_range() and show_access() must not fail. */
	r = registry_reserve(1);
	if (!r)
		r = segments_split_taken(span);
	if (r)
		return r;
	segments_change_state(span, SEGMENT_REFUSED, SEGMENT_NO_ACCESS);
	r = segments_ask_device(span);
	if (!r && span->state == SPAN_SUSPENDED)
		r = map_failed_segments(span);
	if (!r)
		r = span_build_table(span, TABLE_RESUMED, &table);
	if (!r)
		r = span_reserve_table(span);
	return r ? r : give_all_access(span, table);
}

int barspan_resume(struct barspan *span)
{
	BORDER();
	int r = operation_begin();

	if (r)
		return r;
	span_log_failure(to_span(span));
	r = resume_span(to_span(span));
	operation_end();
	return r;
}
