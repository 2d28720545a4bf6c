/* SPDX-License-Identifier: BSD-3-Clause */
/* Reserve, place, release. */
#include "span.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/mman.h>

#include "carve.h"
#include "device.h"
#include "guard.h"
#include "log.h"
#include "place.h"
#include "registry.h"
#include "sized.h"
#include "sys.h"

#define MOST_ALIGNMENT (UINT64_C(1) << 30)

enum { KNOWN_FLAGS = BARSPAN_STRICT | BARSPAN_FIXED | BARSPAN_INDEPENDENT };

size_t span_piece_size(const struct piece *piece)
{
	return (size_t)sys_page_up(piece->length);
}

static int refuse(const struct barspan_device *device, unsigned int index, int r, const char *what)
{
	log_error("%s region %u: %s", barspan_device_name(device), index, what);
	return r;
}

/* Options that make no sense whatever the region is. */
static int check_options(const struct barspan_options *options, size_t page_size)
{
	bool independent = options->flags & BARSPAN_INDEPENDENT;

	if (options->flags & ~(unsigned int)KNOWN_FLAGS || options->prot & ~(PROT_READ | PROT_WRITE))
		return -EINVAL;
	if (options->offset % page_size || (uintptr_t)options->address % page_size)
		return -EINVAL;
	if (options->alignment & (options->alignment - 1))
		return -EINVAL;
	if (options->address && options->alignment && (uintptr_t)options->address % options->alignment)
		return -EINVAL;
	if (options->flags & BARSPAN_FIXED && !options->address)
		return -EINVAL;
	if (independent && (options->address || options->alignment))
		return -EINVAL;
	return options->n_holes && !options->holes ? -EINVAL : 0;
}

/* What the region allows of the window and the access that the options ask for; fills in their defaults. */
static int fit_options(struct barspan_options *options, const struct barspan_region *region)
{
	int allowed = (region->flags & BARSPAN_REGION_READ ? PROT_READ : 0) |
		      (region->flags & BARSPAN_REGION_WRITE ? PROT_WRITE : 0);

	if (options->offset >= region->size || options->length > region->size - options->offset)
		return -ERANGE;
	if (options->prot & ~allowed)
		return -EACCES;
	if (!options->prot)
		options->prot = allowed;
	if (!options->length)
		options->length = region->size - options->offset;
	return 0;
}

static int read_options(struct barspan_options *out, const struct barspan_options *given, struct barspan_device *device,
			unsigned int index, size_t page_size)
{
	int r = 0;

	memset(out, 0, sizeof(*out));
	if (given)
		r = sized_copy(out, sizeof(*out), given, sizeof(given->size));
	if (r)
		return refuse(device, index, r, "options of a size, or with a part, that this library does not know");
	r = check_options(out, page_size);
	return r ? refuse(device, index, r, "options that make no sense") : 0;
}

/* What the layout is made from. */
static int prepare_request(struct layout_request *request, struct barspan_options *options,
			   struct barspan_device *device, unsigned int index, size_t page_size)
{
	int r = barspan_device_region(device, index, &request->region);

	if (r == -ENOENT)
		return refuse(device, index, r, "there is no such region");
	if (r)
		return r;
	if (!request->region.size)
		return refuse(device, index, -ENOENT, "the region has size 0");
	r = fit_options(options, &request->region);
	if (r == -ERANGE)
		log_error("%s region %u: the window 0x%" PRIx64 " + 0x%" PRIx64
			  " is not inside the region (size 0x%" PRIx64 ")",
			  barspan_device_name(device), index, options->offset, options->length, request->region.size);
	if (r == -EACCES)
		log_error("%s region %u: prot 0x%x is more than the region allows (flags 0x%" PRIx32 ")",
			  barspan_device_name(device), index, (unsigned int)options->prot, request->region.flags);
	if (!r && request->region.flags & BARSPAN_REGION_MMAP &&
	    !(request->region.flags & BARSPAN_REGION_MSIX_MAPPABLE))
		r = device_msix(device, &request->msix);
	request->device = barspan_device_name(device);
	request->index = index;
	request->page_size = page_size;
	request->holes = options->holes;
	request->n_holes = options->n_holes;
	request->offset = options->offset;
	request->length = options->length;
	request->prot = options->prot;
	request->strict = options->flags & BARSPAN_STRICT;
	return r;
}

