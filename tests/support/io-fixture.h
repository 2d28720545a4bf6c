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

/* A span of SIZE bytes that can be mapped, with all access. */
void set_up(void);

/* How many trapped accesses the device has served. */
uint64_t count_trapped(void);

/* The region's bytes, behind the library's back. */
void read_file(uint64_t offset, void *to, size_t length);

/* Accesses of 1, 2, 4 or 8 bytes. */
uint64_t read_width(unsigned int width, uint64_t offset);
void write_width(unsigned int width, uint64_t offset, uint64_t value);

#endif
