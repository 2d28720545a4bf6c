/* SPDX-License-Identifier: BSD-3-Clause */
/* Runs the hot paths one after the other under callgrind, which counts their
 * instructions. tests/bench/count.sh reads the counts. */
#include <barspan.h>

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <valgrind/callgrind.h>

#include "pages.h"

enum { TIMES = 10000, WINDOW = 0x1000, LENGTH = 0x10000 };

/* Two holes and three direct extents, in slices of one extent each. */
static const struct barspan_range areas[] = {
	{ 0, 0x1000 },
	{ 0x2000, 0x8000 },
	{ 0xb000, 0x5000 },
};
enum { LARGEST = 0x2000, OTHER = 0xc000 };

/* One page is a hole, and the region is too large for slices of one page. The
 * window shares a slice with the hole. */
enum { LARGE_LENGTH = 128 << 20, SHARED = LARGE_LENGTH - 0x4000 };
static const struct barspan_range large_areas[] = {
	{ 0, LARGE_LENGTH - 0x2000 },
	{ LARGE_LENGTH - 0x1000, 0x1000 },
};

/* The object that a loop accesses: its window of offsets begins at `start`. */
struct loop {
	struct barspan *span;
	volatile char *base;
	uint64_t start;
};

#define LOOP(name, statement) \
	__attribute__((noinline)) static uint32_t name(const struct loop *loop) \
	{ \
		struct barspan *span = loop->span; \
		volatile char *base = loop->base; \
		uint64_t start = loop->start, offset = 0; \
		uint32_t sum = 0; \
\
		(void)span, (void)base; \
		for (unsigned int i = 0; i < TIMES; i++) { \
			uint64_t at = start + offset; \
\
			/* A register whose value is unknown to the compiler. */ \
			__asm__ __volatile__("" : "+r"(at)); \
			statement; \
			offset = (offset + 8) & (WINDOW - 1); \
		} \
		return sum; \
	}

LOOP(bare_read, sum += *(volatile uint32_t *)(base + at))
LOOP(bare_write, *(volatile uint32_t *)(base + at) = (uint32_t)offset)
LOOP(read32, sum += barspan_read32(span, at))
LOOP(write32, barspan_write32(span, at, (uint32_t)offset))
LOOP(read64, sum += (uint32_t)barspan_read64(span, at))
LOOP(read32_relaxed, sum += barspan_read32_relaxed(span, at))
LOOP(ptr_read32, sum += barspan_ptr_read32(base + at))
LOOP(is_direct, sum += barspan_is_direct(span, at, 4))

static void count_loop(const char *what, uint32_t (*run)(const struct loop *),
		       const struct loop *loop)
{
	run(loop); /* warms up the pages that pointer accessors remember */
	CALLGRIND_ZERO_STATS;
	run(loop);
	CALLGRIND_DUMP_STATS_AT(what);
}

static void count_region(struct barspan *span)
{
	struct loop largest = { span, barspan_base(span), LARGEST };
	struct loop other = { span, barspan_base(span), OTHER };

	count_loop("bare_read", bare_read, &largest);
	count_loop("bare_write", bare_write, &largest);
	count_loop("read32 largest", read32, &largest);
	count_loop("read32 other", read32, &other);
	count_loop("write32 largest", write32, &largest);
	count_loop("write32 other", write32, &other);
	count_loop("read64 largest", read64, &largest);
	count_loop("read64 other", read64, &other);
	count_loop("read32_relaxed largest", read32_relaxed, &largest);
	count_loop("ptr_read32 largest", ptr_read32, &largest);
	count_loop("is_direct largest", is_direct, &largest);
	count_loop("is_direct other", is_direct, &other);
}

static void count_large_region(struct barspan *span)
{
	struct loop shared = { span, barspan_base(span), SHARED };

	count_loop("read32 shared", read32, &shared);
	count_loop("is_direct shared", is_direct, &shared);
}

static int with_region(const struct barspan_range *own_areas, uint32_t n, uint64_t size,
		       void (*run)(struct barspan *span))
{
	struct barspan_soft_region region = {
		.size = size,
		.flags = BARSPAN_REGION_READ | BARSPAN_REGION_WRITE | BARSPAN_REGION_MMAP,
		.n_areas = n,
		.areas = own_areas,
	};
	const struct barspan_soft_options options = BARSPAN_SOFT_OPTIONS(&region, 1);
	struct barspan_device *device;
	struct barspan *span;

	if (barspan_device_open_soft(&device, &options) || barspan_map(&span, device, 0, NULL))
		return -1;
	run(span);
	barspan_unmap(span);
	barspan_device_close(device);
	return 0;
}

static int hot_paths(void)
{
	if (with_region(areas, sizeof(areas) / sizeof(areas[0]), LENGTH, count_region))
		return -1;
	return with_region(large_areas, 2, LARGE_LENGTH, count_large_region);
}

__attribute__((noinline)) static int map_pages(struct barspan_device *device)
{
	struct barspan *span;
	int r = barspan_map(&span, device, 0, NULL);

	if (r || barspan_extent_count(span) < 2)
		return -1;
	barspan_unmap(span);
	return 0;
}

/* Maps areas in a shuffled order. They do not touch, and `n` is a power of
 * two. */
static int count_mapping(size_t n)
{
	struct barspan_device *device;
	struct pages pages;
	char what[32];
	int r = pages_init(&pages, n * UINT64_C(0x4000), n);

	if (r)
		return r;
	/* An odd factor visits every area exactly once. */
	for (size_t i = 0; i < n; i++)
		pages.areas[i].offset = (i * 40503 % n) * 0x4000;
	r = pages_open(&device, &pages);
	if (!r) {
		snprintf(what, sizeof(what), "map %zu", n);
		CALLGRIND_ZERO_STATS;
		r = map_pages(device);
		CALLGRIND_DUMP_STATS_AT(what);
		barspan_device_close(device);
	}
	pages_clear(&pages);
	return r;
}

int main(void)
{
	if (hot_paths() || count_mapping(4096) || count_mapping(65536))
		return EXIT_FAILURE;
	return EXIT_SUCCESS;
}
