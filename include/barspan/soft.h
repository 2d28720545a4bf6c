/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Software devices: regions in memory, to test drivers without hardware.
 */
#ifndef BARSPAN_SOFT_H
#define BARSPAN_SOFT_H

#include <stddef.h>
#include <stdint.h>

#include <barspan/device.h>

BARSPAN_BEGIN_DECLS_

/* A region in memory of `size` bytes. Direct accesses reach the memory. Trapped
 * accesses call the hooks `read` and `write` with `context`, or access the
 * memory if the hook is NULL. Hooks return 0 or a negative errno value, and may
 * be called from several threads at once. `areas` is copied. */
struct barspan_soft_region {
	uint64_t size;
	uint32_t flags;
	uint32_t n_areas;
	const struct barspan_range *areas;
	int (*read)(void *context, uint64_t offset, void *buffer, size_t length);
	int (*write)(void *context, uint64_t offset, const void *buffer, size_t length);
	void *context;
};

/* Initialise it with BARSPAN_SOFT_OPTIONS(), then change members as needed. */
struct barspan_soft_options {
	size_t size;	    /* sizeof(struct barspan_soft_options) */
	const char *name;   /* in messages, copied; NULL: "soft" */
	size_t n_regions;   /* at most 256 */
	size_t region_size; /* sizeof(struct barspan_soft_region): the stride of `regions` */
	const struct barspan_soft_region *regions;
};

/* Options for `n` regions, with the default name. */
#define BARSPAN_SOFT_OPTIONS(regions, n) \
	{ \
		sizeof(struct barspan_soft_options), NULL, (n), sizeof((regions)[0]), (regions) \
	}

/* Opens a software device with regions 0 to n_regions - 1. Region 7, if
 * present, is the configuration space of a PCI device. Memory is initially zero
 * and is allocated on first access. The device rejects the same requests as
 * VFIO: a mapping outside of the areas, an access past the end of a region, a
 * write to a region without BARSPAN_REGION_WRITE, and so on. A region with
 * areas is BARSPAN_REGION_SPARSE even without that flag. NULL options mean no
 * regions.
 *
 * -EINVAL: unknown flags, more than BARSPAN_MAX_AREAS areas in a region, areas
 * or regions without a list of them, or too many regions; -E2BIG: the options
 * or a region have a nonzero part that this library does not know, or are
 * larger than 4096; -EFBIG: a region larger than the largest memory file or
 * than RLIMIT_FSIZE; -ENOMEM, -EMFILE, -ENFILE. */
int barspan_device_open_soft(struct barspan_device **out,
			     const struct barspan_soft_options *options);

/* The memory file behind a region, to inspect or change it without the driver.
 * The device owns the descriptor.
 * -EINVAL: not a software device; -ENOENT: no such region, or it has size 0. */
int barspan_soft_fd(struct barspan_device *device, unsigned int index);

/* The number of trapped reads and writes of a region since the device was
 * opened. Either pointer may be NULL.
 * -EINVAL: not a software device; -ENOENT: no such region. */
int barspan_soft_trapped(struct barspan_device *device, unsigned int index, uint64_t *reads,
			 uint64_t *writes);

BARSPAN_END_DECLS_

#endif
