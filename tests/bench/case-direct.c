/* SPDX-License-Identifier: BSD-3-Clause */
#include <barspan.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench.h"
#include "pattern.h"

enum {
	SLICE = 128 << 10, /* one area begins at each multiple */
	N_AREAS = 8,
	/* The largest area is in the middle: a scan meets it, and the other
	 * area, neither first nor last. */
	MAIN = 3,
	OTHER = 5,
	SHORT = SLICE / 2,
	LONG = SLICE / 4 * 3,
	WINDOW = 4096, /* fits into the first-level cache */
	REGISTERS = WINDOW / 4,
};

struct fixture {
	struct barspan *span;
	volatile unsigned char *base;
	uint64_t start; /* start of the window */
	const struct barspan_range *areas;
	size_t n_areas;
	int fd;
	const uint32_t *shuffled; /* offsets in the window */
};

#define INLINE static inline __attribute__((always_inline))

INLINE uint32_t ours_read(const struct fixture *fixture, uint64_t offset)
{
	return barspan_read32(fixture->span, offset);
}

INLINE uint32_t relaxed_read(const struct fixture *fixture, uint64_t offset)
{
	return barspan_read32_relaxed(fixture->span, offset);
}

INLINE uint32_t floor_read(const struct fixture *fixture, uint64_t offset)
{
	return *(volatile uint32_t *)(fixture->base + offset);
}

/* A linear search through a list of areas, as driver frameworks do it. */
INLINE bool is_in_an_area(const struct fixture *fixture, uint64_t offset)
{
	for (size_t i = 0; i < fixture->n_areas; i++)
		if (offset >= fixture->areas[i].offset &&
		    offset + 4 <= fixture->areas[i].offset + fixture->areas[i].length)
			return true;
	return false;
}

INLINE uint32_t scan_read(const struct fixture *fixture, uint64_t offset)
{
	uint32_t value = UINT32_MAX;

	if (is_in_an_area(fixture, offset))
		return *(volatile uint32_t *)(fixture->base + offset);
	return pread(fixture->fd, &value, sizeof(value), (off_t)offset) == sizeof(value)
		       ? value
		       : UINT32_MAX;
}

INLINE void ours_write(const struct fixture *fixture, uint64_t offset, uint32_t value)
{
	barspan_write32(fixture->span, offset, value);
}

INLINE void floor_write(const struct fixture *fixture, uint64_t offset, uint32_t value)
{
	*(volatile uint32_t *)(fixture->base + offset) = value;
}

INLINE void scan_write(const struct fixture *fixture, uint64_t offset, uint32_t value)
{
	if (is_in_an_area(fixture, offset))
		*(volatile uint32_t *)(fixture->base + offset) = value;
	else if (pwrite(fixture->fd, &value, sizeof(value), (off_t)offset) != sizeof(value))
		abort();
}

/* The sum of the written values. Clears them: the next way must write its
 * own. */
static uint64_t sum_written(const struct fixture *fixture)
{
	volatile uint32_t *window = (volatile uint32_t *)(fixture->base + fixture->start);
	uint32_t sum = 0;

	for (size_t i = 0; i < REGISTERS; i++) {
		sum = sum * 3 + window[i];
		window[i] = 0;
	}
	return sum;
}

