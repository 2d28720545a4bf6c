/* SPDX-License-Identifier: BSD-3-Clause */
/* Checks the three invariants of soak.h. */
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#include "support/harness.h"
#include "soak.h"

enum { SLOTS = 8192 };

/* The owner of a page: a span or a foreign mapping. */
struct owner {
	uintptr_t address;
	const struct soak_span *span;
	const struct soak_foreign *foreign;
};

static struct owner owners[SLOTS];

static struct owner *owner_slot(uintptr_t address)
{
	size_t i = (size_t)((address / soak_page * UINT64_C(0x9e3779b97f4a7c15)) >> 32) % SLOTS;

	while (owners[i].address && owners[i].address != address)
		i = (i + 1) % SLOTS;
	return &owners[i];
}

static void own_page(uintptr_t address, const struct soak_span *span,
		     const struct soak_foreign *foreign)
{
	struct owner *owner = owner_slot(address);

	SOAK_EXPECT(!owner->address, "the page at %p belongs to %s and to %s", (void *)address,
		    owner->foreign ? "a foreign mapping" : "a span",
		    foreign ? "a foreign mapping" : "a span");
	*owner = (struct owner){ address, span, foreign };
}

static bool can_peek(uintptr_t address, uint8_t *byte)
{
	struct iovec local = { byte, 1 }, remote = { (void *)address, 1 };

	return process_vm_readv(getpid(), &local, 1, &remote, 1, 0) == 1;
}

static void check_foreign_content(const struct soak_foreign *page)
{
	const uint64_t *words = (const uint64_t *)page->address;
	uint64_t first = soak_pattern(page, 0), step = soak_pattern(page, 1) - first;

	if (page->content != SOAK_ANON || !(page->prot & PROT_READ))
		return;
	for (size_t i = 0; i < soak_page / sizeof(*words); i++)
		SOAK_EXPECT(
			words[i] == first + i * step,
			"1: foreign memory at %p was changed: 0x%" PRIx64 " instead of 0x%" PRIx64,
			(void *)(page->address + i * sizeof(*words)), words[i], first + i * step);
}

/* Invariant 1. */
static void check_foreign(const struct soak_foreign *page)
{
	const struct soak_map *map = soak_map_at(page->address);

	if (page->content == SOAK_LEFT)
		return;
	SOAK_EXPECT(map, "1: the foreign page at %p was unmapped", (void *)page->address);
	SOAK_EXPECT(soak_foreign_is_there(page),
		    "1: the foreign page at %p was replaced: prot %d%s inode %" PRIu64
		    " offset 0x%" PRIx64 " instead of prot %d%s inode %" PRIu64
		    " offset 0x%" PRIx64,
		    (void *)page->address, map->prot, map->shared ? "s" : "", map->inode,
		    map->offset + (page->address - map->start), page->prot, page->shared ? "s" : "",
		    page->inode, page->offset);
	check_foreign_content(page);
}

static void check_direct_bytes(const struct soak_span *span, size_t page, uintptr_t address,
			       size_t length)
{
	const struct soak_region *region = soak_region_of(span);
	uint64_t from = span->offset + page * soak_page;
	size_t at[3] = { 0, length - 1, (size_t)soak_random(length) };

	/* These loads do not fault: the page is mapped for reading. */
	for (int i = 0; span->prot & PROT_READ && i < 3; i++) {
		uint8_t byte = ((volatile const uint8_t *)address)[at[i]];

		SOAK_EXPECT(byte == region->truth[from + at[i]],
			    "2: direct byte 0x%" PRIx64
			    " of the span at %p is 0x%02x, the device's 0x%02x",
			    page * soak_page + at[i], (void *)span->base, byte,
			    region->truth[from + at[i]]);
	}
}

