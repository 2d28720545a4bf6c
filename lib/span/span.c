/* SPDX-License-Identifier: BSD-3-Clause */
/* The addresses of a span, from its registration to its release. */
#include "span/span.h"

#include <errno.h>

#include "span/registry.h"
#include "util/sys.h"

static struct registry_range segment_range(struct span *span, const struct segment *segment)
{
	uintptr_t start = (uintptr_t)segment->address;

	return (struct registry_range){ start, start + (uintptr_t)segment->length, segment->offset,
					&span->handle };
}

int span_register_segment(struct span *span, const struct segment *segment)
{
	struct registry_range range = segment_range(span, segment);

	return registry_add(&range, 1);
}

int span_register(struct span *span)
{
	uintptr_t base = (uintptr_t)span->base;
	struct registry_range *ranges,
		whole = { base, base + (uintptr_t)span->window.length, 0, &span->handle };
	size_t n = 0;
	int r;

	if (span->base)
		return registry_add(&whole, 1);
	ranges = sys_calloc(span->n_segments, sizeof(*ranges));
	if (!ranges)
		return -ENOMEM;
	for (size_t i = 0; i < span->n_segments; i++)
		if (segment_is_mapped(&span->segments[i]))
			ranges[n++] = segment_range(span, &span->segments[i]);
	r = registry_add(ranges, n);
	sys_free(ranges);
	return r;
}

/* Unmaps the parts of [start, end) that the span owns. Each part leaves the
 * registry first, so no lookup finds the span at an unmapped address. */
static void release_owned(struct span *span, uintptr_t base, uintptr_t start, uintptr_t end)
{
	enum { BATCH = 64 };
	struct registry_range owned[BATCH];
	size_t n;

	do {
		for (n = 0; n < BATCH && span_next_owned(span, base, start, end, &owned[n]); n++)
			start = owned[n].end;
		/* Removes all at once, unless other segments may have addresses
		 * between them. */
		if (n && span->base)
			registry_remove(&span->handle, owned[0].start, start);
		for (size_t i = 0; i < n; i++) {
			if (!span->base)
				registry_remove(&span->handle, owned[i].start, owned[i].end);
			reservation_release((uint8_t *)owned[i].start,
					    owned[i].end - owned[i].start);
		}
	} while (n == BATCH);
}

void span_release(struct span *span)
{
	uintptr_t start = (uintptr_t)span->base;

	if (span->base) {
		release_owned(span, start, start,
			      start + (uintptr_t)sys_page_up(span->window.length));
		return;
	}
	for (size_t i = 0; i < span->n_segments; i++) {
		start = (uintptr_t)span->segments[i].address;
		if (start)
			release_owned(span, start - (uintptr_t)span->segments[i].offset, start,
				      start + segment_size(&span->segments[i]));
	}
}

void span_destroy(struct span *span)
{
	struct barspan_device *device = span->device;

	for (size_t i = 0; i < span->n_guards; i++)
		sys_free(span->guards[i]);
	sys_free(span->guards);
	sys_free(span->spare_entries);
	sys_free(span->spare_table.memory);
	sys_free(span->cuts);
	sys_free(span->segments);
	sys_free(span);
	barspan_device_close(device);
}
