/* SPDX-License-Identifier: BSD-3-Clause */
#include "pages.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

bool pages_fit(uint64_t size, size_t n)
{
	return size / n / 2 >= (uint64_t)sysconf(_SC_PAGESIZE);
}

int pages_init(struct pages *pages, uint64_t size, size_t n)
{
	uint64_t slice = size / n;

	pages->areas = calloc(n, sizeof(*pages->areas));
	if (!pages->areas)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		pages->areas[i] = (struct barspan_range){ i * slice, slice / 2 };
	pages->region = (struct barspan_region){
		.size = size,
		.flags = BARSPAN_REGION_READ | BARSPAN_REGION_WRITE | BARSPAN_REGION_MMAP |
			 BARSPAN_REGION_SPARSE,
		.n_areas = (uint32_t)n,
		.areas = pages->areas,
	};
	return 0;
}

void pages_clear(struct pages *pages)
{
	free(pages->areas);
	pages->areas = NULL;
}

static int describe_pages(void *context, unsigned int index, struct barspan_region *out)
{
	const struct pages *pages = context;

	if (index)
		return -EINVAL;
	*out = pages->region;
	return 0;
}

static int map_nothing(void *context, unsigned int index, uint64_t offset, size_t length, int prot,
		       void *address)
{
	(void)context, (void)index, (void)offset, (void)length, (void)prot, (void)address;
	return 0;
}

static int refuse_read(void *context, unsigned int index, uint64_t offset, void *buffer,
		       size_t length)
{
	(void)context, (void)index, (void)offset, (void)buffer, (void)length;
	return -EIO;
}

static int refuse_write(void *context, unsigned int index, uint64_t offset, const void *buffer,
			size_t length)
{
	(void)context, (void)index, (void)offset, (void)buffer, (void)length;
	return -EIO;
}

int pages_open(struct barspan_device **out, struct pages *pages)
{
	static const struct barspan_device_ops ops = {
		.size = sizeof(ops),
		.region = describe_pages,
		.map = map_nothing,
		.read = refuse_read,
		.write = refuse_write,
	};

	return barspan_device_open_ops(out, &ops, pages);
}

#ifdef HAVE_ROARING
int pages_fill_roaring(struct pages_sets *sets, const struct pages *pages)
{
	roaring_bitmap_t *roaring = roaring_bitmap_create();

	if (!roaring)
		return -ENOMEM;
	sets->roaring = roaring;
	for (size_t i = 0; i < pages->region.n_areas; i++) {
		uint64_t first = pages->areas[i].offset >> PAGES_SHIFT,
			 n = pages->areas[i].length >> PAGES_SHIFT;

		roaring_bitmap_add_range_closed(roaring, (uint32_t)first,
						(uint32_t)(first + n - 1));
	}
	/* Roaring recommends this for sets that do not change any more. */
	roaring_bitmap_run_optimize(roaring);
	roaring_bitmap_shrink_to_fit(roaring);
	return 0;
}
#else
int pages_fill_roaring(struct pages_sets *sets, const struct pages *pages)
{
	(void)sets, (void)pages;
	return -ENOSYS;
}
#endif

#ifdef HAVE_JUDY
static int add_to_judy(void **judy, uint64_t first, uint64_t n)
{
	for (uint64_t page = first; page < first + n; page++)
		if (Judy1Set(judy, page, PJE0) == JERR)
			return -ENOMEM;
	return 0;
}

int pages_fill_judy(struct pages_sets *sets, const struct pages *pages)
{
	int r = 0;

	for (size_t i = 0; !r && i < pages->region.n_areas; i++)
		r = add_to_judy(&sets->judy, pages->areas[i].offset >> PAGES_SHIFT,
				pages->areas[i].length >> PAGES_SHIFT);
	return r;
}
#else
int pages_fill_judy(struct pages_sets *sets, const struct pages *pages)
{
	(void)sets, (void)pages;
	return -ENOSYS;
}
#endif

void pages_sets_clear(struct pages_sets *sets)
{
#ifdef HAVE_ROARING
	if (sets->roaring)
		roaring_bitmap_free(sets->roaring);
#endif
#ifdef HAVE_JUDY
	Judy1FreeArray(&sets->judy, PJE0);
#endif
	*sets = (struct pages_sets){ NULL, NULL };
}
