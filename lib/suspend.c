/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Suspend and resume. Suspending takes the access away from the device's mappings rather than the mappings: so nothing
 * can leave a gap in the span's addresses. Resuming maps each piece at an address of its own first and moves it into
 * place when that has worked, so that a device that refuses leaves no gap in a span that is in use.
 */
#include <errno.h>
#include <inttypes.h>
#include <sys/mman.h>

#include "device.h"
#include "log.h"
#include "place.h"
#include "span.h"
#include "sys.h"

/* Takes the access to the mapped pieces away, or gives it back to those that lack it, as far as that goes. */
static int set_access(struct span *span, bool suspend)
{
	int result = 0;

	for (size_t i = 0; i < span->n_pieces; i++) {
		struct piece *piece = &span->pieces[i];
		int r;

		if (!piece->mapped || piece->suspended == suspend)
			continue;
		r = sys_mprotect(piece->address, span_piece_size(piece), suspend ? PROT_NONE : span->prot);
		if (r)
			result = r;
		else
			piece->suspended = suspend;
	}
	if (result)
		log_error("%s region %u: cannot %s all access: mprotect: %s", span->request.device, span->index,
			  suspend ? "take away" : "give back", log_error_name(result));
	return result;
}

/* Part of the span has no access: gives it back as far as that is possible, and makes the table say how far. `before`
 * is what the table was when all had access; NULL: not all had. */
static void undo_suspend(struct span *span, const struct barspan_guard_ *before)
{
	struct barspan_guard_ *guard;
	int r = set_access(span, false);

	span->half_suspended = r;
	if (!r && before)
		span_publish(span, before);
	else if (!span_guard(span, false, &guard))
		span_publish(span, guard);
	else
		span->half_suspended = true;
}

static int suspend_locked(struct span *span)
{
	const struct barspan_guard_ *before = span->half_suspended ? NULL : span->face.guard_;
	struct barspan_guard_ *guard;
	int r;

	/* After a resume that failed, some may have access still. */
	if (span->suspended)
		return set_access(span, true);
	r = span_guard(span, true, &guard);
	if (r)
		return r;
	span_publish(span, guard);
	r = set_access(span, true);
	span->suspended = !r;
	span->half_suspended = false;
	if (r)
		undo_suspend(span, before);
	return r;
}

int barspan_suspend(struct barspan *face)
{
	struct span *span = span_of(face);
	int r;

	pthread_mutex_lock(&span->lock);
	r = suspend_locked(span);
	pthread_mutex_unlock(&span->lock);
	return r;
}

/* Maps a piece elsewhere and moves it over what was there. */
static int renew_piece(struct span *span, struct piece *piece, bool *lost)
{
	struct place_wish wish = { .length = span_piece_size(piece), .alignment = span->page_size };
	uint8_t *elsewhere;
	int r = span_address_piece(span, piece);

	if (!r)
		r = place_reserve(&elsewhere, &wish);
	if (r)
		return r;
	r = device_map(span->device, span->index, span->request.offset + piece->offset, wish.length, span->prot,
		       elsewhere);
	if (r) {
		if (place_retake(elsewhere, wish.length, false))
			place_release(elsewhere, wish.length);
		return r;
	}
	r = sys_mremap(elsewhere, wish.length, piece->address);
	if (r) {
		place_release(elsewhere, wish.length);
		*lost = !place_retake(piece->address, wish.length, true);
	}
	return r;
}

static int renew_held(struct span *span, struct piece *piece, bool *lost)
{
	return piece->held ? renew_piece(span, piece, lost) : 1;
}

/* What was a hole may be mapped now, but not by taking the process's last mappings. */
static int renew_other(struct span *span, struct piece *piece, bool *lost)
{
	return place_exhausted() ? -ENOMEM : renew_piece(span, piece, lost);
}

/* What was mapped comes first, so that nothing of it is given up for what was not. */
static int renew_pieces(struct span *span)
{
	size_t stopped;
	int r = span_map_pieces(span, renew_held, &stopped);

	if (!r && stopped != SIZE_MAX) {
		log_error("%s region %u: the process has no more mappings (vm.max_map_count) to resume 0x%" PRIx64
			  ": it stays suspended", span->request.device, span->index,
			  span->request.offset + span->pieces[stopped].offset);
		return -ENOMEM;
	}
	if (!r)
		r = span_map_pieces(span, renew_other, &stopped);
	if (!r && stopped != SIZE_MAX)
		span_warn_exhausted(span);
	return r;
}

static int renew_all(struct span *span)
{
	int r = place_lock();

	if (r)
		return r;
	for (size_t i = 0; i < span->n_pieces; i++) {
		span->pieces[i].failed = false;
		span->pieces[i].mapped = false;
		span->pieces[i].suspended = false;
	}
	r = renew_pieces(span);
	place_unlock();
	if (r > 0) {
		log_error("%s region %u: another mapping moved into the span at %p + 0x%zx: it stays suspended",
			  span->request.device, span->index, (void *)span->lost, span->lost_length);
		return -EEXIST;
	}
	if (!r && !span->base)
		r = span_enlist(span);
	return r ? r : span_exclude_from_dumps(span);
}

static int resume_locked(struct span *span)
{
	struct barspan_guard_ *guard;
	int r;

	if (!span->suspended && !span->half_suspended)
		return 0;
	if (span->lost)
		return -EEXIST;
	/* Readers may be in any table that was ever published; a device that changes its mind for ever has to stop. */
	if (span->n_guards >= MOST_GUARDS && !span->n_gaps)
		return -ENOMEM;
	/* What follows takes the access to all extents away: the table says so first. */
	if (span->half_suspended) {
		r = span_guard(span, true, &guard);
		if (r)
			return r;
		span_publish(span, guard);
		span->suspended = true;
		span->half_suspended = false;
	}
	r = renew_all(span);
	if (!r)
		r = span_guard(span, false, &guard);
	if (r) {
		set_access(span, true);
		return r;
	}
	span_publish(span, guard);
	span->suspended = false;
	return 0;
}

int barspan_resume(struct barspan *face)
{
	struct span *span = span_of(face);
	int r;

	pthread_mutex_lock(&span->lock);
	r = resume_locked(span);
	pthread_mutex_unlock(&span->lock);
	return r;
}
