/* SPDX-License-Identifier: BSD-3-Clause */
/* A span over a software device with two direct pages and holes beside them. */
#ifndef IO_FIXTURE_H
#define IO_FIXTURE_H

#include "harness.h"

enum {
	RW = BARSPAN_REGION_READ | BARSPAN_REGION_WRITE,
	MAPPABLE = RW | BARSPAN_REGION_MMAP,
	SIZE = 0x4000
};

extern struct barspan_device *device;
extern struct barspan *span;

void open_span(uint32_t flags, int prot, uint64_t size);
void close_span(void);

/* Maps a span of SIZE bytes with read and write access over a mappable
 * region. */
void set_up(void);

/* The number of trapped accesses that the device has served. */
uint64_t count_trapped(void);

/* Reads the region's bytes from the memory file, bypassing the library. */
void read_file(uint64_t offset, void *to, size_t length);

/* Access 1, 2, 4 or 8 bytes. */
uint64_t read_width(unsigned int width, uint64_t offset);
void write_width(unsigned int width, uint64_t offset, uint64_t value);

#endif
