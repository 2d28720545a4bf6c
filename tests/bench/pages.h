/* SPDX-License-Identifier: BSD-3-Clause */
/* Regions with areas spread evenly, and the sets of pages that others would
 * keep of them. */
#ifndef PAGES_H
#define PAGES_H

#include <barspan.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef HAVE_ROARING
#include <roaring/roaring.h>
#endif
#ifdef HAVE_JUDY
#include <Judy.h>
#endif

/* The pages of the sets, and the smallest that areas are made of. */
enum { PAGES_SHIFT = 12 };

/* A region in equal slices, of which the first halves are the areas. */
struct pages {
	struct barspan_region region;
	struct barspan_range *areas;
};

/* Whether so many areas are whole pages of a region of `size` bytes, a power of
 * two, as `n` must be. */
bool pages_fit(uint64_t size, size_t n);

/* 0 or -ENOMEM. */
int pages_init(struct pages *pages, uint64_t size, size_t n);
void pages_clear(struct pages *pages);

/* A device with the one region, index 0, on which mapping does nothing: the
 * span's addresses stay reserved, which takes no limit of mappings and no
 * memory, and queries answer as they would. Borrows `pages`. */
int pages_open(struct barspan_device **out, struct pages *pages);

/* The numbers of the direct pages, as sets; NULL or -ENOSYS where this program
 * was built without them. */
struct pages_sets {
	void *roaring;
	void *judy;
};

/* 0 or -errno; -ENOSYS: not built in. */
int pages_fill_roaring(struct pages_sets *sets, const struct pages *pages);
int pages_fill_judy(struct pages_sets *sets, const struct pages *pages);
void pages_sets_clear(struct pages_sets *sets);

#endif
