/* SPDX-License-Identifier: BSD-3-Clause */
#include "bench.h"

#include <barspan/guard.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "bar.h"
#include "pages.h"

static uint64_t run_ours(void *context, size_t n)
{
	struct bar *bar = context;
	uint64_t sample = 0;

	for (size_t i = 0; i < n && !bar->error; i++) {
		struct barspan *span;

		bar_note(bar, barspan_map(&span, bar->device, 0, NULL));
		if (bar->error)
			break;
		if (i == n - 1)
			sample = bar_sample(bar, barspan_base(span));
		barspan_unmap(span);
	}
	return sample;
}

static uint64_t run_bare(struct bar *bar, size_t n,
			 int (*map)(const struct bar *bar, uint8_t **out))
{
	uint64_t sample = 0;

	for (size_t i = 0; i < n && !bar->error; i++) {
		uint8_t *base = NULL;

		bar_note(bar, map(bar, &base));
		if (bar->error)
			break;
		if (i == n - 1)
			sample = bar_sample(bar, base);
		bar_note(bar, bar_unmap_bare(bar, base));
	}
	return sample;
}

static uint64_t run_floor(void *context, size_t n)
{
	return run_bare(context, n, bar_map_bare);
}

/* The method of DPDK: maps each area by its own call, even if areas touch; no
 * alignment; core dumps include the areas. */
static int map_areas(const struct bar *bar, uint8_t **out)
{
	uint8_t *base = mmap(NULL, bar->size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (base == MAP_FAILED)
		return -errno;
	*out = base;
	for (size_t offset = 0; offset < bar->size; offset += bar->step)
		if (mmap(base + offset, bar->page, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED,
			 bar->fd, (off_t)offset) == MAP_FAILED) {
			int r = -errno;

			bar_unmap_bare(bar, base);
			return r;
		}
	return 0;
}

static uint64_t run_areas(void *context, size_t n)
{
	return run_bare(context, n, map_areas);
}

static int time_areas(struct bench *bench, size_t n, bool apart)
{
	struct bar bar;
	const struct bench_way ways[] = {
		{ "ours", run_ours, &bar },
		{ "floor", run_floor, &bar },
		{ "area by area", run_areas, &bar },
	};
	int r = bar_open(&bar, n, apart);

	if (r)
		return r;
	r = bench_time(bench, ways, 3, "%zu areas, %s", n, apart ? "apart" : "adjacent");
	if (!r)
		r = bar_check(&bar, "cannot map");
	bar_close(&bar);
	return r;
}

/* Measures the library's own work: the device maps nothing. */
struct nothing {
	struct barspan_device *device;
	int error;
};

static uint64_t run_nothing(void *context, size_t n)
{
	struct nothing *nothing = context;
	uint64_t extents = 0;

	for (size_t i = 0; i < n && !nothing->error; i++) {
		struct barspan *span;

		nothing->error = barspan_map(&span, nothing->device, 0, NULL);
		if (nothing->error)
			break;
		extents += barspan_extent_count(span);
		barspan_unmap(span);
	}
	return extents;
}

static int time_nothing(struct bench *bench, size_t n)
{
	struct nothing nothing = { 0 };
	const struct bench_way ways[] = { { "ours", run_nothing, &nothing },
					  { "floor", NULL, NULL } };
	struct pages pages;
	int r = pages_init(&pages, 2 * n * (uint64_t)sysconf(_SC_PAGESIZE), n);

	if (r)
		return r;
	r = pages_open(&nothing.device, &pages);
	if (!r) {
		r = bench_time(bench, ways, 2, "%zu areas, nothing mapped", n);
		if (!r && nothing.error)
			r = bench_complain(nothing.error, "cannot map nothing");
		barspan_device_close(nothing.device);
	}
	pages_clear(&pages);
	return r;
}

static int run_map(struct bench *bench)
{
	size_t most = bench_quick(bench) ? 16 : 4096;
	int r = 0;

	for (size_t n = 1; !r && n <= most; n *= 16) {
		r = time_areas(bench, n, false);
		if (!r)
			r = time_areas(bench, n, true);
	}
	if (r || bench_quick(bench))
		return r;
	r = time_areas(bench, 16384, true);
	for (size_t n = 4096; !r && n <= 65536; n *= 4)
		r = time_nothing(bench, n);
	return r;
}

const struct bench_case case_map = { "map", "map and unmap", run_map };
