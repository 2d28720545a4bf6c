/* SPDX-License-Identifier: BSD-3-Clause */
/* Mapping, unmapping and properties of spans. */
#include <barspan/span.h>

#include <errno.h>

#include "device/device.h"
#include "span/detach.h"
#include "span/span-map.h"
#include "span/span.h"
#include "util/log.h"
#include "util/operation.h"

static void log_missing_region(const struct barspan_device *device, unsigned int index)
{
	if (device->n_regions && index >= device->n_regions)
		log_error("%s region %u: no such region, expected at most %u", device->name, index,
			  device->n_regions - 1);
	else
		log_error("%s region %u: no such region", device->name, index);
}

int barspan_map(struct barspan **out, struct barspan_device *device, unsigned int index,
		const struct barspan_options *options)
{
	BORDER();
	struct span *span, *ended = NULL;
	struct span_request request;
	struct barspan_region region;
	int r = barspan_device_region(device, index, &region);

	if (r == -ENOENT)
		log_missing_region(device, index);
	if (!r)
		r = span_prepare(&request, device, index, options, &region);
	if (!r)
		r = operation_begin();
	if (r)
		return r;
	r = span_map(&span, &request, &ended);
	operation_end();
	detach_destroy_ended(ended);
	if (!r)
		*out = &span->handle;
	return r;
}

void barspan_unmap(struct barspan *span)
{
	BORDER();
	struct span *s;

	if (!span)
		return;
	s = to_span(span);
	if (operation_begin()) {
		log_error("%s region %u: barspan_unmap() called in a transport's map: ignored",
			  s->window.device, s->index);
		return;
	}
	span_log_failure(s);
	span_release(s);
	operation_end();
	span_destroy(s);
}

volatile void *barspan_base(const struct barspan *span)
{
	return to_const_span(span)->base;
}

uint64_t barspan_length(const struct barspan *span)
{
	return to_const_span(span)->window.length;
}

struct barspan_device *barspan_device_of(const struct barspan *span)
{
	return to_const_span(span)->device;
}

unsigned int barspan_region_index(const struct barspan *span)
{
	return to_const_span(span)->index;
}

uint64_t barspan_region_offset(const struct barspan *span)
{
	return to_const_span(span)->window.offset;
}
