/* SPDX-License-Identifier: BSD-3-Clause */
#include "bar.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "bench.h"

#define RESERVE (MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE)

enum { FLAGS = BARSPAN_REGION_READ | BARSPAN_REGION_WRITE | BARSPAN_REGION_MMAP };

static int open_device(struct bar *bar, size_t n, size_t step)
{
	struct barspan_range *areas = calloc(n, sizeof(*areas));
	struct barspan_soft_region region = {
		.size = bar->size,
		.flags = FLAGS,
		.n_areas = (uint32_t)n,
		.areas = areas,
	};
	const struct barspan_soft_options options = BARSPAN_SOFT_OPTIONS(&region, 1);
	int r;

	if (!areas)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		areas[i] = (struct barspan_range){ i * step, bar->page };
	r = barspan_device_open_soft(&bar->device, &options);
	free(areas);
	return r;
}

/* Gives the areas the values that bar_sample() reads. */
static int mark_bar(const struct bar *bar)
{
	const size_t offsets[] = { 0, (bar->n_extents - 1) * bar->step + bar->extent - bar->page };

	for (uint64_t i = 0; i < 2; i++) {
		uint64_t value = UINT64_C(0x0123456789abcdef) << i;

		if (pwrite(bar->fd, &value, sizeof(value), (off_t)offsets[i]) != sizeof(value))
			return errno ? -errno : -EIO;
	}
	return 0;
}

int bar_open(struct bar *bar, size_t n, bool apart)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE), step = apart ? 2 * page : page;
	int r;

	*bar = (struct bar){
		.page = page,
		.size = n * step,
		.n_extents = apart ? n : 1,
		.extent = apart ? page : n * page,
		.step = step,
	};
	r = open_device(bar, n, step);
	if (r)
		return bench_complain(r, "cannot make a region of %zu areas", n);
	bar->fd = barspan_soft_fd(bar->device, 0);
	r = bar->fd < 0 ? bar->fd : mark_bar(bar);
	if (r) {
		bar_close(bar);
		return bench_complain(r, "cannot write to the region's memory");
	}
	return 0;
}

int bar_open_span(struct bar *bar, size_t n, bool apart)
{
	int r = bar_open(bar, n, apart);

	if (r)
		return r;
	r = barspan_map(&bar->span, bar->device, 0, NULL);
	if (r) {
		bar_close(bar);
		return bench_complain(r, "cannot map a region of %zu areas", n);
	}
	bar->base = (uint8_t *)(uintptr_t)barspan_base(bar->span);
	return 0;
}

void bar_close(struct bar *bar)
{
	barspan_unmap(bar->span);
	barspan_device_close(bar->device);
}

void bar_note(struct bar *bar, int r)
{
	if (!bar->error)
		bar->error = r;
}

int bar_check(const struct bar *bar, const char *what)
{
	return bar->error ? bench_complain(bar->error, "%s", what) : 0;
}

uint64_t bar_sample(const struct bar *bar, const volatile uint8_t *base)
{
	size_t last = (bar->n_extents - 1) * bar->step + bar->extent - bar->page;

	return *(const volatile uint64_t *)base ^ 31 * *(const volatile uint64_t *)(base + last);
}

static int unmap_bytes(uint8_t *address, size_t length)
{
	return length && munmap(address, length) ? -errno : 0;
}

/* Naturally aligned if huge pages fit, like a span. */
int bar_reserve(const struct bar *bar, uint8_t **out)
{
	size_t alignment = (size_t)1 << (63 - __builtin_clzll(bar->size)), slack, head;
	uint8_t *got;
	int r;

	if (alignment > 1 << 30)
		alignment = 1 << 30;
	if (alignment < 2 << 20)
		alignment = bar->page;
	slack = alignment - bar->page;
	got = mmap(NULL, bar->size + slack, PROT_NONE, RESERVE, -1, 0);
	if (got == MAP_FAILED)
		return -errno;
	head = -(uintptr_t)got & (alignment - 1);
	r = unmap_bytes(got, head);
	if (!r)
		r = unmap_bytes(got + head + bar->size, slack - head);
	if (!r && madvise(got + head, bar->size, MADV_DONTDUMP))
		r = -errno;
	if (r)
		unmap_bytes(got, bar->size + slack);
	*out = got + head;
	return r;
}

static int map_whole(const struct bar *bar, uint8_t **out)
{
	uint8_t *base = mmap(NULL, bar->size, PROT_READ | PROT_WRITE, MAP_SHARED, bar->fd, 0);

	if (base == MAP_FAILED)
		return -errno;
	*out = base;
	return madvise(base, bar->size, MADV_DONTDUMP) ? -errno : 0;
}

int bar_map_extents(const struct bar *bar, uint8_t *base)
{
	for (size_t i = 0; i < bar->n_extents; i++)
		if (mmap(base + i * bar->step, bar->extent, PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_FIXED, bar->fd, (off_t)(i * bar->step)) == MAP_FAILED)
			return -errno;
	return madvise(base, bar->size, MADV_DONTDUMP) ? -errno : 0;
}

int bar_map_bare(const struct bar *bar, uint8_t **out)
{
	int r;

	/* If one mapping covers the region, no reservation is needed. */
	if (bar->n_extents == 1 && bar->extent == bar->size && bar->size < 2 << 20)
		return map_whole(bar, out);
	r = bar_reserve(bar, out);
	if (r)
		return r;
	r = bar_map_extents(bar, *out);
	if (r)
		bar_unmap_bare(bar, *out);
	return r;
}

int bar_unmap_bare(const struct bar *bar, uint8_t *base)
{
	return unmap_bytes(base, bar->size);
}
