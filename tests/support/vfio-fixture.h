/* SPDX-License-Identifier: BSD-3-Clause */
/* Fakes a VFIO device: a hook simulates the kernel's ioctls, a memory file is
 * the device's file. */
#ifndef VFIO_FIXTURE_H
#define VFIO_FIXTURE_H

#include <stdbool.h>
#include <stdint.h>

#include "harness.h"

enum { BAR_OFFSET = 0x100000, CONFIG_OFFSET = 0x700000, FILE_SIZE = 0x800000, MAPPABLE = 7 };

/* The kernel's answers. */
struct kernel {
	int file;
	uint32_t device_flags, n_regions;
	uint64_t size, offset;
	uint32_t flags, n_areas, argsz, cap_offset;
	struct barspan_range areas[600];
	unsigned int region_calls;
	uint32_t last_argsz;
	int info_result, region_result;
	bool grows_for_ever, hostile_chain;
};

extern struct kernel kernel;

int play_ioctl(int fd, unsigned long request, void *argument);

extern struct barspan_device *device;

void set_up(void);

void open_it(void);

void tear_down(void);

#endif
