/* SPDX-License-Identifier: BSD-3-Clause */
/* Locates the MSI-X table of a PCI device by its configuration space. */
#ifndef MSIX_H
#define MSIX_H

#include <stddef.h>
#include <stdint.h>

/* length is 0 if the device has no MSI-X table. */
struct msix_table {
	uint64_t offset;
	uint64_t length;
	unsigned int bar;
};

typedef int msix_read_config(void *context, uint64_t offset, void *buffer, size_t length);

/* Finds the table by walking the capability list in configuration space, which
 * it reads through `read`. -EPROTO: the list has a loop; or the error of
 * `read`. */
int msix_find(struct msix_table *out, msix_read_config *read, void *context);

#endif
