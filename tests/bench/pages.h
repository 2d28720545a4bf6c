/* SPDX-License-Identifier: BSD-3-Clause */
/* Regions with evenly spread areas, and sets of their pages as alternatives to
 * the guard table. */
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

/* The page size of the sets, and the smallest size of an area. */
enum { PAGES_SHIFT = 12 };

/* A region in slices of equal size. The first half of each slice is an area. */
struct pages {
	struct barspan_region region;
	struct barspan_range *areas;
};

/* Whether `n` areas consist of whole pages of a region of `size` bytes. Both
 * are powers of two. */
bool pages_fit(uint64_t size, size_t n);

/* Returns 0 or -ENOMEM. */
int pages_init(struct pages *pages, uint64_t size, size_t n);
void pages_clear(struct pages *pages);

/* Opens a device with one region, index 0, whose mappings do nothing: the
 * span's addresses stay reserved, and take no memory and no mappings. Queries
 * answer as for real mappings. Borrows `pages`. */
int pages_open(struct barspan_device **out, struct pages *pages);

/* The numbers of the direct pages, as sets. A set that is not built in is NULL,
 * and its functions return -ENOSYS. */
struct pages_sets {
	void *roaring;
	void *judy;
};

/* Returns 0 or -errno; -ENOSYS: not built in. */
int pages_fill_roaring(struct pages_sets *sets, const struct pages *pages);
int pages_fill_judy(struct pages_sets *sets, const struct pages *pages);
void pages_sets_clear(struct pages_sets *sets);

#endif
