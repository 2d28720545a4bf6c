/* SPDX-License-Identifier: BSD-3-Clause */
#include "span/segment.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/mman.h>

#include "device/device.h"
#include "layout/guard.h"
#include "util/log.h"
#include "span/registry.h"
#include "span/segment-map.h"
#include "span/span.h"
#include "util/sys.h"

size_t segment_size(const struct segment *segment)
{
	return (size_t)sys_page_up(segment->length);
}

bool segments_have(const struct span *span, enum segment_state state)
{
	for (size_t i = 0; i < span->n_segments; i++)
		if (span->segments[i].state == state)
			return true;
	return false;
}

void segments_change_state(struct span *span, enum segment_state from, enum segment_state to)
{
	for (size_t i = 0; i < span->n_segments; i++)
		if (span->segments[i].state == from)
			span->segments[i].state = to;
}

static void log_map_failure(const struct span *span, const struct segment *segment, int r)
{
	uint64_t start = span->window.offset + segment->offset;

	log_message(span->flags & BARSPAN_STRICT ? BARSPAN_LOG_ERROR : BARSPAN_LOG_WARNING,
		    "%s region %u: cannot map 0x%" PRIx64 "-0x%" PRIx64 ": %s", span->window.device,
		    span->index, start, start + segment->length - 1, log_error_name(r));
}

/*
 * map_count_allows() takes dozens of system calls, so it is called once for
 * CREDIT segments. A segment takes two mappings, because it is inside another
 * one. SPARE_MAPPINGS stay free for the process.
 */
enum { CREDIT = 24, SPARE_MAPPINGS = 65 };

/* Whether another segment can be mapped, with some mappings left for the
 * process and for mremap(). */
static bool has_credit(unsigned int *credit)
{
	if (!*credit && map_count_allows(SPARE_MAPPINGS + 2 * CREDIT))
		*credit = CREDIT;
	return *credit;
}

/* Whether an -ENOMEM is the device's error. The other cause is that the process
 * has no mappings left. */
static bool is_device_error(unsigned int *credit)
{
	if (!*credit && map_count_allows(SPARE_MAPPINGS))
		*credit = CREDIT;
	return *credit;
}

static void warn_exhausted(const struct span *span, const struct segment *first)
{
	log_warning("%s region %u: no mappings left (vm.max_map_count): areas from 0x%" PRIx64
		    " on are holes",
		    span->window.device, span->index, span->window.offset + first->offset);
}

static void log_lost_range(const struct span *span, const struct map_failure *failure)
{
	log_error("%s region %u: another mapping occupies %p-%p after a failed map: left in place",
		  span->window.device, span->index, (void *)failure->lost,
		  (void *)(failure->lost + failure->lost_length - 1));
}

enum { SPARE = 64 }; /* segments that are unmapped to leave the process some mappings */

/* Unmaps the last mapped segments of a span that is not published yet. */
static enum map_result give_mappings_back(struct span *span, struct map_failure *failure)
{
	for (size_t i = span->n_segments, left = SPARE; left && i--;) {
		struct segment *segment = &span->segments[i];
		size_t size = segment_size(segment);

		if (segment->state != SEGMENT_DIRECT || sys_munmap(segment->address, size))
			continue;
		segment->state = SEGMENT_WANTED;
		left--;
		if (!span->base)
			segment->address = NULL;
		else if (!reservation_reclaim(segment->address, size, NULL)) {
			failure->error = -ENOMEM;
			segment_note_lost(span, i, failure);
			log_lost_range(span, failure);
			return MAP_RANGE_LOST;
		}
	}
	return MAP_DONE;
}

static enum map_result stop_mapping(struct span *span, struct map_failure *failure)
{
	enum map_result result = give_mappings_back(span, failure);

	for (size_t i = 0; i < span->n_segments; i++)
		if (span->segments[i].state == SEGMENT_WANTED) {
			warn_exhausted(span, &span->segments[i]);
			break;
		}
	segments_change_state(span, SEGMENT_WANTED, SEGMENT_FAILED);
	return result;
}

/* Tries all WANTED segments once. */
static enum map_result map_wanted(struct span *span, struct map_failure *failure)
{
	const bool strict = span->flags & BARSPAN_STRICT;
	unsigned int credit = 0;

	for (size_t i = 0; i < span->n_segments; i++) {
		struct segment *segment = &span->segments[i];
		enum map_result result;

		if (segment->state != SEGMENT_WANTED)
			continue;
		result = segment_map_new(span, i, failure);
		if (result == MAP_DONE) {
			segment->state = SEGMENT_DIRECT;
			credit -= credit > 0;
			continue;
		}
		/* The other segments would fail one by one. */
		if (result == MAP_ERROR && failure->error == -ENOMEM && !strict &&
		    !is_device_error(&credit))
			return MAP_EXHAUSTED;
		segment->state = SEGMENT_FAILED;
		log_map_failure(span, segment, failure->error);
		if (result == MAP_RANGE_LOST)
			log_lost_range(span, failure);
		if (strict)
			return MAP_ERROR;
		if (result == MAP_RANGE_LOST)
			return result;
	}
	return MAP_DONE;
}

