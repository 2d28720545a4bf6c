/* SPDX-License-Identifier: BSD-3-Clause */
#include <barspan.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include "bench.h"
#include "pattern.h"

enum {
	REGION_PAGES = 4,
	/* length of the pattern: four rounds over the largest number of
	 * spans */
	POINTERS = 4096,
	N_AREAS = 2,
};

/* An entry of a list of mappings that is searched by address. */
struct mapping {
	uintptr_t base;
	uint64_t length;
	const struct barspan_range *areas;
	size_t n_areas;
};

struct fixture {
	struct barspan_device *device;
	size_t n;
	struct barspan **spans;
	struct mapping *mappings;
	struct barspan_range areas[N_AREAS];
	volatile uint32_t *pointers[POINTERS];
};

#define INLINE static inline __attribute__((always_inline))

INLINE uint32_t ours_read(const struct fixture *fixture, volatile uint32_t *pointer)
{
	(void)fixture;
	return barspan_ptr_read32(pointer);
}

INLINE uint32_t floor_read(const struct fixture *fixture, volatile uint32_t *pointer)
{
	(void)fixture;
	return *pointer;
}

static uint32_t read_trapped(const struct fixture *fixture, uint64_t offset)
{
	uint32_t value;

	return barspan_device_read(fixture->device, 0, offset, &value, sizeof(value)) ? UINT32_MAX
										      : value;
}

INLINE uint32_t read_in(const struct fixture *fixture, const struct mapping *mapping,
			volatile uint32_t *pointer)
{
	uint64_t offset = (uintptr_t)pointer - mapping->base;

	for (size_t i = 0; i < mapping->n_areas; i++)
		if (offset >= mapping->areas[i].offset &&
		    offset + 4 <= mapping->areas[i].offset + mapping->areas[i].length)
			return *pointer;
	return read_trapped(fixture, offset);
}

INLINE uint32_t scan_read(const struct fixture *fixture, volatile uint32_t *pointer)
{
	for (size_t i = 0; i < fixture->n; i++)
		if ((uintptr_t)pointer - fixture->mappings[i].base < fixture->mappings[i].length)
			return read_in(fixture, &fixture->mappings[i], pointer);
	return *pointer;
}

#define LOOP(way) \
	PATTERN_LOOP(way##_loop) \
	{ \
		const struct fixture *fixture = context; \
		uint32_t sum = 0; \
\
		for (size_t i = 0; i < n; i++) \
			sum += way##_read(fixture, fixture->pointers[i % POINTERS]); \
		return sum; \
	}

LOOP(ours)
LOOP(floor)
LOOP(scan)

static uint64_t page_size(void)
{
	return (uint64_t)sysconf(_SC_PAGESIZE);
}

/* All accesses go to one page of one span. */
static void aim_at_one_page(struct fixture *fixture)
{
	volatile uint32_t *page = barspan_base(fixture->spans[fixture->n / 2]);

	for (size_t i = 0; i < POINTERS; i++)
		fixture->pointers[i] = page + i % (page_size() / sizeof(*page));
}

/* Each span in turn, a register of one of its direct pages. The next turn takes
 * another page and another register: the first bytes of pages compete for few
 * lines of the cache. */
static void aim_round(struct fixture *fixture)
{
	static const unsigned char direct[] = { 0, 2, 3 };

	for (size_t i = 0; i < POINTERS; i++) {
		volatile unsigned char *base = barspan_base(fixture->spans[i % fixture->n]);
		uint64_t page = direct[(i + i / fixture->n) % sizeof(direct)];

		fixture->pointers[i] =
			(volatile uint32_t *)(base + page * page_size() + i * 4 % page_size());
	}
}

static int measure_order(struct bench *bench, struct fixture *fixture)
{
	const struct bench_way ways[] = {
		{ "ours", ours_loop, fixture },
		{ "floor", floor_loop, fixture },
		{ "scan", scan_loop, fixture },
	};
	int r;

	aim_at_one_page(fixture);
	r = bench_time(bench, ways, 3, "read32 hot spans %zu", fixture->n);
	aim_round(fixture);
	return r ? r : bench_time(bench, ways, 3, "read32 round spans %zu", fixture->n);
}

/* Every register of the direct pages gets a different value. */
static void fill_registers(const struct fixture *fixture)
{
	volatile uint32_t *registers = barspan_base(fixture->spans[0]);

	for (size_t i = 0; i < N_AREAS; i++) {
		uint64_t first = fixture->areas[i].offset / 4,
			 end = first + fixture->areas[i].length / 4;

		for (uint64_t j = first; j < end; j++)
			registers[j] = (uint32_t)(j * 0x9e3779b1);
	}
}

static int map_all(struct fixture *fixture, size_t n)
{
	for (; fixture->n < n; fixture->n++) {
		struct barspan **span = &fixture->spans[fixture->n];
		int r = barspan_map(span, fixture->device, 0, NULL);

		if (r)
			return bench_complain(r, "cannot map %zu spans", n);
		fixture->mappings[fixture->n] =
			(struct mapping){ (uintptr_t)barspan_base(*span), barspan_length(*span),
					  fixture->areas, N_AREAS };
	}
	return 0;
}

static int measure_spans(struct bench *bench, struct fixture *fixture, size_t n)
{
	int r = -ENOMEM;

	fixture->n = 0;
	fixture->spans = calloc(n, sizeof(struct barspan *));
	fixture->mappings = calloc(n, sizeof(*fixture->mappings));
	if (fixture->spans && fixture->mappings)
		r = map_all(fixture, n);
	if (!r) {
		fill_registers(fixture);
		r = measure_order(bench, fixture);
	}
	while (fixture->n)
		barspan_unmap(fixture->spans[--fixture->n]);
	free(fixture->spans);
	free(fixture->mappings);
	return r;
}

/* All spans map the same region. This saves file descriptors and cache, and
 * only the look-up of the span is measured. */
static int run_pointer(struct bench *bench)
{
	static const size_t numbers[] = { 1, 64, 1024 };
	uint64_t page = page_size();
	struct fixture fixture = { .areas = { { 0, page }, { 2 * page, 2 * page } } };
	struct barspan_soft_region region = {
		.size = REGION_PAGES * page,
		.flags = BARSPAN_REGION_READ | BARSPAN_REGION_WRITE | BARSPAN_REGION_MMAP,
		.n_areas = N_AREAS,
		.areas = fixture.areas,
	};
	const struct barspan_soft_options options = BARSPAN_SOFT_OPTIONS(&region, 1);
	int r = barspan_device_open_soft(&fixture.device, &options);

	if (r)
		return bench_complain(r, "cannot make a device");
	for (size_t i = 0; !r && i < sizeof(numbers) / sizeof(numbers[0]); i++)
		r = measure_spans(bench, &fixture, numbers[i]);
	barspan_device_close(fixture.device);
	return r;
}

const struct bench_case case_pointer = { "pointer", "32-bit accesses by pointer", run_pointer };
