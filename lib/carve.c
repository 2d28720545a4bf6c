/* SPDX-License-Identifier: BSD-3-Clause */
#include "carve.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>

#include "interval.h"
#include "registry.h"
#include "span.h"
#include "sys.h"

/* Held while a span that was found by its address is changed, so that no other thread's carving makes an end of it. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

/* Cuts the piece in which `offset` lies in two there, unless it begins there. -ENOMEM. */
static int cut_at(struct span *span, uint64_t offset)
{
	struct piece *grown, *piece;
	size_t i = 0;

	while (i < span->n_pieces && span->pieces[i].offset + span->pieces[i].length <= offset)
		i++;
	if (i == span->n_pieces || span->pieces[i].offset >= offset)
		return 0;
	grown = sys_realloc(span->pieces, (span->n_pieces + 1) * sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	span->pieces = grown;
	memmove(&grown[i + 1], &grown[i], (span->n_pieces - i) * sizeof(*grown));
	span->n_pieces++;
	piece = &grown[i];
	piece[1].offset = offset;
	piece[1].length -= offset - piece->offset;
	if (piece->address)
		piece[1].address += offset - piece->offset;
	piece->length = offset - piece->offset;
	return 0;
}

/* Notes that addresses are not the span's any more. -ENOMEM. */
static int add_gap(struct span *span, uintptr_t start, uintptr_t end)
{
	struct interval *grown = sys_realloc(span->gaps, (span->n_gaps + 1) * sizeof(*grown));

	if (!grown)
		return -ENOMEM;
	span->gaps = grown;
	grown[span->n_gaps] = (struct interval){ start, end };
	span->n_gaps = interval_normalise(grown, span->n_gaps + 1, NULL);
	return 0;
}

static void give_up(struct piece *piece)
{
	piece->mapped = piece->suspended = piece->held = piece->known = false;
	piece->address = NULL;
	if (piece->reason == BARSPAN_REASON_NONE)
		piece->reason = BARSPAN_REASON_REQUESTED;
}

static int carve_locked(struct span *span, const struct registry_range *range, uintptr_t start, uintptr_t end)
{
	uint64_t first = range->offset + (start - range->start), last = range->offset + (end - range->start);
	uintptr_t page_end = end == range->end ? (uintptr_t)sys_page_up(end) : end;
	struct barspan_guard_ *guard;
	int r = cut_at(span, first);

	if (!r)
		r = cut_at(span, last);
	if (!r)
		r = add_gap(span, start, page_end);
	if (r)
		return r;
	for (size_t i = 0; i < span->n_pieces; i++) {
		struct piece *piece = &span->pieces[i];

		if (piece->offset < first || piece->offset >= last)
			continue;
		give_up(piece);
	}
	r = span_guard(span, span->suspended, &guard);
	if (r)
		return r;
	span_publish(span, guard);
	return registry_remove(&span->face, start, end);
}

int carve(uintptr_t start, uintptr_t end)
{
	struct registry_range range;
	uintptr_t from = start;
	int r = 0;

	/* This is called for each munmap() of a program, also by an allocator that is called below. */
	if (registry_overlap(&range, start, end))
		return 0;
	pthread_mutex_lock(&lock);
	while (!r && from < end && !registry_overlap(&range, from, end)) {
		struct span *span = span_of(range.span);
		uintptr_t low = range.start > start ? range.start : start, high = range.end < end ? range.end : end;
		struct registry_range left;

		from = high;
		pthread_mutex_lock(&span->lock);
		r = carve_locked(span, &range, low, high);
		pthread_mutex_unlock(&span->lock);
		if (!r && span->owned_by_addresses && registry_of(&left, &span->face))
			barspan_unmap(&span->face);
	}
	pthread_mutex_unlock(&lock);
	return r;
}

/* No address is the span's any more. */
static void abandon(struct span *span)
{
	pthread_mutex_lock(&span->lock);
	span->lost = span->base;
	span->lost_length = span->reserved;
	for (size_t i = 0; i < span->n_pieces; i++)
		give_up(&span->pieces[i]);
	/* There may be no memory for another table. */
	guard_make_hole(&span->nothing, span->request.length, BARSPAN_REASON_REQUESTED, span->prot);
	span_publish(span, &span->nothing.guard);
	pthread_mutex_unlock(&span->lock);
	registry_remove(&span->face, 0, UINTPTR_MAX);
}

void carve_done(uintptr_t start, uintptr_t end)
{
	struct registry_range range;

	if (!carve(start, end))
		return;
	pthread_mutex_lock(&lock);
	while (!registry_overlap(&range, start, end))
		abandon(span_of(range.span));
	pthread_mutex_unlock(&lock);
}
