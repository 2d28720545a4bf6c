/* SPDX-License-Identifier: BSD-3-Clause */
/* A VFIO device for the drop-in's tests. The file is a memory file; hooks
 * simulate its ioctls and its link in /proc. */
#ifndef LEGACY_FIXTURE_H
#define LEGACY_FIXTURE_H

#include <stdint.h>

#include "harness.h"

enum {
	BAR2 = 0x200000,
	BAR0 = 0x100000,
	BAR4 = 0x400000,
	SIZE = 0x8000,
	FILE_SIZE = 0x800000,
	MAPPABLE = 7
};

extern int file;
extern char *before;

/* BAR 0 is plain, BAR 2 sparse, BAR 4 cannot be mapped. */
int play_ioctl(int fd, unsigned long request, void *argument);

void set_up(void);

void tear_down(void);

uint8_t *map_bar2(void);

uint32_t read_file(uint64_t offset);

#endif