/* The loops are the same for all ways. Each is a function of its own. */
#define READ_WALK(way) \
	PATTERN_LOOP(way##_read_walk) \
	{ \
		const struct fixture fixture = *(const struct fixture *)context; \
		uint64_t sum = 0, offset = 0; \
\
		for (size_t i = 0; i < n; i++) { \
			sum += way##_read(&fixture, fixture.start + offset); \
			offset = (offset + 4) & (WINDOW - 1); \
		} \
		return sum; \
	}

#define READ_TABLE(way) \
	PATTERN_LOOP(way##_read_table) \
	{ \
		const struct fixture fixture = *(const struct fixture *)context; \
		uint32_t sum = 0; \
\
		for (size_t i = 0; i < n; i++) \
			sum += way##_read(&fixture, \
					  fixture.start + fixture.shuffled[i % REGISTERS]); \
		return sum; \
	}

#define READ_CHASE(way) \
	PATTERN_LOOP(way##_read_chase) \
	{ \
		const struct fixture fixture = *(const struct fixture *)context; \
		uint64_t offset = 0; \
\
		for (size_t i = 0; i < n; i++) \
			offset = way##_read(&fixture, fixture.start + offset); \
		return offset; \
	}

#define WRITE_WALK(way) \
	PATTERN_LOOP(way##_write_walk) \
	{ \
		const struct fixture fixture = *(const struct fixture *)context; \
		uint64_t offset = 0; \
\
		for (size_t i = 0; i < n; i++) { \
			way##_write(&fixture, fixture.start + offset, (uint32_t)i); \
			offset = (offset + 4) & (WINDOW - 1); \
		} \
		return sum_written(&fixture); \
	}

#define WRITE_TABLE(way) \
	PATTERN_LOOP(way##_write_table) \
	{ \
		const struct fixture fixture = *(const struct fixture *)context; \
\
		for (size_t i = 0; i < n; i++) \
			way##_write(&fixture, fixture.start + fixture.shuffled[i % REGISTERS], \
				    (uint32_t)i); \
		return sum_written(&fixture); \
	}

READ_WALK(ours)
READ_WALK(relaxed)
READ_WALK(floor)
READ_WALK(scan)
READ_TABLE(ours)
READ_TABLE(floor)
READ_TABLE(scan)
READ_CHASE(ours)
READ_CHASE(floor)
READ_CHASE(scan)
WRITE_WALK(ours)
WRITE_WALK(floor)
WRITE_WALK(scan)
WRITE_TABLE(ours)
WRITE_TABLE(floor)
WRITE_TABLE(scan)

typedef uint64_t loop(void *context, size_t n);

static const struct shape {
	const char *access, *name;
	loop *ours, *floor, *scan;
} shapes[] = {
	{ "read32", "walk", ours_read_walk, floor_read_walk, scan_read_walk },
	{ "read32", "table", ours_read_table, floor_read_table, scan_read_table },
	{ "read32", "chase", ours_read_chase, floor_read_chase, scan_read_chase },
	{ "read32_relaxed", "walk", relaxed_read_walk, floor_read_walk, scan_read_walk },
	{ "write32", "walk", ours_write_walk, floor_write_walk, scan_write_walk },
	{ "write32", "table", ours_write_table, floor_write_table, scan_write_table },
};

/* Each register holds the offset of the next, and one cycle visits all. */
static void fill_chain(const struct fixture *fixture)
{
	volatile uint32_t *window = (volatile uint32_t *)(fixture->base + fixture->start);

	for (size_t i = 0; i < REGISTERS; i++)
		window[fixture->shuffled[i] / 4] = fixture->shuffled[(i + 1) % REGISTERS];
}

static int measure_extent(struct bench *bench, struct fixture *fixture, const char *extent)
{
	int r = 0;

	for (size_t i = 0; !r && i < sizeof(shapes) / sizeof(shapes[0]); i++) {
		const struct bench_way ways[] = {
			{ "ours", shapes[i].ours, fixture },
			{ "floor", shapes[i].floor, fixture },
			{ "scan", shapes[i].scan, fixture },
		};

		if (!strncmp(shapes[i].access, "read", 4))
			fill_chain(fixture);
		else
			sum_written(fixture);
		r = bench_time(bench, ways, 3, "%s %s %s", shapes[i].access, extent,
			       shapes[i].name);
	}
	return r;
}

static int measure_both(struct bench *bench, struct barspan_device *device,
			const struct barspan_range *areas)
{
	uint32_t shuffled[REGISTERS];
	struct barspan *span;
	int r = barspan_map(&span, device, 0, NULL);

	if (r)
		return bench_complain(r, "cannot map");
	pattern_shuffle(shuffled, REGISTERS);
	for (size_t i = 0; i < REGISTERS; i++)
		shuffled[i] *= 4;

	struct fixture fixture = { span,
				   barspan_base(span),
				   areas[MAIN].offset,
				   areas,
				   N_AREAS,
				   barspan_soft_fd(device, 0),
				   shuffled };

	r = measure_extent(bench, &fixture, "main");
	fixture.start = areas[OTHER].offset;
	if (!r)
		r = measure_extent(bench, &fixture, "other");
	barspan_unmap(span);
	return r;
}

static int run_direct(struct bench *bench)
{
	struct barspan_range areas[N_AREAS];
	struct barspan_soft_region region = {
		.size = N_AREAS * SLICE,
		.flags = BARSPAN_REGION_READ | BARSPAN_REGION_WRITE | BARSPAN_REGION_MMAP,
		.n_areas = N_AREAS,
		.areas = areas,
	};
	const struct barspan_soft_options options = BARSPAN_SOFT_OPTIONS(&region, 1);
	struct barspan_device *device;
	int r;

	for (size_t i = 0; i < N_AREAS; i++)
		areas[i] = (struct barspan_range){ i * SLICE, i == MAIN ? LONG : SHORT };
	r = barspan_device_open_soft(&device, &options);
	if (r)
		return bench_complain(r, "cannot make a device");
	r = measure_both(bench, device, areas);
	barspan_device_close(device);
	return r;
}

const struct bench_case case_direct = { "direct", "aligned 32-bit accesses to direct extents",
					run_direct };
