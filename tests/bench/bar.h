/* SPDX-License-Identifier: BSD-3-Clause */
/* A BAR of memory for cases to work on: areas of one page each, and what it
 * takes to map them without the library. */
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
	int fd;		      /* what pread() reaches a hole by, at the hole's own offset */
	size_t page, size;
	size_t n_extents; /* direct ones, one every `step` bytes */
	size_t extent, step;
	int error; /* the first that a way has met */
};

/* Opens a device whose region 0 has `n` areas of a page that touch each other,
 * or, where `apart`, a page's hole behind each. 0 or -errno, having said what
 * failed; to be closed only after 0, as in what follows. */
int bar_open(struct bar *bar, size_t n, bool apart);
void bar_close(struct bar *bar);

/* As bar_open(), and maps the region. */
int bar_open_span(struct bar *bar, size_t n, bool apart);

/* Notes a way's error, which bar_check() gives, having said so. */
void bar_note(struct bar *bar, int r);
int bar_check(const struct bar *bar, const char *what);

/* A few bytes of the first and of the last area of what is mapped at `base`. */
uint64_t bar_sample(const struct bar *bar, const volatile uint8_t *base);

/* The calls that barspan_map() comes to for a span of this region, and no more:
 * 0 or -errno. */
int bar_reserve(const struct bar *bar, uint8_t **out);
int bar_map_extents(const struct bar *bar, uint8_t *base);
int bar_map_bare(const struct bar *bar, uint8_t **out);
int bar_unmap_bare(const struct bar *bar, uint8_t *base);

#endif
