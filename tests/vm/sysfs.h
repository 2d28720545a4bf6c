/* SPDX-License-Identifier: BSD-3-Clause */
/* Reads a PCI device's properties from sysfs, without the library's code. A
 * failed read ends the program. */
#ifndef TESTS_VM_SYSFS_H
#define TESTS_VM_SYSFS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SYSFS_BARS = 6 };

struct sysfs_bar {
	uint64_t start; /* bus address */
	uint64_t size;	/* 0: no such BAR */
	bool memory;	/* else I/O ports */
	bool msix;	/* contains the MSI-X table */
};

void sysfs_bars(const char *address, struct sysfs_bar out[SYSFS_BARS]);

/* The size of the configuration space. */
uint64_t sysfs_config_size(const char *address);

/* The path of the device's node under /dev/vfio. */
void sysfs_group_path(const char *address, char *out, size_t length);

#endif
