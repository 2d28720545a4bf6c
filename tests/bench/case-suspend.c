/* SPDX-License-Identifier: BSD-3-Clause */
#include "bench.h"

#include <errno.h>
#include <sys/mman.h>

#include "bar.h"

struct suspend {
	struct bar bar;
	uint8_t *bare; /* a mapping that the library does not know */
};

static uint64_t run_ours(void *context, size_t n)
{
	struct bar *bar = &((struct suspend *)context)->bar;

	for (size_t i = 0; i < n; i++) {
		bar_note(bar, barspan_suspend(bar->span));
		bar_note(bar, barspan_resume(bar->span));
	}
	return bar->error ? 0 : bar_sample(bar, bar->base);
}

/* Makes a trial mapping of an extent elsewhere, to ask the device, and gives
 * the old mapping its access back. */
static int resume_extent(const struct bar *bar, uint8_t *place, size_t offset)
{
	void *elsewhere =
		mmap(NULL, bar->extent, PROT_READ | PROT_WRITE, MAP_SHARED, bar->fd, (off_t)offset);

	if (elsewhere == MAP_FAILED || munmap(elsewhere, bar->extent) ||
	    mprotect(place, bar->extent, PROT_READ | PROT_WRITE))
		return -errno;
	return 0;
}

static int suspend_bare(const struct suspend *suspend)
{
	const struct bar *bar = &suspend->bar;

	for (size_t i = 0; i < bar->n_extents; i++)
		if (mprotect(suspend->bare + i * bar->step, bar->extent, PROT_NONE))
			return -errno;
	return 0;
}

static int resume_bare(const struct suspend *suspend)
{
	const struct bar *bar = &suspend->bar;
	int r = 0;

	for (size_t i = 0; !r && i < bar->n_extents; i++)
		r = resume_extent(bar, suspend->bare + i * bar->step, i * bar->step);
	return r;
}

static uint64_t run_floor(void *context, size_t n)
{
	struct suspend *suspend = context;

	for (size_t i = 0; i < n; i++) {
		bar_note(&suspend->bar, suspend_bare(suspend));
		bar_note(&suspend->bar, resume_bare(suspend));
	}
	return suspend->bar.error ? 0 : bar_sample(&suspend->bar, suspend->bare);
}

static uint64_t run_remap(void *context, size_t n)
{
	struct suspend *suspend = context;

	for (size_t i = 0; i < n && !suspend->bar.error; i++) {
		bar_note(&suspend->bar, bar_unmap_bare(&suspend->bar, suspend->bare));
		bar_note(&suspend->bar, bar_map_bare(&suspend->bar, &suspend->bare));
	}
	return suspend->bar.error ? 0 : bar_sample(&suspend->bar, suspend->bare);
}

static int time_areas(struct bench *bench, size_t n)
{
	struct suspend suspend;
	const struct bench_way ways[] = {
		{ "ours", run_ours, &suspend },
		{ "floor", run_floor, &suspend },
		{ "remap", run_remap, &suspend },
	};
	int r = bar_open_span(&suspend.bar, n, true);

	if (r)
		return r;
	r = bar_map_bare(&suspend.bar, &suspend.bare);
	if (!r) {
		r = bench_time(bench, ways, 3, "%zu areas", n);
		if (!r)
			r = bar_check(&suspend.bar, "cannot suspend and resume");
		bar_unmap_bare(&suspend.bar, suspend.bare);
	}
	bar_close(&suspend.bar);
	return r;
}

static int run_suspend(struct bench *bench)
{
	size_t most = bench_quick(bench) ? 16 : 256;
	int r = 0;

	for (size_t n = 1; !r && n <= most; n *= 16)
		r = time_areas(bench, n);
	return r;
}

const struct bench_case case_suspend = { "suspend", "suspend and resume", run_suspend };
