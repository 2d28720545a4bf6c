/* SPDX-License-Identifier: BSD-3-Clause */
/* Creates a span: layout, reservation, mapping, table, registry. Undoes these
 * steps on failure. */
#include "span/span-map.h"

#include <errno.h>
#include <inttypes.h>

#include "span/detach.h"
#include "device/device.h"
#include "util/log.h"
#include "span/options.h"
#include "span/segment-map.h"
#include "span/span.h"
#include "util/sys.h"

static int make_segments(struct span *span)
{
	struct barspan_extent *extents;
	size_t n;
	int r = layout(&extents, &n, &span->window);

	if (r)
		return r;
	span->window.holes = NULL;
	span->window.n_holes = 0;
	if (n > GUARD_MAX_EXTENTS) {
		log_error("%s region %u: %zu extents, expected at most %u", span->window.device,
			  span->index, n, GUARD_MAX_EXTENTS);
		r = -EPROTO;
	} else {
		span->segments = sys_calloc(n, sizeof(*span->segments));
		r = span->segments ? 0 : -ENOMEM;
	}
	for (size_t i = 0; !r && i < n; i++)
		span->segments[i] = (struct segment){
			.offset = extents[i].offset,
			.length = extents[i].length,
			.reason = extents[i].reason,
			.state = extents[i].kind == BARSPAN_DIRECT ? SEGMENT_WANTED : SEGMENT_HOLE,
		};
	span->n_segments = n;
	sys_free(extents);
	return r;
}

/* The largest alignment that lets the kernel use huge pages: at least the size
 * that one page of page-table entries maps, at most 1 GiB. */
static size_t default_alignment(const struct span *span)
{
	uint64_t natural = UINT64_C(1) << (63 - __builtin_clzll(span->window.region.size));
	uint64_t huge = (uint64_t)span->page_size * (span->page_size / sizeof(uint64_t)),
		 max = UINT64_C(1) << 30;

	if (natural < huge)
		return span->page_size;
	return (size_t)(natural < max ? natural : max);
}

/* The caller's alignment or the default, at least a page. */
static size_t chosen_alignment(const struct span *span, const struct barspan_options *options)
{
	size_t alignment = options->alignment ? options->alignment : default_alignment(span);

	return alignment < span->page_size ? span->page_size : alignment;
}

/* Whether the whole span is one segment that can be mapped. */
static bool is_all_wanted(const struct span *span)
{
	return span->n_segments == 1 && span->segments[0].state == SEGMENT_WANTED;
}

static void place_segments(struct span *span)
{
	span->base = span->reservation.base;
	for (size_t i = 0; i < span->n_segments; i++)
		span->segments[i].address = span->base + span->segments[i].offset;
}

static int reserve_whole(struct span *span, const struct barspan_options *options)
{
	struct reservation_request request = {
		.alignment = chosen_alignment(span, options),
		.phase = options->alignment ? 0 : options->offset,
		.with_neighbour = is_all_wanted(span),
		.address = options->address,
		.replace = options->flags & BARSPAN_FIXED,
	};
	int r;

	request.length = (size_t)sys_page_up(span->window.length);
	r = reservation_create(&span->reservation, &request);
	if (r && !options->alignment && !options->address) {
		/* If addresses are scarce, try again without the default
		 * alignment. */
		request.alignment = span->page_size;
		r = reservation_create(&span->reservation, &request);
	}
	if (!r)
		place_segments(span);
	return r;
}

/*
 * Maps a span that is a single mapping without a reservation. On failure
 * nothing needs to be undone, and the caller uses the general way. Returns
 * whether it succeeded.
 */
static bool map_as_one(struct span *span, const struct barspan_options *options)
{
	struct segment *segment = &span->segments[0];
	struct map_failure failure;

	if (options->address || span->flags & BARSPAN_INDEPENDENT ||
	    chosen_alignment(span, options) > span->page_size || !is_all_wanted(span) ||
	    !span->device->locate || segment_map_new(span, 0, &failure))
		return false;
	segment->state = SEGMENT_DIRECT;
	span->base = segment->address;
	span->reservation = (struct reservation){
		.start = span->base,
		.length = segment_size(segment),
		.base = span->base,
	};
	return true;
}

static void log_reserve_failure(const struct span *span, const void *address, int r)
{
	const char *name = span->window.device, *error = log_error_name(r);
	uint64_t length = span->window.length;

	if (address)
		log_error("%s region %u: cannot reserve 0x%" PRIx64 " bytes at %p: %s", name,
			  span->index, length, address, error);
	else
		log_error("%s region %u: cannot reserve 0x%" PRIx64 " bytes of addresses: %s", name,
			  span->index, length, error);
}

/* Reserves the span's addresses. With BARSPAN_INDEPENDENT each segment gets its
 * own when it is mapped. */
static int reserve_span(struct span *span, const struct barspan_options *options)
{
	int r = 0;

	if (span->window.length > SIZE_MAX - span->page_size)
		r = -ENOMEM;
	else if (!(span->flags & BARSPAN_INDEPENDENT))
		r = reserve_whole(span, options);
	if (r)
		log_reserve_failure(span, options->address, r);
	return r;
}

