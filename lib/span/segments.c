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
	uint64_t start = span->request.offset + segment->offset;

	log_message(span->flags & BARSPAN_STRICT ? BARSPAN_LOG_ERROR : BARSPAN_LOG_WARNING,
		    "%s region %u: cannot map 0x%" PRIx64 " + 0x%" PRIx64 ": %s", span->request.device, span->index,
		    start, segment->length, log_error_name(r));
}

/*
 * How many segments can be mapped before the kernel is asked again whether it has mappings left for the process, which
 * takes some tens of system calls. A segment takes two: it lies inside another mapping.
 */
enum { CREDIT = 24, SPARE_MAPPINGS = 65 };

/* Whether another segment can be mapped, with some mappings to spare for the process and for mremap(). */
static bool has_credit(unsigned int *credit)
{
	if (!*credit && map_count_allows(SPARE_MAPPINGS + 2 * CREDIT))
		*credit = CREDIT;
	return *credit;
}

/* Whether an -ENOMEM is the device's, and not that of a process without mappings. */
static bool is_device_error(unsigned int *credit)
{
	if (!*credit && map_count_allows(SPARE_MAPPINGS))
		*credit = CREDIT;
	return *credit;
}

static void warn_exhausted(const struct span *span, const struct segment *first)
{
	log_warning("%s region %u: the process has no more mappings (vm.max_map_count): what could be mapped"
		    " from 0x%" PRIx64 " on is a hole", span->request.device, span->index,
		    span->request.offset + first->offset);
}

static enum map_result note_lost(const struct span *span, size_t i, struct map_failure *failure)
{
	failure->lost = span->segments[i].address;
	failure->lost_length = segment_size(&span->segments[i]);
	segment_narrow_lost(span, i, &failure->lost, &failure->lost_length);
	log_error("%s region %u: after a failed map a mapping that is not the library's is at %p + 0x%zx: it stays",
		  span->request.device, span->index, (void *)failure->lost, failure->lost_length);
	return MAP_RANGE_LOST;
}

enum { SPARE = 64 };	/* segments that a process without mappings gets back */

/* Unmaps the last segments before one. The span is nobody's yet. */
static enum map_result give_mappings_back(struct span *span, size_t before, struct map_failure *failure)
{
	for (size_t left = SPARE; left && before; before--) {
		struct segment *segment = &span->segments[before - 1];
		size_t size = segment_size(segment);

		if (segment->state != SEGMENT_DIRECT || sys_munmap(segment->address, size))
			continue;
		segment->state = SEGMENT_WANTED;
		left--;
		if (!span->base)
			segment->address = NULL;
		else if (!reservation_reclaim(segment->address, size, NULL)) {
			failure->error = -ENOMEM;
			return note_lost(span, before - 1, failure);
		}
	}
	return MAP_DONE;
}

static enum map_result stop_mapping(struct span *span, size_t at, struct map_failure *failure)
{
	enum map_result result = give_mappings_back(span, at, failure);

	for (size_t i = 0; i < span->n_segments; i++)
		if (span->segments[i].state == SEGMENT_WANTED) {
			warn_exhausted(span, &span->segments[i]);
			break;
		}
	segments_change_state(span, SEGMENT_WANTED, SEGMENT_FAILED);
	return result;
}

/* One pass over all segments that are WANTED. *stopped: no more is to be tried. */
static enum map_result map_wanted(struct span *span, struct map_failure *failure, bool *stopped)
{
	const bool strict = span->flags & BARSPAN_STRICT;
	unsigned int credit = 0;

	for (size_t i = 0; i < span->n_segments; i++) {
		struct segment *segment = &span->segments[i];
		bool lost = false;
		int r;

		if (segment->state != SEGMENT_WANTED)
			continue;
		r = segment_map_new(span, i, &lost);
		credit -= credit > 0;
		segment->state = r ? SEGMENT_FAILED : SEGMENT_DIRECT;
		if (!r)
			continue;
		/* The others would fail one by one. */
		if (r == -ENOMEM && !lost && !strict && !is_device_error(&credit)) {
			segment->state = SEGMENT_WANTED;
			*stopped = true;
			return stop_mapping(span, i, failure);
		}
		log_map_failure(span, segment, r);
		failure->error = r;
		if (lost)
			note_lost(span, i, failure);
		if (strict)
			return MAP_ERROR;
		if (lost)
			return MAP_RANGE_LOST;
	}
	return MAP_DONE;
}

enum map_result segments_map_new(struct span *span, struct map_failure *failure)
{
	bool again = true, stopped = false;

	while (again && !stopped) {
		enum map_result result = map_wanted(span, failure, &stopped);

		/* Even if it starts over elsewhere, it goes on with the parts. */
		if (result != MAP_ERROR && !stopped) {
			failure->error = segments_split_failed(span, &again);
			if (failure->error)
				return MAP_ERROR;
		}
		if (result != MAP_DONE)
			return result;
	}
	return MAP_DONE;
}

int segments_ask_device(struct span *span)
{
	bool again = true;
	int r = 0;

	while (again && !r) {
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
		r = segments_split_failed(span, &again);
	}
	return r;
}

/* One pass over all segments that are WANTED in a suspended span. */
static enum map_result map_wanted_suspended(struct span *span, struct map_failure *failure)
{
	unsigned int credit = 0;

	for (size_t i = 0; i < span->n_segments; i++) {
		struct segment *segment = &span->segments[i];
		bool lost = false;

		if (segment->state != SEGMENT_WANTED || segment->is_taken)
			continue;
		if (!has_credit(&credit)) {
			warn_exhausted(span, segment);
			segments_change_state(span, SEGMENT_WANTED, SEGMENT_FAILED);
			return MAP_DONE;
		}
		credit--;
		failure->error = segment_map_suspended(span, i, &lost);
		segment->state = failure->error ? SEGMENT_FAILED : SEGMENT_NO_ACCESS;
		if (!failure->error)
			continue;
		log_map_failure(span, segment, failure->error);
		if (lost)
			return note_lost(span, i, failure);
		if (span->flags & BARSPAN_STRICT)
			return MAP_ERROR;
	}
	return MAP_DONE;
}

enum map_result segments_map_suspended(struct span *span, struct map_failure *failure)
{
	enum map_result result = MAP_DONE;
	bool again = true;

	while (result == MAP_DONE && again) {
		result = map_wanted_suspended(span, failure);
		if (result == MAP_DONE)
			failure->error = segments_split_failed(span, &again);
		if (result == MAP_DONE && failure->error)
			result = MAP_ERROR;
	}
	return result;
}

static int change_access(struct span *span, enum segment_state from, enum segment_state to, int prot)
{
	int result = 0;

	for (size_t i = 0; i < span->n_segments; i++) {
		struct segment *segment = &span->segments[i];
		int r;

		if (segment->state != from)
			continue;
		r = segment->is_taken ? 0 : sys_mprotect(segment->address, segment_size(segment), prot);
		if (r)
			result = r;
		else
			segment->state = to;
	}
	if (result)
		log_error("%s region %u: cannot %s all access: mprotect: %s", span->request.device, span->index,
			  prot == PROT_NONE ? "take away" : "give back", log_error_name(result));
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
		return sys_madvise(span->base, (size_t)sys_page_up(span->request.length), MADV_DONTDUMP);
	for (size_t i = 0; !r && i < span->n_segments; i++)
		if (span->segments[i].state == SEGMENT_DIRECT)
			r = sys_madvise(span->segments[i].address, segment_size(&span->segments[i]), MADV_DONTDUMP);
	return r;
}