static void check_direct(const struct soak_span *span, size_t page, uintptr_t address)
{
	const struct soak_region *region = soak_region_of(span);
	uint64_t from = span->offset + page * soak_page;
	const struct soak_map *map = soak_map_at(address);
	size_t length = span->length - page * soak_page < soak_page
				? span->length - page * soak_page
				: soak_page;

	SOAK_EXPECT(soak_is_direct(region, from / soak_page) && !span->trapped[page] &&
			    !span->gone[page],
		    "2: page 0x%" PRIx64 " of the span at %p is direct, but cannot be",
		    page * soak_page, (void *)span->base);
	SOAK_EXPECT(map, "2: direct page 0x%" PRIx64 " of the span at %p is not mapped",
		    page * soak_page, (void *)span->base);
	SOAK_EXPECT(map->shared && map->prot == span->prot && map->inode == region->inode &&
			    map->offset + (address - map->start) == region->file_offset + from,
		    "2: direct page 0x%" PRIx64
		    " of the span at %p is another mapping: prot %d%s inode %" PRIu64
		    " offset 0x%" PRIx64 " instead of prot %ds inode %" PRIu64 " offset 0x%" PRIx64,
		    page * soak_page, (void *)span->base, map->prot, map->shared ? "s" : "",
		    map->inode, map->offset + (address - map->start), span->prot, region->inode,
		    region->file_offset + from);
	check_direct_bytes(span, page, address, length);
}

static void check_hole(const struct soak_span *span, size_t page, const char *reason)
{
	uintptr_t address = (uintptr_t)span->base + page * soak_page;
	const struct soak_map *map = soak_map_at(address);
	uint8_t byte;

	/* The library has reported that another mapping is in the span. */
	if (span->lost && soak_foreign_at(address))
		return;
	if (!map) {
		SOAK_EXPECT(span->lost,
			    "3: hole 0x%" PRIx64 " (%s) of the span at %p is not reserved",
			    page * soak_page, reason, (void *)span->base);
		return;
	}
	/* Asking the kernel is slow: probe some holes only. */
	SOAK_EXPECT(!map->prot &&
			    !(soak_chance(8) && can_peek(address + soak_random(soak_page), &byte)),
		    "2: hole 0x%" PRIx64
		    " (%s) of the span at %p can be accessed: prot %d%s inode %" PRIu64,
		    page * soak_page, reason, (void *)span->base, map->prot, map->shared ? "s" : "",
		    map->inode);
}

/* barspan_find() returns the span for each page whose addresses it still
 * has. */
static void check_found(const struct soak_span *span, size_t page)
{
	uintptr_t address = (uintptr_t)span->base + page * soak_page;
	uint64_t offset = UINT64_MAX;
	struct barspan *found = barspan_find((void *)address, &offset);

	if (span->gone[page])
		SOAK_EXPECT(found != span->span,
			    "3: page 0x%" PRIx64 " of the span at %p is gone, but found",
			    page * soak_page, (void *)span->base);
	else
		SOAK_EXPECT(found == span->span && offset == page * soak_page,
			    "3: page 0x%" PRIx64 " of the span at %p is not found",
			    page * soak_page, (void *)span->base);
}

static void check_missing(const struct soak_span *span, size_t page,
			  const struct barspan_extent *extent)
{
	const struct soak_region *region = soak_region_of(span);
	uint64_t at = (span->offset + page * soak_page) / soak_page;

	if (!soak_is_direct(region, at) || span->trapped[page] || span->gone[page])
		return;
	if (extent->reason == BARSPAN_REASON_SUSPENDED)
		SOAK_EXPECT(span->suspended || !span->whole,
			    "page 0x%" PRIx64 " of the span at %p is suspended", page * soak_page,
			    (void *)span->base);
	else
		SOAK_EXPECT(!span->whole,
			    "page 0x%" PRIx64 " of the span at %p is a hole (%s) without a cause",
			    page * soak_page, (void *)span->base,
			    barspan_reason_name(extent->reason));
}