static int make_pieces(struct span *span)
{
	struct barspan_extent *extents;
	size_t n;
	int r = layout(&extents, &n, &span->request);

	if (r)
		return r;
	span->request.holes = NULL;
	span->request.n_holes = 0;
	span->pieces = sys_calloc(n, sizeof(*span->pieces));
	if (!span->pieces || n > GUARD_MOST_EXTENTS) {
		sys_free(extents);
		return span->pieces ? refuse(span->device, span->index, -EPROTO, "more areas than can be") : -ENOMEM;
	}
	for (size_t i = 0; i < n; i++) {
		span->pieces[i].offset = extents[i].offset;
		span->pieces[i].length = extents[i].length;
		span->pieces[i].reason = extents[i].reason;
	}
	span->n_pieces = n;
	sys_free(extents);
	return 0;
}

static int reserve_whole(struct span *span, const struct barspan_options *options)
{
	uint64_t natural = UINT64_C(1) << (63 - __builtin_clzll(span->request.region.size));
	uint64_t length = span->request.length;
	struct place_wish wish = {
		.address = options->address,
		.replace = options->flags & BARSPAN_FIXED,
		.alignment = options->alignment,
	};
	int r;

	if (length > SIZE_MAX - span->page_size)
		return -ENOMEM;
	wish.length = span->reserved = (size_t)sys_page_up(length);
	if (!wish.alignment) {
		wish.alignment = (size_t)(natural < MOST_ALIGNMENT ? natural : MOST_ALIGNMENT);
		wish.phase = options->offset;
	}
	if (wish.alignment < span->page_size)
		wish.alignment = span->page_size;
	r = place_reserve(&span->base, &wish);
	if (r && !options->alignment && !options->address) {
		/* Where addresses are scarce, better a span without the alignment that nobody asked for. */
		wish.alignment = span->page_size;
		r = place_reserve(&span->base, &wish);
	}
	for (size_t i = 0; !r && i < span->n_pieces; i++)
		span->pieces[i].address = span->base + span->pieces[i].offset;
	return r;
}

/* Reserves the span's addresses; where there is no span, each piece gets its own when it is mapped. */
static int reserve(struct span *span, const struct barspan_options *options)
{
	int r = span->flags & BARSPAN_INDEPENDENT ? 0 : reserve_whole(span, options);

	if (r)
		log_error("%s region %u: cannot reserve 0x%" PRIx64 " bytes of addresses: %s", span->request.device,
			  span->index, span->request.length, log_error_name(r));
	return r;
}

/* The first part of the reservation from an address on that is not ours; empty, at the end, where there is none. */
static struct interval next_gap(const struct span *span, uintptr_t from)
{
	uintptr_t end = (uintptr_t)span->base + span->reserved, lost = (uintptr_t)span->lost;
	struct interval next = { end, end };

	for (size_t i = 0; i < span->n_gaps && next.start == end; i++)
		if (span->gaps[i].end > from)
			next = span->gaps[i];
	if (lost && lost + span->lost_length > from && lost < next.start)
		next = (struct interval){ lost, lost + span->lost_length };
	return next;
}

/* Unmaps all that is ours. */
static void release(struct span *span)
{
	uintptr_t at = (uintptr_t)span->base, end = at + span->reserved;

	for (struct interval gap; span->base && at < end; at = (uintptr_t)gap.end) {
		gap = next_gap(span, at);
		if (gap.start > at)
			place_release((uint8_t *)at, (size_t)(gap.start - at));
	}
	for (size_t i = 0; i < span->n_pieces; i++) {
		if (!span->base && span->pieces[i].address)
			place_release(span->pieces[i].address, span_piece_size(&span->pieces[i]));
		span->pieces[i].address = NULL;
		span->pieces[i].mapped = span->pieces[i].held = false;
	}
	span->base = NULL;
}

/* The normal way: one MAP_FIXED over the reservation. */
static int place_piece(struct span *span, struct piece *piece, bool *lost)
{
	size_t length = span_piece_size(piece);
	int r = span_address_piece(span, piece);

	if (r)
		return r;
	r = device_map(span->device, span->index, span->request.offset + piece->offset, length, span->prot,
		       piece->address);
	if (r)
		*lost = !place_retake(piece->address, length, false);
	return r;
}

/* Fills the reservation. When a part of it is lost to another thread's mapping, what is ours of it is given back, and
 * all starts over elsewhere without the area that cannot be mapped, so that this ends. */
