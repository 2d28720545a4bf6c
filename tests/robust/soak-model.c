/* SPDX-License-Identifier: BSD-3-Clause */
/* The owner of each page. */
#include <errno.h>
#include <sys/mman.h>

#include "support/harness.h"
#include "soak.h"

struct soak_span soak_spans[SOAK_SPANS];
struct soak_foreign soak_foreign[SOAK_FOREIGN];
size_t soak_n_foreign;
uint8_t *soak_arena;

struct soak_span *soak_span_new(void)
{
	for (int i = 0; i < SOAK_SPANS; i++)
		if (!soak_spans[i].span) {
			memset(&soak_spans[i], 0, sizeof(soak_spans[i]));
			return &soak_spans[i];
		}
	soak_fail("no room for another span in the model");
}

size_t soak_span_count(void)
{
	size_t n = 0;

	for (int i = 0; i < SOAK_SPANS; i++)
		n += soak_spans[i].span != NULL;
	return n;
}

/* Often the same span as before: many bugs need several steps on one span. */
struct soak_span *soak_span_any(void)
{
	static struct soak_span *latest;
	size_t n = soak_span_count(), i = 0;

	if (!n)
		return NULL;
	if (latest && latest->span && soak_chance(2))
		return latest;
	for (n = soak_random(n); !soak_spans[i].span || n--;)
		i++;
	latest = &soak_spans[i];
	return latest;
}

void soak_span_drop(struct soak_span *span)
{
	span->span = NULL;
}

struct soak_foreign *soak_foreign_at(uintptr_t address)
{
	for (size_t i = 0; i < soak_n_foreign; i++)
		if (soak_foreign[i].address == address / soak_page * soak_page)
			return &soak_foreign[i];
	return NULL;
}

void soak_foreign_remove(uintptr_t start, uintptr_t end)
{
	size_t kept = 0;

	for (size_t i = 0; i < soak_n_foreign; i++)
		if (soak_foreign[i].address < start || soak_foreign[i].address >= end)
			soak_foreign[kept++] = soak_foreign[i];
	soak_n_foreign = kept;
}

void soak_foreign_add(void *address, size_t pages, const struct soak_foreign *like)
{
	for (size_t i = 0; i < pages; i++) {
		struct soak_foreign *page = &soak_foreign[soak_n_foreign++];

		SOAK_EXPECT(soak_n_foreign < SOAK_FOREIGN,
			    "no room for another foreign page in the model");
		*page = *like;
		page->address = (uintptr_t)address + i * soak_page;
		if (page->inode)
			page->offset += i * soak_page;
	}
}

bool soak_foreign_is_there(const struct soak_foreign *page)
{
	const struct soak_map *map = soak_map_at(page->address);

	if (page->content == SOAK_LEFT)
		return map;
	return map && map->prot == page->prot && map->shared == page->shared &&
	       map->inode == page->inode &&
	       (!page->inode || map->offset + (page->address - map->start) == page->offset);
}

bool soak_foreign_in(uintptr_t start, uintptr_t end)
{
	for (size_t i = 0; i < soak_n_foreign; i++)
		if (soak_foreign[i].address >= start && soak_foreign[i].address < end)
			return true;
	return false;
}

uint64_t soak_pattern(const struct soak_foreign *page, size_t word)
{
	return page->seed ? (page->seed + word) * UINT64_C(0x9e3779b97f4a7c15) : 0;
}

/* Gives writable foreign pages new contents, different for each page. */
void soak_foreign_fill(uintptr_t address, size_t pages)
{
	for (size_t i = 0; i < pages; i++) {
		struct soak_foreign *page = soak_foreign_at(address + i * soak_page);
		uint64_t *words = (uint64_t *)(address + i * soak_page);

		if (!page || page->content != SOAK_ANON || !(page->prot & PROT_WRITE))
			continue;
		page->seed = 1 + soak_random(UINT64_MAX / 2);
		for (size_t j = 0; j < soak_page / sizeof(*words); j++)
			words[j] = soak_pattern(page, j);
	}
}

static bool in_range(const struct soak_span *span, size_t page, uintptr_t start, uintptr_t end)
{
	return !span->gone[page] && span->at[page] && span->at[page] >= start &&
	       span->at[page] < end;
}

/* A suspended page keeps its address, but no query returns it. */
void soak_span_look(struct soak_span *span)
{
	struct barspan_extent extent;

	for (size_t i = 0; i < span->pages; i++) {
		if (span->base) {
			span->at[i] = (uintptr_t)span->base + i * soak_page;
			continue;
		}
		SOAK_EXPECT(!barspan_extent_at(span->span, i * soak_page, &extent),
			    "no extent at page %zu", i);
		/* A failed page may have had an address that the model does not
		 * know. */
		if (extent.reason == BARSPAN_REASON_REQUESTED && !span->at[i])
			span->gone[i] = true;
		if (extent.reason != BARSPAN_REASON_SUSPENDED)
			span->at[i] = (uintptr_t)barspan_pointer(span->span, i * soak_page, 1);
	}
}

static bool owns_any(const struct soak_span *span, uintptr_t start, uintptr_t end)
{
	for (size_t i = 0; i < span->pages; i++)
		if (in_range(span, i, start, end))
			return true;
	return false;
}

bool soak_spans_in(uintptr_t start, uintptr_t end)
{
	for (int i = 0; i < SOAK_SPANS; i++)
		if (soak_spans[i].span && owns_any(&soak_spans[i], start, end))
			return true;
	return false;
}