static void check_page(const struct soak_span *span, size_t page,
		       const struct barspan_extent *extent)
{
	uintptr_t pointer = (uintptr_t)barspan_pointer(span->span, page * soak_page, 1);
	bool direct = extent->kind == BARSPAN_DIRECT;

	SOAK_EXPECT(direct == (pointer != 0),
		    "page 0x%" PRIx64 " of the span at %p: kind and pointer differ",
		    page * soak_page, (void *)span->base);
	if (direct) {
		SOAK_EXPECT(!span->base || pointer == (uintptr_t)span->base + page * soak_page,
			    "page 0x%" PRIx64 " of the span at %p is at %p", page * soak_page,
			    (void *)span->base, (void *)pointer);
		check_direct(span, page, pointer);
		return;
	}
	if (span->base && !span->gone[page])
		check_hole(span, page, barspan_reason_name(extent->reason));
	check_missing(span, page, extent);
}

/* Invariant 2. */
static void check_span(const struct soak_span *span)
{
	struct barspan_extent extent;
	uint64_t at = 0;

	/* First, because the handle is invalid if the library has freed the
	 * span. */
	for (size_t i = 0; span->base && i < span->pages; i++)
		check_found(span, i);
	for (size_t i = 0; !barspan_extent_get(span->span, i, &extent); i++) {
		SOAK_EXPECT(extent.offset == at && extent.length,
			    "extent %zu of the span at %p begins at 0x%" PRIx64, i,
			    (void *)span->base, extent.offset);
		at += extent.length;
		for (uint64_t page = extent.offset / soak_page; page * soak_page < at; page++)
			if (page * soak_page >= extent.offset)
				check_page(span, page, &extent);
	}
	SOAK_EXPECT(at == span->length, "the extents of the span at %p end at 0x%" PRIx64,
		    (void *)span->base, at);
}

static void own_span(struct soak_span *span)
{
	soak_span_look(span);
	for (size_t i = 0; i < span->pages; i++) {
		uintptr_t address = span->at[i];

		if (span->gone[i])
			continue;
		/* A lost range may contain a foreign mapping. */
		if (address && !(span->lost && soak_foreign_at(address)))
			own_page(address, span, NULL);
	}
}

/* The number of pages of independent spans that may have addresses which no
 * query returns. */
static size_t hidden_pages(void)
{
	size_t n = 0;

	for (int i = 0; i < SOAK_SPANS; i++)
		if (soak_spans[i].span && !soak_spans[i].base)
			for (size_t j = 0; j < soak_spans[i].pages; j++)
				n += !soak_spans[i].at[j];
	return n;
}

static void check_unowned(const struct soak_map *map, uintptr_t address, size_t *hidden)
{
	if (*hidden && !map->prot) {
		--*hidden;
		return;
	}
	soak_fail("3: left: the page at %p: prot %d%s inode %" PRIu64 " offset 0x%" PRIx64,
		  (void *)address, map->prot, map->shared ? "s" : "", map->inode,
		  map->inode ? map->offset + (address - map->start) : 0);
}

/* Invariant 3. Private writable memory is left out, because an allocator may
 * have mapped it. */
static void check_nothing_left(void)
{
	size_t hidden = hidden_pages();

	for (size_t i = 0; i < soak_n_maps; i++) {
		const struct soak_map *map = &soak_maps[i];

		if (map->exempt || (map->prot == (PROT_READ | PROT_WRITE) && !map->inode))
			continue;
		if (soak_map_is_tool(map))
			continue;
		for (uintptr_t at = map->start; at < map->end; at += soak_page) {
			if (soak_in_baseline(at))
				at = soak_baseline_end(at) - soak_page;
			else if (!owner_slot(at)->address)
				check_unowned(map, at, &hidden);
		}
	}
}

void soak_check(void)
{
	memset(owners, 0, sizeof(owners));
	soak_maps_read();
	for (int i = 0; i < SOAK_SPANS; i++)
		if (soak_spans[i].span)
			own_span(&soak_spans[i]);
	for (size_t i = 0; i < soak_n_foreign; i++)
		own_page(soak_foreign[i].address, NULL, &soak_foreign[i]);
	for (size_t i = 0; i < soak_n_foreign; i++)
		check_foreign(&soak_foreign[i]);
	for (int i = 0; i < SOAK_SPANS; i++)
		if (soak_spans[i].span)
			check_span(&soak_spans[i]);
	check_nothing_left();
	soak_check_descriptors();
}
