/* SPDX-License-Identifier: BSD-3-Clause */
/* Where a PCI device's MSI-X table is, from its configuration space. */
#ifndef MSIX_H
#define MSIX_H

#include <stddef.h>
#include <stdint.h>

/* length 0: the device has none. */
struct msix_table {
	uint64_t offset;
	uint64_t length;
	unsigned int bar;
};

typedef int msix_read_config(void *context, uint64_t offset, void *buffer, size_t length);

/* Finds the table by walking the capability list that `read` gives. -EPROTO:
 * the list has no end; or what `read` returned. */
int msix_find(struct msix_table *out, msix_read_config *read, void *context);

#endif
