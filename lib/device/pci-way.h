/* SPDX-License-Identifier: BSD-3-Clause */
/* The two ways to open a PCI device: through its group or its character
 * device. */
#ifndef PCI_WAY_H
#define PCI_WAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "device/pci-address.h"

enum { PATH_LENGTH = 128 };

/* The state of one attempt to open a device. */
struct way {
	char address[PCI_ADDRESS_LENGTH];
	const char *token; /* NULL: none */
	uint8_t token_bytes[PCI_TOKEN_BYTES];
	bool no_iommu_allowed, no_iommu;
	int device, group, iommu; /* descriptors; -1: none */
	uint32_t ioas_id;
	bool try_other; /* a missing node or permission; the other way may succeed */
	char why[256];	/* the error message; not logged if the other way succeeds */
};

/* Stores the error message and returns r. */
int way_fail(struct way *way, int r, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Closes the descriptors of an attempt that failed. */
void way_close(const struct way *way);

/* Opens a device node. Returns the descriptor, or the error after
 * way_fail(). */
int way_open_node(struct way *way, const char *path);

/* The same for a node that a kernel module provides. */
int way_open_needed(struct way *way, const char *path, const char *module);

int way_ioctl(struct way *way, int fd, unsigned long number, void *argument, const char *name);

/* Stores the last component of a link in the device's sysfs directory. */
int way_read_link(const char *address, const char *name, char *out, size_t length);

/* Whether the device's driver has enabled it. vfio-pci enables a device while a
 * descriptor of it is open. */
bool way_is_enabled(const char *address);

/* Stores the message for an error that may be due to the VF token. */
int way_explain_token(struct way *way, int r, const char *name);

/* Opens the device through its character device. -ENOENT: the kernel or the
 * device's driver does not provide one. */
int way_open_cdev(struct way *way);

#endif
