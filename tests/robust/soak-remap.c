/* SPDX-License-Identifier: BSD-3-Clause */
/* A step with barspan_mremap_(). Source and target are foreign, free or part of
 * a span. The source may have gaps. */
#include <errno.h>
#include <sys/mman.h>

#include "compat/private.h"
#include "support/harness.h"
#include "soak.h"

enum { MAX_PAGES = 12 };

/* The call, and a record of each mapped page of the source. */
struct remap {
	uint8_t *from, *to;
	size_t old_pages, new_pages;
	int flags;
	bool there[MAX_PAGES];
	struct soak_foreign records[MAX_PAGES];
};

/* A page that is moved out of a span becomes a foreign mapping. */
static void record_map(const struct soak_map *map, uintptr_t address, struct soak_foreign *out)
{
	*out = (struct soak_foreign){
		.content = SOAK_RAW,
		.prot = map->prot,
		.shared = map->shared,
		.inode = map->inode,
		.offset = map->inode ? map->offset + (address - map->start) : 0,
	};
}

static void record_source(struct remap *remap)
{
	soak_maps_read();
	for (size_t i = 0; i < remap->old_pages; i++) {
		uintptr_t at = (uintptr_t)remap->from + i * soak_page;
		const struct soak_foreign *foreign = soak_foreign_at(at);
		const struct soak_map *map = soak_map_at(at);

		remap->there[i] = map;
		if (foreign)
			remap->records[i] = *foreign;
		else if (map)
			record_map(map, at, &remap->records[i]);
	}
	/* Pages by which the mapping grows continue its last page. */
	for (size_t i = remap->old_pages; i < remap->new_pages; i++) {
		remap->there[i] = remap->there[i - 1];
		remap->records[i] = remap->records[i - 1];
		remap->records[i].seed = 0;
		if (remap->records[i].inode)
			remap->records[i].offset += soak_page;
	}
}

static void choose_remap(struct remap *remap)
{
	memset(remap, 0, sizeof(*remap));
	remap->old_pages = remap->new_pages = 1 + soak_random(6);
	/* valgrind 3.19 may assume that pages by which a mapping grows are
	 * inaccessible. */
	if (soak_chance(4))
		remap->new_pages = 1 + soak_random(harness_instrumented() ? remap->old_pages : 8);
	if (soak_n_foreign && !soak_chance(3))
		remap->from = (uint8_t *)soak_foreign[soak_random(soak_n_foreign)].address;
	else
		remap->from = soak_place_over(remap->old_pages);
	if (!soak_chance(3)) {
		remap->flags = MREMAP_MAYMOVE | MREMAP_FIXED;
		remap->to = soak_without(SOAK_REPLACE) ? soak_free_place(remap->new_pages)
						       : soak_place_over(remap->new_pages);
	} else if (soak_chance(2)) {
		remap->flags = MREMAP_MAYMOVE;
	}
	if (!remap->to)
		remap->flags &= ~MREMAP_FIXED;
}

static bool is_recorded(const struct remap *remap, uintptr_t from)
{
	return remap->there[(from - (uintptr_t)remap->from) / soak_page];
}

/* The kernel may leave target pages that correspond to a gap unchanged. */
static void settle_target(const struct remap *remap)
{
	for (size_t i = 0; i < remap->new_pages; i++) {
		uintptr_t at = (uintptr_t)remap->to + i * soak_page;

		if (remap->there[i])
			soak_gone(at, at + soak_page);
		else
			soak_settle(at, at + soak_page, "barspan_mremap_()");
	}
}

static void note_moved(const struct remap *remap, uint8_t *got)
{
	uintptr_t from = (uintptr_t)remap->from;
	size_t kept = remap->new_pages < remap->old_pages ? remap->new_pages : remap->old_pages;

	if (remap->flags & MREMAP_FIXED)
		settle_target(remap);
	if (got == remap->from) {
		soak_gone(from + kept * soak_page, from + remap->old_pages * soak_page);
	} else {
		soak_gone(from, from + remap->old_pages * soak_page);
		kept = 0;
	}
	for (size_t i = kept; i < remap->new_pages; i++)
		if (remap->there[i])
			soak_foreign_add(got + i * soak_page, 1, &remap->records[i]);
	if (remap->new_pages > remap->old_pages)
		soak_foreign_fill((uintptr_t)got + remap->old_pages * soak_page,
				  remap->new_pages - remap->old_pages);
}

/* A call that fails may have unmapped the target or the end of the source, or
 * moved the first pages. */
static void note_failed(const struct remap *remap)
{
	uintptr_t from = (uintptr_t)remap->from, to = (uintptr_t)remap->to;

	if (!(remap->flags & MREMAP_FIXED))
		return;
	for (size_t i = 0; i < remap->new_pages; i++)
		soak_settle(to + i * soak_page, to + (i + 1) * soak_page, "barspan_mremap_()");
	for (size_t i = 0; i < remap->old_pages; i++) {
		uintptr_t at = from + i * soak_page;

		if (!is_recorded(remap, at))
			continue;
		soak_settle(at, at + soak_page, "barspan_mremap_()");
		if (!soak_map_at(at) && i < remap->new_pages && soak_map_at(to + i * soak_page) &&
		    soak_is_free(to + i * soak_page, to + (i + 1) * soak_page))
			soak_foreign_add(remap->to + i * soak_page, 1, &remap->records[i]);
	}
}

/* Whether the model cannot predict the call's result. */
static bool is_odd(const struct remap *remap)
{
	uintptr_t from = (uintptr_t)remap->from, end = from + remap->old_pages * soak_page;
	uintptr_t to = (uintptr_t)remap->to, to_end = to + remap->new_pages * soak_page;

	/* The library has no span in either range: the kernel alone decides. */
	if (!soak_spans_in(from, end) &&
	    !(remap->flags & MREMAP_FIXED && soak_spans_in(to, to_end)))
		return true;

	/* Mapped pages without an owner belong to the process. */
	for (size_t i = 0; i < remap->old_pages; i++)
		if (remap->there[i] &&
		    soak_is_free(from + i * soak_page, from + (i + 1) * soak_page))
			return true;
	for (size_t i = 0; i < remap->old_pages; i++)
		if (!remap->there[i] && (!(remap->flags & MREMAP_FIXED) || soak_without(SOAK_GAPS)))
			return true;
	return remap->new_pages > remap->old_pages && soak_spans_in(from, end);
}

void soak_do_mremap(void)
{
	struct remap remap;
	void *got;

	if (soak_without(SOAK_REMAP))
		return;
	choose_remap(&remap);
	record_source(&remap);
	if (is_odd(&remap) || soak_n_foreign > SOAK_FOREIGN / 4)
		return;
	soak_trace("mremap %zu pages at %p to %zu at %p flags %d", remap.old_pages,
		   (void *)remap.from, remap.new_pages, (void *)remap.to, remap.flags);
	soak_trouble_begin(NULL, FAKE_MOVE_MAPPING);
	soak_trouble.start = (uintptr_t)remap.to;
	soak_trouble.end = soak_trouble.start + remap.new_pages * soak_page;
	got = barspan_mremap_(remap.from, remap.old_pages * soak_page, remap.new_pages * soak_page,
			      remap.flags, remap.to);
	soak_trace("  = %p, errno %d", got, errno);
	soak_trouble_end();
	if (got == MAP_FAILED)
		note_failed(&remap);
	else
		note_moved(&remap, got);
}