static int reserve_and_place(struct span *span, const struct barspan_options *options)
{
	size_t stopped;
	int r;

	for (;;) {
		r = reserve(span, options);
		if (!r)
			r = span_map_pieces(span, place_piece, &stopped);
		if (!r && stopped != SIZE_MAX) {
			r = span_give_back(span, stopped);
			span_warn_exhausted(span);
		}
		if (!r)
			r = span_exclude_from_dumps(span);
		if (!r)
			return 0;
		release(span);
		if (r < 0)
			return r;
		if (options->address)
			return refuse(span->device, span->index, -EEXIST,
				      "another mapping moved in at the address asked for");
		span->lost = NULL;
	}
}

int span_enlist(struct span *span)
{
	struct registry_range whole = {
		(uintptr_t)span->base, (uintptr_t)span->base + (uintptr_t)span->request.length, 0, &span->face,
	};
	struct registry_range *ranges;
	size_t n = 0;
	int r;

	if (span->base)
		return registry_add(&whole, 1);
	ranges = sys_calloc(span->n_pieces, sizeof(*ranges));
	if (!ranges)
		return -ENOMEM;
	for (size_t i = 0; i < span->n_pieces; i++) {
		const struct piece *piece = &span->pieces[i];
		uintptr_t start = (uintptr_t)piece->address;

		if (start && !piece->known)
			ranges[n++] = (struct registry_range){
				start, start + (uintptr_t)piece->length, piece->offset, &span->face,
			};
	}
	r = registry_add(ranges, n);
	for (size_t i = 0; !r && i < span->n_pieces; i++)
		span->pieces[i].known = span->pieces[i].address;
	sys_free(ranges);
	return r;
}

static void delist(struct span *span)
{
	registry_remove(&span->face, 0, UINTPTR_MAX);
}

static void destroy(struct span *span)
{
	for (size_t i = 0; i < span->n_guards; i++)
		sys_free(span->guards[i]);
	sys_free(span->guards);
	sys_free(span->gaps);
	sys_free(span->cuts);
	sys_free(span->pieces);
	pthread_mutex_destroy(&span->lock);
	sys_free(span);
}

static int fill(struct span *span, const struct barspan_options *options)
{
	struct barspan_guard_ *guard;
	int r = make_pieces(span);

	if (!r)
		r = place_lock();
	if (r)
		return r;
	r = reserve_and_place(span, options);
	place_unlock();
	/* What was replaced is no part of another span any more, even if nothing came of it. */
	if (options->flags & BARSPAN_FIXED)
		carve_done((uintptr_t)options->address, (uintptr_t)options->address + span->reserved);
	if (r)
		return r;
	r = span_guard(span, false, &guard);
	if (!r) {
		span_publish(span, guard);
		r = span_enlist(span);
	}
	if (r) {
		delist(span);
		release(span);
		return r;
	}
	span_changed(span);
	return 0;
}

int barspan_map(struct barspan **out, struct barspan_device *device, unsigned int index,
		const struct barspan_options *given)
{
	size_t page_size = sys_page_size();
	struct layout_request request = { 0 };
	struct barspan_options options;
	struct span *span;
	int r = read_options(&options, given, device, index, page_size);

	if (!r)
		r = prepare_request(&request, &options, device, index, page_size);
	if (r)
		return r;
	span = sys_calloc(1, sizeof(*span));
	if (!span)
		return -ENOMEM;
	span->device = device;
	span->index = index;
	span->flags = options.flags;
	span->prot = options.prot;
	span->request = request;
	span->page_size = page_size;
	pthread_mutex_init(&span->lock, NULL);

	r = fill(span, &options);
	if (r) {
		destroy(span);
		return r;
	}
	device_hold(device);
	log_info("%s region %u: 0x%" PRIx64 " bytes at %p, %" PRIu32 " extents", request.device, index, request.length,
		 (void *)span->base, span->face.guard_->n_extents);
	*out = &span->face;
	return 0;
}

void barspan_unmap(struct barspan *face)
{
	struct barspan_device *device;

	if (!face)
		return;
	device = span_of(face)->device;
	delist(span_of(face));
	release(span_of(face));
	destroy(span_of(face));
	barspan_device_close(device);
}

volatile void *barspan_base(const struct barspan *face)
{
	return span_of_const(face)->base;
}

uint64_t barspan_length(const struct barspan *face)
{
	return span_of_const(face)->request.length;
}

struct barspan_device *barspan_span_device(const struct barspan *face)
{
	return span_of_const(face)->device;
}

unsigned int barspan_span_index(const struct barspan *face)
{
	return span_of_const(face)->index;
}

uint64_t barspan_span_offset(const struct barspan *face)
{
	return span_of_const(face)->request.offset;
}
