/* SPDX-License-Identifier: BSD-3-Clause */
/* The ways to a PCI device: through its group, or its character device. */
#ifndef PCI_WAY_H
#define PCI_WAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "device/pci-address.h"

enum { PATH_LENGTH = 128 };

/* One way to a device: what is wanted, and how far it went. */
struct way {
	char address[PCI_ADDRESS_LENGTH];
	const char *token; /* NULL: none */
	uint8_t token_bytes[PCI_TOKEN_BYTES];
	bool no_iommu_allowed, no_iommu;
	int device, group, iommu; /* descriptors; -1: none */
	uint32_t ioas_id;
	bool try_other; /* it failed for a reason that another way may not have */
	char why[256];	/* it failed; a message, since another way may succeed */
};

/* Keeps the message, and returns r. */
int way_fail(struct way *way, int r, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Closes the descriptors of a way that failed. */
void way_close(const struct way *way);

/* Opens a node. Returns the descriptor, or the error, with a message kept. */
int way_open_node(struct way *way, const char *path);

/* The same for a node that a module provides. */
int way_open_needed(struct way *way, const char *path, const char *module);

int way_ioctl(struct way *way, int fd, unsigned long number, void *argument, const char *name);

/* The last part of the path that a link of the device's in sysfs names. */
int way_read_link(const char *address, const char *name, char *out, size_t length);

/* How often the device's driver has enabled it: vfio-pci does so while a
 * descriptor of it is in use. */
bool way_is_enabled(const char *address);

/* A refusal that may have to do with the VF token. */
int way_explain_token(struct way *way, int r, const char *name);

/* Opens the device by its character device. -ENOENT: the kernel, or the
 * device's driver, has none. */
int way_open_cdev(struct way *way);

#endif
