/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Software devices: regions made of memory, to test a driver without hardware.
 */
#ifndef BARSPAN_SOFT_H
#define BARSPAN_SOFT_H

#include <stddef.h>
#include <stdint.h>

#include <barspan/device.h>

#ifdef __cplusplus
extern "C" {
#endif

#pragma GCC visibility push(default)

/* A region made of memory, for demos and for drivers' own unit tests. `size` is
 * the region's, in bytes. Trapped accesses call `read` and `write`, with
 * `context`; where they are NULL the region's memory is read or written, which
 * is also what direct accesses reach. The hooks return 0 or a negative errno
 * value, and may be called from several threads at once. `areas` is copied. */
struct barspan_soft_region {
	uint64_t size;
	uint32_t flags;
	uint32_t n_areas;
	const struct barspan_range *areas;
	int (*read)(void *context, uint64_t offset, void *buffer, size_t length);
	int (*write)(void *context, uint64_t offset, const void *buffer, size_t length);
	void *context;
};

/* Initialise it with BARSPAN_SOFT_OPTIONS(), and then set what you want to be
 * different. */
struct barspan_soft_options {
	size_t size;	    /* sizeof(struct barspan_soft_options) */
	const char *name;   /* of the device in messages, copied; NULL: "soft" */
	size_t n_regions;   /* at most 256 */
	size_t region_size; /* sizeof(struct barspan_soft_region): the distance of regions */
	const struct barspan_soft_region *regions;
};

/* Options for `n` regions, with the default name. */
#define BARSPAN_SOFT_OPTIONS(regions, n) \
	{ \
		sizeof(struct barspan_soft_options), NULL, (n), sizeof((regions)[0]), (regions) \
	}

/* Opens a software device with regions 0 to n_regions - 1. Region 7, if there
 * is one, is taken for the configuration space of a PCI device. Memory starts
 * as zeros and is allocated when it is touched. The device refuses what VFIO
 * refuses: a mapping outside the areas, an access past a region's end, a write
 * to a region without BARSPAN_REGION_WRITE, and so on. n_areas without
 * BARSPAN_REGION_SPARSE implies it. NULL options: a device without regions.
 *
 * -EINVAL: unknown flags, more than BARSPAN_MAX_AREAS areas in a region, areas
 * or regions without a list of them, or too many regions; -E2BIG: the options
 * or a region have a part that this library does not know, or a size of more
 * than 4096; -EFBIG: a region larger than a memory file can be, or than
 * RLIMIT_FSIZE; -ENOMEM, -EMFILE, -ENFILE. */
int barspan_device_open_soft(struct barspan_device **out,
			     const struct barspan_soft_options *options);

/* The memory file behind a software device's region, to look at it or change it
 * behind the driver's back. Borrowed: it is closed with the device. -EINVAL:
 * not a software device; -ENOENT: no such region, or one of size 0. */
int barspan_soft_fd(struct barspan_device *device, unsigned int index);

/* How often a software device's region was read and written by trapped access
 * since the device was opened. Either pointer may be NULL. -EINVAL: not a
 * software device; -ENOENT: no such region. */
int barspan_soft_trapped(struct barspan_device *device, unsigned int index, uint64_t *reads,
			 uint64_t *writes);

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif

#endif
