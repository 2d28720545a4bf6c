/* SPDX-License-Identifier: BSD-3-Clause */
/* What mapping the pieces of a span one by one comes to. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/mman.h>

#include "guard.h"
#include "log.h"
#include "place.h"
#include "plain.h"
#include "registry.h"
#include "span.h"
#include "sys.h"

/* How many of the cuts are inside a piece; *first is the first of these. */
static size_t cuts_inside(const struct span *span, const struct piece *piece, size_t *first)
{
	size_t low = 0, n = 0;

	for (size_t left = span->n_cuts; left;) {
		size_t half = left / 2;

		if (span->cuts[low + half] <= piece->offset) {
			low += half + 1;
			left -= half + 1;
		} else {
			left = half;
		}
	}
	while (low + n < span->n_cuts && span->cuts[low + n] < piece->offset + piece->length)
		n++;
	*first = low;
	return n;
}

/* Replaces piece i, which is made of areas that touch, by one piece for each of them, so that one bad area is one hole.
 * Where there is nothing to cut it is marked as failed. -ENOMEM. */
static int split(struct span *span, size_t i, bool *did_split)
{
	struct piece *grown, whole = span->pieces[i];
	size_t first, n;
	int r = span->cuts ? 0 : layout_cuts(&span->cuts, &span->n_cuts, &span->request);

	if (r)
		return r;
	n = cuts_inside(span, &whole, &first);
	*did_split = n > 0;
	if (!n) {
		span->pieces[i].failed = true;
		return 0;
	}
	if (span->n_pieces + n > GUARD_MOST_EXTENTS)
		return -ENOMEM;
	grown = sys_realloc(span->pieces, (span->n_pieces + n) * sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	memmove(&grown[i + n + 1], &grown[i + 1], (span->n_pieces - i - 1) * sizeof(*grown));
	for (size_t j = 0; j <= n; j++) {
		uint64_t start = j ? span->cuts[first + j - 1] : whole.offset;
		uint64_t end = j < n ? span->cuts[first + j] : whole.offset + whole.length;

		grown[i + j] = whole;
		grown[i + j].offset = start;
		grown[i + j].length = end - start;
		if (whole.address)
			grown[i + j].address = whole.address + (start - whole.offset);
	}
	span->pieces = grown;
	span->n_pieces += n;
	return 0;
}

enum { SPARE = 64 };	/* pieces that a process without mappings gets back */

static bool wanted(const struct piece *piece)
{
	return piece->reason == BARSPAN_REASON_NONE && !piece->failed && !piece->mapped;
}

int span_address_piece(const struct span *span, struct piece *piece)
{
	struct place_wish wish = { .length = span_piece_size(piece), .alignment = span->page_size };

	if (piece->address)
		return 0;
	return piece->length > SIZE_MAX - span->page_size ? -ENOMEM : place_reserve(&piece->address, &wish);
}

static void say(const struct span *span, const struct piece *piece, int r)
{
	log_message(span->flags & BARSPAN_STRICT ? BARSPAN_LOG_ERROR : BARSPAN_LOG_WARNING,
		    "%s region %u: cannot map 0x%" PRIx64 " + 0x%" PRIx64 ": %s", span->request.device, span->index,
		    span->request.offset + piece->offset, piece->length, log_error_name(r));
}

/* A piece's addresses are not ours any more: they must be neither used nor unmapped. One of BARSPAN_INDEPENDENT can have
 * others. */
static void lose_address(struct span *span, struct piece *piece)
{
	uintptr_t start = (uintptr_t)piece->address;

	if (span->base) {
		span->lost = piece->address;
		span->lost_length = span_piece_size(piece);
		return;
	}
	if (piece->known)
		registry_remove(&span->face, start, start + (uintptr_t)piece->length);
	piece->address = NULL;
	piece->held = piece->known = false;
}

/* What comes of a piece that could not be mapped. Returns what span_map_pieces() shall, or 0 to go on; *again: with the
 * pieces that it fell apart into. */
static int take_failure(struct span *span, size_t i, int error, bool lost, bool *again)
{
	struct piece *piece = &span->pieces[i];
	int r;

	say(span, piece, error);
	if (lost)
		lose_address(span, piece);
	if (span->flags & BARSPAN_STRICT)
		return error;
	r = split(span, i, again);
	if (r)
		return r;
	return span->lost ? 1 : 0;
}

int span_map_pieces(struct span *span, span_mapper *map, size_t *stopped)
{
	bool again = false;

	*stopped = SIZE_MAX;
	for (size_t i = 0; i < span->n_pieces; i += !again) {
		struct piece *piece = &span->pieces[i];
		bool lost = false;
		int r;

		again = false;
		if (!wanted(piece))
			continue;
		r = map(span, piece, &lost);
		if (r > 0)
			continue;
		piece->mapped = !r;
		piece->held |= !r;
		if (!r)
			continue;
		/* What comes would fail one by one. */
		if (r == -ENOMEM && !lost && !(span->flags & BARSPAN_STRICT) && place_exhausted()) {
			*stopped = i;
			return 0;
		}
		r = take_failure(span, i, r, lost, &again);
		if (r)
			return r;
	}
	return 0;
}

void span_warn_exhausted(const struct span *span)
{
	size_t i = 0;

	while (i < span->n_pieces && !wanted(&span->pieces[i]))
		i++;
	if (i < span->n_pieces)
		log_warning("%s region %u: the process has no more mappings (vm.max_map_count): what could be mapped"
			    " from 0x%" PRIx64 " on is a hole", span->request.device, span->index,
			    span->request.offset + span->pieces[i].offset);
}

int span_give_back(struct span *span, size_t before)
{
	for (size_t left = SPARE; left && before; before--) {
		struct piece *piece = &span->pieces[before - 1];
		size_t size = span_piece_size(piece);

		if (!piece->mapped || sys_munmap(piece->address, size))
			continue;
		piece->mapped = piece->held = false;
		left--;
		if (!span->base || !place_retake(piece->address, size, false))
			lose_address(span, piece);
		if (span->lost)
			return 1;
	}
	return 0;
}

int span_exclude_from_dumps(struct span *span)
{
	bool any = false;
	int r = 0;

	for (size_t i = 0; !r && i < span->n_pieces; i++) {
		const struct piece *piece = &span->pieces[i];

		any |= piece->mapped;
		if ((!span->base || span->n_gaps) && piece->mapped)
			r = sys_madvise(piece->address, span_piece_size(piece), MADV_DONTDUMP);
	}
	if (span->base && !span->n_gaps && any)
		r = sys_madvise(span->base, span->reserved, MADV_DONTDUMP);
	return r;
}

static enum barspan_reason reason_of(const struct piece *piece, bool suspended)
{
	if (piece->reason != BARSPAN_REASON_NONE)
		return piece->reason;
	if (suspended || piece->suspended)
		return BARSPAN_REASON_SUSPENDED;
	return piece->mapped ? BARSPAN_REASON_NONE : BARSPAN_REASON_FAILED;
}

int span_guard(struct span *span, bool suspended, struct barspan_guard_ **out)
{
	struct barspan_entry_ *entries = sys_calloc(span->n_pieces + 1, sizeof(*entries));
	struct barspan_guard_ *guard, **grown;
	int r;

	if (!entries)
		return -ENOMEM;
	for (size_t i = 0; i < span->n_pieces; i++) {
		const struct piece *piece = &span->pieces[i];

		entries[i].start = piece->offset;
		entries[i].reason = reason_of(piece, suspended);
		if (entries[i].reason == BARSPAN_REASON_NONE)
			entries[i].base = (uintptr_t)piece->address - (uintptr_t)piece->offset;
	}
	entries[span->n_pieces].start = span->request.length;
	r = guard_build(&guard, entries, span->n_pieces, span->prot, span->face.guard_);
	sys_free(entries);
	if (r)
		return r;
	/* All of a span is at one base, so that what is direct later can have the short ways, too. */
	if (!guard->main_length && span->base)
		guard->main_base = (uintptr_t)span->base;

	/* Readers may still look at a table that was replaced, so that none is freed before the span is. */
	for (size_t i = 0; i < span->n_guards; i++)
		if (guard_equal(span->guards[i], guard)) {
			sys_free(guard);
			*out = span->guards[i];
			return 0;
		}
	grown = sys_realloc(span->guards, (span->n_guards + 1) * sizeof(*grown));
	if (!grown) {
		sys_free(guard);
		return -ENOMEM;
	}
	span->guards = grown;
	span->guards[span->n_guards++] = guard;
	*out = guard;
	return 0;
}

void span_publish(struct span *span, const struct barspan_guard_ *guard)
{
	guard_publish(&span->face, guard);
	plain_forget();
	span_changed(span);
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
		watcher(span);
}
