/* SPDX-License-Identifier: BSD-3-Clause */
/* Steps that map, unmap, suspend and resume spans. */
#include <errno.h>
#include <sys/mman.h>

#include "support/harness.h"
#include "soak.h"

static size_t pages_of(uint64_t length)
{
	return (size_t)((length + soak_page - 1) / soak_page);
}

static void choose_window(struct soak_mapping *mapping)
{
	const struct soak_region *region = &soak_devices[mapping->device].regions[mapping->region];
	size_t pages = pages_of(region->size);
	struct barspan_options *options = &mapping->options;

	if (soak_chance(2))
		return;
	options->offset = soak_random(pages) * soak_page;
	if (soak_chance(2))
		options->length = 1 + soak_random(region->size - options->offset);
}

static void choose_access(struct soak_mapping *mapping)
{
	const struct soak_region *region = &soak_devices[mapping->device].regions[mapping->region];
	struct barspan_options *options = &mapping->options;

	if (soak_chance(4))
		options->prot = PROT_READ;
	else if (soak_chance(8) && region->flags & BARSPAN_REGION_WRITE)
		options->prot = PROT_WRITE;
	if (!soak_chance(3))
		return;
	mapping->hole.offset = soak_random(region->size);
	mapping->hole.length = 1 + soak_random(region->size - mapping->hole.offset);
	if (mapping->hole.length > 3 * soak_page)
		mapping->hole.length = 3 * soak_page;
	options->holes = &mapping->hole;
	options->n_holes = 1;
}

static void choose_place(struct soak_mapping *mapping)
{
	struct barspan_options *options = &mapping->options;

	switch (soak_random(6)) {
	case 0:
		if (!soak_without(SOAK_FIXED_MAP)) {
			options->address = soak_place_over(mapping->pages);
			options->flags |= BARSPAN_FIXED;
		}
		break;
	case 1:
		options->address = soak_any_place(mapping->pages);
		break;
	case 2:
	case 3:
		options->address = soak_free_place(mapping->pages);
		break;
	case 4:
		options->flags |= BARSPAN_INDEPENDENT;
		break;
	default:
		options->alignment = soak_page << soak_random(8);
	}
}

/* Chooses random valid options. */
void soak_mapping_choose(struct soak_mapping *mapping)
{
	struct barspan_options *options = &mapping->options;
	const struct soak_region *region;

	memset(mapping, 0, sizeof(*mapping));
	mapping->device = (int)soak_random(SOAK_DEVICES);
	mapping->region = (int)soak_random(SOAK_REGIONS);
	region = &soak_devices[mapping->device].regions[mapping->region];
	options->size = sizeof(*options);
	choose_window(mapping);
	choose_access(mapping);
	mapping->length = options->length ? options->length : region->size - options->offset;
	mapping->pages = pages_of(mapping->length);
	choose_place(mapping);
	if (soak_chance(4))
		options->flags |= BARSPAN_STRICT;
	if (!options->prot)
		options->prot = (region->flags & BARSPAN_REGION_READ ? PROT_READ : 0) |
				(region->flags & BARSPAN_REGION_WRITE ? PROT_WRITE : 0);
}

/* Adds a new span to the model. */
struct soak_span *soak_mapping_note(const struct soak_mapping *mapping, struct barspan *span)
{
	struct soak_span *entry = soak_span_new();
	uint64_t first = mapping->hole.offset, last = first + mapping->hole.length;

	SOAK_EXPECT(barspan_length(span) == mapping->length,
		    "the span is 0x%" PRIx64 " bytes long instead of 0x%" PRIx64,
		    barspan_length(span), mapping->length);
	entry->span = span;
	entry->device = mapping->device;
	entry->region = mapping->region;
	entry->offset = mapping->options.offset;
	entry->length = mapping->length;
	entry->pages = mapping->pages;
	entry->base = (uint8_t *)(uintptr_t)barspan_base(span);
	entry->prot = mapping->options.prot;
	entry->flags = mapping->options.flags;
	for (size_t i = 0; i < entry->pages; i++) {
		uint64_t start = entry->offset + i * soak_page;

		entry->trapped[i] = last > first && first < start + soak_page && last > start;
	}
	entry->whole = !soak_trouble.any;
	soak_span_look(entry);
	return entry;
}

static void begin_range(const uint8_t *address, size_t pages)
{
	soak_trouble.start = (uintptr_t)address;
	soak_trouble.end = (uintptr_t)address + pages * soak_page;
}

/* Without trouble, a valid call succeeds, unless the address is in use. */
static void check_refusal(const struct soak_mapping *mapping, int r, bool taken)
{
	if (taken && !(mapping->options.flags & BARSPAN_FIXED)) {
		SOAK_EXPECT(r == -EEXIST || soak_trouble.any,
			    "barspan_map() at an address that is taken: %d", r);
		return;
	}
	SOAK_EXPECT(soak_trouble.any || (mapping->options.alignment > soak_page && r == -ENOMEM),
		    "barspan_map() fails without a cause: %d", r);
}

void soak_mapping_settle(const struct soak_mapping *mapping, int r, struct barspan *span,
			 bool taken)
{
	const struct barspan_options *options = &mapping->options;
	uintptr_t start = (uintptr_t)options->address, end = start + mapping->pages * soak_page;

	if (r) {
		check_refusal(mapping, r, taken);
		if (options->flags & BARSPAN_FIXED)
			soak_settle(start, end, "barspan_map(BARSPAN_FIXED)");
		return;
	}
	SOAK_EXPECT(!start || (uintptr_t)barspan_base(span) == start,
		    "the span is at %p instead of %p", (void *)(uintptr_t)barspan_base(span),
		    options->address);
	if (options->flags & BARSPAN_FIXED)
		soak_gone(start, end);
	soak_mapping_note(mapping, span);
}

