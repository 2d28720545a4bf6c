/* SPDX-License-Identifier: BSD-3-Clause */
#include "trial.h"

#include <string.h>
#include <sys/mman.h>

#include "layout/guard.h"
#include "layout/layout.h"

uint64_t random_below(struct trial *trial, uint64_t limit)
{
	return harness_random(&trial->random) % limit;
}

static bool one_in(struct trial *trial, uint64_t n)
{
	return !random_below(trial, n);
}

/* An offset, most often at or near an edge of a page or of the region. */
static uint64_t some_offset(struct trial *trial)
{
	uint64_t page = trial->request.page_size, size = trial->request.region.size;

	switch (random_below(trial, 8)) {
	case 0:
		return size;
	case 1:
		return size - random_below(trial, size < 4 ? size : 4);
	case 2:
		return random_below(trial, size + page);
	case 3:
		return page * random_below(trial, size / page + 2) + 1 + random_below(trial, 3);
	case 4:
		return page * (1 + random_below(trial, size / page + 2)) - 1 -
		       random_below(trial, 3);
	default:
		return page * random_below(trial, size / page + 2);
	}
}

static struct barspan_range some_area(struct trial *trial)
{
	uint64_t start = some_offset(trial), end = some_offset(trial);

	switch (random_below(trial, 40)) {
	case 0:
		return (struct barspan_range){ start, 0 };
	case 1:
		return (struct barspan_range){ start,
					       UINT64_MAX - random_below(trial, 2 * start + 1) };
	case 2:
		return (struct barspan_range){ UINT64_MAX - random_below(trial, 3),
					       random_below(trial, 3) };
	case 3:
		return (struct barspan_range){ start, UINT64_MAX - start };
	default:
		return start < end ? (struct barspan_range){ start, end - start }
				   : (struct barspan_range){ end, start - end };
	}
}

static void make_areas(struct trial *trial)
{
	struct barspan_region *region = &trial->request.region;

	region->n_areas = (uint32_t)random_below(trial, MAX_AREAS + 1);
	region->areas = trial->areas;
	for (uint32_t i = 0; i < region->n_areas; i++) {
		trial->areas[i] = some_area(trial);
		/* Random areas seldom touch. */
		if (i && one_in(trial, 4))
			trial->areas[i].offset =
				trial->areas[i - 1].offset + trial->areas[i - 1].length;
	}
}

static void make_holes(struct trial *trial)
{
	uint64_t size = trial->request.region.size;

	trial->request.n_holes = one_in(trial, 2) ? random_below(trial, MAX_HOLES + 1) : 0;
	trial->request.holes = trial->holes;
	for (size_t i = 0; i < trial->request.n_holes; i++) {
		struct barspan_range hole = some_area(trial);

		if (!one_in(trial, 20) &&
		    (hole.offset > size || hole.length > size - hole.offset)) {
			hole.offset %= size;
			hole.length = random_below(trial, size - hole.offset + 1);
		}
		trial->holes[i] = hole;
	}
}

static struct msix_table some_table(struct trial *trial)
{
	uint64_t offset = some_offset(trial), length = 16 * (1 + random_below(trial, 2048));

	return (struct msix_table){ .bar = (unsigned int)random_below(trial, 2),
				    .offset = offset,
				    .length = length };
}

void make_trial(struct trial *trial, uint64_t seed, uint64_t page_size)
{
	struct layout_request *request = &trial->request;

	memset(trial, 0, sizeof(*trial));
	trial->seed = trial->random = seed;
	request->device = "property";
	request->index = (unsigned int)random_below(trial, 2);
	request->page_size = page_size;
	request->region.size = one_in(trial, 10) ? 1 + random_below(trial, page_size)
						 : page_size * (1 + random_below(trial, MAX_PAGES));
	if (one_in(trial, 3))
		request->region.size += 1 + random_below(trial, page_size);
	request->region.flags = (one_in(trial, 30) ? 0 : BARSPAN_REGION_MMAP) |
				(one_in(trial, 8) ? 0 : BARSPAN_REGION_SPARSE) |
				(one_in(trial, 4) ? BARSPAN_REGION_MSIX_MAPPABLE : 0);
	make_areas(trial);
	make_holes(trial);
	if (one_in(trial, 2))
		request->msix = some_table(trial);
	request->length = request->region.size;
	if (one_in(trial, 3)) {
		request->offset =
			page_size * random_below(trial, (request->region.size - 1) / page_size + 1);
		request->length = 1 + random_below(trial, request->region.size - request->offset);
	}
	request->prot = one_in(trial, 30) ? PROT_NONE : PROT_READ | PROT_WRITE;
	request->strict = one_in(trial, 4);
}