enum map_result segments_map_new(struct span *span, struct map_failure *failure)
{
	enum map_result result;
	int split;

	do {
		result = map_wanted(span, failure);
		if (result == MAP_EXHAUSTED)
			return stop_mapping(span, failure);
		if (result == MAP_ERROR)
			return result;
		/* The split lasts, even if the span is mapped again at
		 * another address. */
		split = segments_split_failed(span);
		if (split < 0) {
			failure->error = split;
			return MAP_ERROR;
		}
	} while (result == MAP_DONE && split);
	return result;
}

/* Tries all NO_ACCESS segments once. */
static int ask_device_once(struct span *span)
{
	for (size_t i = 0; i < span->n_segments; i++) {
		struct segment *segment = &span->segments[i];
		int refused;

		if (segment->state != SEGMENT_NO_ACCESS || segment->is_taken)
			continue;
		refused = segment_try(span, segment);
		if (!refused)
			continue;
		log_map_failure(span, segment, refused);
		if (span->flags & BARSPAN_STRICT)
			return refused;
		segment->state = SEGMENT_REFUSED;
	}
	return 0;
}

int segments_ask_device(struct span *span)
{
	int split, r;

	do {
		r = ask_device_once(span);
		split = r ? 0 : segments_split_failed(span);
	} while (split > 0);
	return r ? r : split;
}

/* Tries all WANTED segments of a suspended span once. */
static enum map_result map_wanted_suspended(struct span *span, struct map_failure *failure)
{
	unsigned int credit = 0;

	for (size_t i = 0; i < span->n_segments; i++) {
		struct segment *segment = &span->segments[i];
		enum map_result result;

		if (segment->state != SEGMENT_WANTED || segment->is_taken)
			continue;
		if (!has_credit(&credit)) {
			warn_exhausted(span, segment);
			segments_change_state(span, SEGMENT_WANTED, SEGMENT_FAILED);
			return MAP_DONE;
		}
		result = segment_map_suspended(span, i, failure);
		if (result == MAP_DONE) {
			segment->state = SEGMENT_NO_ACCESS;
			credit--;
			continue;
		}
		segment->state = SEGMENT_FAILED;
		log_map_failure(span, segment, failure->error);
		if (result == MAP_RANGE_LOST)
			log_lost_range(span, failure);
		if (result == MAP_RANGE_LOST || span->flags & BARSPAN_STRICT)
			return result;
	}
	return MAP_DONE;
}

enum map_result segments_map_suspended(struct span *span, struct map_failure *failure)
{
	enum map_result result;
	int split = 0;

	do {
		result = map_wanted_suspended(span, failure);
		if (result == MAP_DONE)
			split = segments_split_failed(span);
	} while (result == MAP_DONE && split > 0);
	if (result == MAP_DONE && split < 0) {
		failure->error = split;
		return MAP_ERROR;
	}
	return result;
}

static void log_access_failure(const struct span *span, const struct segment *segment, int prot,
			       int r)
{
	uint64_t start = span->window.offset + segment->offset;

	log_error("%s region %u: cannot %s access to 0x%" PRIx64 "-0x%" PRIx64 ": mprotect: %s",
		  span->window.device, span->index, prot == PROT_NONE ? "remove" : "restore", start,
		  start + segment->length - 1, log_error_name(r));
}

static int change_access(struct span *span, enum segment_state from, enum segment_state to,
			 int prot)
{
	int result = 0;

	for (size_t i = 0; i < span->n_segments; i++) {
		struct segment *segment = &span->segments[i];
		int r;

		if (segment->state != from)
			continue;
		r = segment->is_taken ? 0
				      : sys_mprotect(segment->address, segment_size(segment), prot);
		if (!r) {
			segment->state = to;
			continue;
		}
		if (!result)
			log_access_failure(span, segment, prot, r);
		result = r;
	}
	return result;
}

int segments_take_access(struct span *span)
{
	return change_access(span, SEGMENT_DIRECT, SEGMENT_NO_ACCESS, PROT_NONE);
}

int segments_give_access(struct span *span)
{
	return change_access(span, SEGMENT_NO_ACCESS, SEGMENT_DIRECT, span->prot);
}

int segments_exclude_from_dumps(const struct span *span)
{
	int r = 0;

	if (span->device->marks_mappings || !segments_have(span, SEGMENT_DIRECT))
		return 0;
	if (span->base)
		return sys_madvise(span->base, (size_t)sys_page_up(span->window.length),
				   MADV_DONTDUMP);
	for (size_t i = 0; !r && i < span->n_segments; i++)
		if (span->segments[i].state == SEGMENT_DIRECT)
			r = sys_madvise(span->segments[i].address, segment_size(&span->segments[i]),
					MADV_DONTDUMP);
	return r;
}