void soak_do_map(void)
{
	struct barspan *span = NULL;
	struct soak_mapping mapping;
	struct barspan_options *options = &mapping.options;
	bool taken;
	int r;

	if (soak_span_count() > SOAK_SPANS / 2)
		return;
	soak_mapping_choose(&mapping);
	soak_trace("map device %d region %d window 0x%" PRIx64 "+0x%" PRIx64
		   " at %p alignment 0x%zx prot %d flags %u"
		   " hole 0x%" PRIx64 "+0x%" PRIx64,
		   mapping.device, mapping.region, options->offset, options->length,
		   options->address, options->alignment, options->prot, options->flags,
		   mapping.hole.offset, mapping.hole.length);
	soak_trouble_begin(&soak_devices[mapping.device].regions[mapping.region], FAKE_MMAP);
	if (options->flags & BARSPAN_FIXED)
		begin_range(options->address, mapping.pages);
	taken = options->address &&
		!soak_is_free((uintptr_t)options->address,
			      (uintptr_t)options->address + mapping.pages * soak_page);
	r = barspan_map(&span, soak_devices[mapping.device].handle, (unsigned int)mapping.region,
			options);
	soak_trouble_end();
	soak_trace("  = %d, %p at %p", r, (void *)span,
		   span ? (void *)(uintptr_t)barspan_base(span) : NULL);
	SOAK_EXPECT((r == 0) == (span != NULL), "barspan_map() returns %d, and a span is %p", r,
		    (void *)span);
	soak_mapping_settle(&mapping, r, span, taken);
}

void soak_do_unmap(void)
{
	struct soak_span *span = soak_span_any();

	if (!span)
		return;
	soak_trace("unmap %p at %p", (void *)span->span, (void *)span->base);
	soak_trouble_begin(NULL, FAKE_MUNMAP);
	barspan_unmap(span->span);
	soak_span_drop(span);
	soak_trouble_end();
}

/* Whether any extent is direct. */
static bool any_direct(const struct soak_span *span)
{
	struct barspan_extent extent;

	for (size_t i = 0; !barspan_extent_get(span->span, i, &extent); i++)
		if (extent.kind == BARSPAN_DIRECT)
			return true;
	return false;
}

/* Prefers a span in the state that the call changes. */
static struct soak_span *choose_span(bool suspended)
{
	struct soak_span *span = soak_span_any();

	for (int i = 0; i < 6 && span && span->suspended != suspended; i++)
		span = soak_span_any();
	return span;
}

void soak_do_suspend(void)
{
	struct soak_span *span = choose_span(false);
	int r;

	if (!span)
		return;
	soak_trace("suspend %p at %p", (void *)span->span, (void *)span->base);
	soak_trouble_begin(NULL, FAKE_MPROTECT);
	r = barspan_suspend(span->span);
	soak_trouble_end();
	soak_trace("  = %d", r);
	SOAK_EXPECT(!r || soak_trouble.any, "barspan_suspend() fails without a cause: %d", r);
	if (!r) {
		span->suspended = true;
		SOAK_EXPECT(!any_direct(span), "a suspended span has direct bytes");
	} else {
		span->whole = false;
	}
}

/* If the device refuses nothing, all pages are direct again. Under a limit of
 * the process this holds only if the call returned 0 and all pages were direct
 * before. */
static void note_resume(struct soak_span *span, int r)
{
	bool limited_only = soak_trouble.limited && !soak_trouble.injected &&
			    !soak_refuses(soak_region_of(span));

	if (r) {
		SOAK_EXPECT(soak_trouble.any || r == -EEXIST,
			    "barspan_resume() fails without a cause: %d", r);
		SOAK_EXPECT(r != -EEXIST || span->gap || span->lost || soak_trouble.mremap ||
				    soak_without(SOAK_LOST),
			    "barspan_resume() returns -EEXIST, but the span has no other mapping");
		span->lost |= r == -EEXIST;
		/* The span has no address left whose removal would end it. */
		soak_endless += r == -EEXIST && span->by_mmap;
		/* The library decides which addresses the span keeps. */
		for (size_t i = 0; r == -EEXIST && i < span->pages; i++)
			soak_settle(span->at[i], span->at[i] + soak_page, "barspan_resume()");
		span->whole &= !soak_trouble.any;
		return;
	}
	if (!soak_trouble.any && !span->lost)
		span->whole = true;
	else if (!limited_only)
		span->whole = false;
	span->suspended = false;
}

void soak_do_resume(void)
{
	struct soak_span *span = choose_span(true);
	bool was_suspended;
	int r;

	if (!span)
		return;
	was_suspended = span->suspended;
	soak_trace("resume %p at %p", (void *)span->span, (void *)span->base);
	soak_trouble_begin(soak_region_of(span), FAKE_MOVE_MAPPING);
	r = barspan_resume(span->span);
	soak_trouble_end();
	soak_trace("  = %d", r);
	/* Without a preceding suspend, the call does not try failed areas
	 * again. */
	if (was_suspended || r)
		note_resume(span, r);
}