bool soak_is_free(uintptr_t start, uintptr_t end)
{
	return !soak_foreign_in(start, end) && !soak_spans_in(start, end);
}

/* A span of barspan_mmap() ends when its last address is unmapped. */
static void end_if_empty(struct soak_span *span)
{
	size_t left = 0;

	for (size_t i = 0; i < span->pages; i++)
		left += !span->gone[i];
	if (span->by_mmap && !left)
		soak_span_drop(span);
}

static void take_from_span(struct soak_span *span, uintptr_t start, uintptr_t end)
{
	for (size_t i = 0; i < span->pages; i++)
		if (in_range(span, i, start, end))
			span->gone[i] = true;
	end_if_empty(span);
}

void soak_gone(uintptr_t start, uintptr_t end)
{
	for (int i = 0; i < SOAK_SPANS; i++)
		if (soak_spans[i].span)
			take_from_span(&soak_spans[i], start, end);
	soak_foreign_remove(start, end);
}

/* Whether barspan_find() must return the span for this page. */
static bool is_claimed(const struct soak_span *span, size_t page)
{
	uint64_t offset;

	return barspan_find((void *)span->at[page], &offset) == span->span &&
	       offset == page * soak_page;
}

static void settle_span(struct soak_span *span, uintptr_t start, uintptr_t end, const char *what)
{
	size_t kept = 0, taken = 0;

	for (size_t i = 0; i < span->pages; i++) {
		if (!in_range(span, i, start, end))
			continue;
		if (is_claimed(span, i))
			kept++;
		else
			taken++;
	}
	/* Without /proc the library reserves the ranges first, one after the
	 * other. */
	SOAK_EXPECT(!kept || !taken || soak_trouble.no_proc,
		    "%s failed and left the span at %p a part of the range: %zu pages of %zu", what,
		    (void *)span->base, kept, kept + taken);
	for (size_t i = 0; kept && i < span->pages; i++)
		if (in_range(span, i, start, end) && !is_claimed(span, i))
			take_from_span(span, span->at[i], span->at[i] + soak_page);
	if (taken && !kept)
		take_from_span(span, start, end);
}

void soak_settle(uintptr_t start, uintptr_t end, const char *what)
{
	for (int i = 0; i < SOAK_SPANS; i++)
		if (soak_spans[i].span)
			settle_span(&soak_spans[i], start, end, what);
	soak_maps_read();
	for (uintptr_t at = start; at < end; at += soak_page) {
		const struct soak_foreign *page = soak_foreign_at(at);

		if (page && !soak_foreign_is_there(page))
			soak_foreign_remove(at, at + soak_page);
	}
}

uint8_t *soak_any_place(size_t pages)
{
	return soak_arena + soak_random(SOAK_ARENA_PAGES - pages) * soak_page;
}

uint8_t *soak_free_place(size_t pages)
{
	for (int i = 0; i < 20; i++) {
		uint8_t *place = soak_any_place(pages);

		if (soak_is_free((uintptr_t)place, (uintptr_t)place + pages * soak_page))
			return place;
	}
	return NULL;
}

static bool has_gone(const struct soak_span *span, size_t first, size_t pages)
{
	for (size_t i = first; i < first + pages; i++)
		if (span->gone[i])
			return true;
	return false;
}

/* Outside the arena, a range must stay inside one span and avoid pages that the
 * span has lost: other addresses belong to the process or to an allocator. */
static uint8_t *place_outside(const struct soak_span *span, size_t pages)
{
	size_t first;

	if (pages > span->pages)
		return soak_any_place(pages);
	first = soak_random(span->pages - pages + 1);
	return has_gone(span, first, pages) ? soak_any_place(pages)
					    : span->base + first * soak_page;
}

uint8_t *soak_place_over(size_t pages)
{
	struct soak_span *span = soak_span_any();
	int64_t at;

	if (!span || !span->base || soak_chance(4))
		return soak_any_place(pages);
	if (span->base < soak_arena || span->base >= soak_arena + SOAK_ARENA_PAGES * soak_page)
		return place_outside(span, pages);
	at = (span->base - soak_arena) / (int64_t)soak_page +
	     (int64_t)soak_random(span->pages + pages) - (int64_t)pages;
	if (soak_chance(3))
		at = (span->base - soak_arena) / (int64_t)soak_page;
	if (at < 0 || at + (int64_t)pages > SOAK_ARENA_PAGES)
		return soak_any_place(pages);
	return soak_arena + (size_t)at * soak_page;
}

/* A failed munmap() can leave mappings of the library without an owner. Add
 * them to the model as foreign mappings. */
void soak_adopt_leftovers(bool all)
{
	soak_maps_read();
	for (size_t i = 0; i < soak_n_maps; i++) {
		const struct soak_map *map = &soak_maps[i];

		if (map->exempt || (map->prot == (PROT_READ | PROT_WRITE) && !map->inode) ||
		    (!all && map->prot))
			continue;
		if (soak_map_is_tool(map))
			continue;
		for (uintptr_t at = map->start; at < map->end; at += soak_page) {
			const struct soak_foreign left = { .content = SOAK_LEFT };

			if (soak_in_baseline(at))
				at = soak_baseline_end(at) - soak_page;
			else if (soak_is_free(at, at + soak_page) &&
				 !barspan_find((void *)at, NULL))
				soak_foreign_add((void *)at, 1, &left);
		}
	}
}