/* Unmaps and unreserves everything of a span that is not published yet, except
 * for a lost range. */
static void abandon_mappings(struct span *span, const struct map_failure *failure)
{
	const struct reservation *reservation = &span->reservation;
	uint8_t *end = reservation->start + reservation->length;

	for (size_t i = 0; i < span->n_segments; i++) {
		struct segment *segment = &span->segments[i];

		if (!span->base && segment_is_mapped(segment))
			reservation_release(segment->address, segment_size(segment));
		if (segment_is_mapped(segment))
			segment->state = SEGMENT_WANTED;
		segment->address = NULL;
	}
	if (span->base && failure->lost) {
		reservation_release(reservation->start,
				    (size_t)(failure->lost - reservation->start));
		reservation_release(failure->lost + failure->lost_length,
				    (size_t)(end - (failure->lost + failure->lost_length)));
	} else if (span->base) {
		reservation_release(reservation->start, reservation->length);
	}
	span->base = NULL;
	span->reservation = (struct reservation){ 0 };
}

/*
 * Maps the segments. If another mapping occupies a part of the reservation, the
 * rest is released and the span is mapped again at another address, without the
 * segment that failed. This terminates, since each round has fewer segments to
 * map.
 */
static int map_segments(struct span *span, const struct barspan_options *options)
{
	struct map_failure failure = { 0 };
	enum map_result result = segments_map_new(span, &failure);
	int r = 0;

	while (result == MAP_RANGE_LOST) {
		abandon_mappings(span, &failure);
		if (options->address) {
			log_error("%s region %u: lost %p-%p of the requested range: %s",
				  span->window.device, span->index, (void *)failure.lost,
				  (void *)(failure.lost + failure.lost_length - 1),
				  failure.error == -ENOMEM ? "no mappings left (vm.max_map_count)"
							   : "occupied by another mapping");
			return failure.error == -ENOMEM ? -ENOMEM : -EEXIST;
		}
		failure = (struct map_failure){ 0 };
		r = reserve_span(span, options);
		if (r)
			return r;
		result = segments_map_new(span, &failure);
	}
	if (result == MAP_ERROR)
		r = failure.error;
	else if (span->base)
		r = reservation_trim(&span->reservation, (size_t)sys_page_up(span->window.length));
	if (r)
		abandon_mappings(span, &failure);
	return r;
}

/* Reserves the span's addresses. With BARSPAN_FIXED it detaches them from other
 * spans first. */
static int reserve_over(struct span *span, const struct barspan_options *options,
			struct span **ended)
{
	uintptr_t start = (uintptr_t)options->address,
		  end = start + (uintptr_t)sys_page_up(span->window.length);
	struct detachment detachment;
	int r;

	if (!(options->flags & BARSPAN_FIXED) || end < start)
		return reserve_span(span, options);
	r = detach_begin(&detachment, start, end, DETACH_RESERVE, ended);
	if (r)
		return r;
	r = reserve_span(span, options);
	detach_end(&detachment, r, ended);
	return r;
}

static int map_span(struct span *span, const struct barspan_options *options, struct span **ended)
{
	const struct barspan_guard_ *table;
	int r = 0;

	if (!map_as_one(span, options)) {
		r = reserve_over(span, options, ended);
		if (!r)
			r = map_segments(span, options);
		if (r)
			return r;
	}
	r = segments_exclude_from_dumps(span);
	if (!r)
		r = span_build_table(span, TABLE_NOW, &table);
	if (!r) {
		span_publish(span, table);
		r = span_register(span);
	}
	if (r)
		abandon_mappings(span, &(struct map_failure){ 0 });
	else
		span_changed(span);
	return r;
}

int span_prepare(struct span_request *out, struct barspan_device *device, unsigned int index,
		 const struct barspan_options *options, const struct barspan_region *region)
{
	int r = options_read(&out->options, options, device, index);

	out->device = device;
	out->index = index;
	return r ? r : options_to_request(&out->layout, &out->options, device, index, region);
}

int span_map(struct span **out, const struct span_request *request, struct span **ended)
{
	struct span *span = sys_calloc(1, sizeof(*span));
	int r;

	if (!span)
		return -ENOMEM;
	device_hold(request->device);
	span->device = request->device;
	span->index = request->index;
	span->flags = request->options.flags;
	span->prot = request->options.prot;
	span->window = request->layout;
	span->page_size = sys_page_size();

	r = make_segments(span);
	if (!r)
		r = map_span(span, &request->options, ended);
	if (r) {
		/* Not destroyed inside the operation, since this may close the
		 * device. */
		detach_end_span(span, ended);
		return r;
	}
	log_info("%s region %u: 0x%" PRIx64 " bytes at %p, %" PRIu32 " extents",
		 span->window.device, span->index, span->window.length, (void *)span->base,
		 span->handle.table_->n_extents);
	*out = span;
	return 0;
}
