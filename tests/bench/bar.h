/* SPDX-License-Identifier: BSD-3-Clause */
/* A BAR in memory for the cases: areas of one page each, and functions that map
 * them without the library. */
#ifndef BENCH_BAR_H
#define BENCH_BAR_H

#include <barspan/soft.h>
#include <barspan/span.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bar {
	struct barspan_device *device;
	struct barspan *span; /* NULL: none */
	uint8_t *base;	      /* the span's */
	int fd;		      /* pread() at a hole's offset in the BAR reaches the hole */
	size_t page, size;
	size_t n_extents; /* direct extents, one every `step` bytes */
	size_t extent, step;
	int error; /* the first error of any way */
};

/* Opens a device whose region 0 has `n` areas of one page. They touch each
 * other, or are separated by holes of one page if `apart` is set. Returns 0, or
 * -errno after a message. If it returns 0, close the bar. */
int bar_open(struct bar *bar, size_t n, bool apart);
void bar_close(struct bar *bar);

/* Does the same, and maps the region. */
int bar_open_span(struct bar *bar, size_t n, bool apart);

/* Records a way's error for bar_check(), which prints and returns the first
 * one. */
void bar_note(struct bar *bar, int r);
int bar_check(const struct bar *bar, const char *what);

/* Reads a few bytes of the first and of the last area of a mapping at
 * `base`. */
uint64_t bar_sample(const struct bar *bar, const volatile uint8_t *base);

/* Makes only the system calls of barspan_map() for this region. Returns 0 or
 * -errno. */
int bar_reserve(const struct bar *bar, uint8_t **out);
int bar_map_extents(const struct bar *bar, uint8_t *base);
int bar_map_bare(const struct bar *bar, uint8_t **out);
int bar_unmap_bare(const struct bar *bar, uint8_t *base);

#endif
