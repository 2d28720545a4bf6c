/* SPDX-License-Identifier: BSD-3-Clause */
#include "bench.h"

#include <barspan/io.h>
#include <errno.h>
#include <unistd.h>

#include "bar.h"

/* The hole is the second page. */
static uint64_t read_ours(void *context, size_t n)
{
	struct bar *bar = context;
	uint64_t sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += barspan_read32(bar->span, bar->page);
	bar_note(bar, barspan_take_error(bar->span, NULL));
	return sum;
}

static uint64_t read_floor(void *context, size_t n)
{
	struct bar *bar = context;
	uint64_t sum = 0;

	for (size_t i = 0; i < n; i++) {
		uint32_t value;

		if (pread(bar->fd, &value, sizeof(value), (off_t)bar->page) != sizeof(value))
			bar_note(bar, -EIO);
		else
			sum += value;
	}
	return sum;
}

/* Reads the register in the hole, to prove that the writes arrived, and clears
 * it. */
static uint32_t take_written(struct bar *bar)
{
	uint32_t value = 0, zero = 0;

	if (pread(bar->fd, &value, sizeof(value), (off_t)bar->page) != sizeof(value) ||
	    pwrite(bar->fd, &zero, sizeof(zero), (off_t)bar->page) != sizeof(zero))
		bar_note(bar, -EIO);
	return value;
}

static uint64_t write_ours(void *context, size_t n)
{
	struct bar *bar = context;

	for (size_t i = 0; i < n; i++)
		barspan_write32(bar->span, bar->page, (uint32_t)i + 1);
	bar_note(bar, barspan_take_error(bar->span, NULL));
	return take_written(bar);
}

static uint64_t write_floor(void *context, size_t n)
{
	struct bar *bar = context;

	for (size_t i = 0; i < n; i++) {
		uint32_t value = (uint32_t)i + 1;

		if (pwrite(bar->fd, &value, sizeof(value), (off_t)bar->page) != sizeof(value))
			bar_note(bar, -EIO);
	}
	return take_written(bar);
}

static int run_trapped(struct bench *bench)
{
	struct bar bar;
	const struct bench_way reads[] = { { "ours", read_ours, &bar },
					   { "floor", read_floor, &bar } };
	const struct bench_way writes[] = { { "ours", write_ours, &bar },
					    { "floor", write_floor, &bar } };
	int r = bar_open_span(&bar, 1, true);

	if (r)
		return r;
	barspan_write32(bar.span, bar.page, 0x89abcdef);
	r = bench_time(bench, reads, 2, "read");
	if (!r)
		r = bench_time(bench, writes, 2, "write");
	if (!r)
		r = bar_check(&bar, "an access to the hole failed");
	bar_close(&bar);
	return r;
}

const struct bench_case case_trapped = { "trapped", "32-bit accesses to a hole", run_trapped };
