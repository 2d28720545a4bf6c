/* SPDX-License-Identifier: BSD-3-Clause */
/* What is behind a device, whatever it is made of. */
#ifndef DEVICE_H
#define DEVICE_H

#include <errno.h>
#include <stdbool.h>

#include <barspan/device.h>

#include "msix.h"

struct barspan_device {
	struct barspan_device_ops ops;
	void *context;
	unsigned int references;	/* atomic */
	bool raw;		/* accesses are no cancellation points, and call nobody else */
	bool has_config;	/* region 7 is a PCI configuration space */
	bool msix_known;	/* `msix` was read once and for all */
	struct msix_table msix;
	int fd, iommu_fd;	/* -1: none */
	uint32_t ioas_id;
	int owned[3];		/* descriptors to close with the device; -1: none */
	char name[32];
};

/* Makes a device of one reference; -ENOMEM. `ops` is complete. */
int device_create(struct barspan_device **out, const struct barspan_device_ops *ops, void *context, const char *name);

void device_hold(struct barspan_device *device);

/* Maps a part of a region at an address that is ours, over what is there. What was there may be gone when it fails. */
int device_map(struct barspan_device *device, unsigned int index, uint64_t offset, size_t length, int prot,
	       void *address);

/* A transport's result, of which anything but 0 and a negative errno value is a mistake. */
static inline int device_checked(int r)
{
	return r > 0 ? -EPROTO : r;
}

/* As barspan_device_read() and barspan_device_write(). Inline, since processors that clear what they remember of calls
 * on the way into the kernel mispredict every return after a system call. */
static inline int device_read(struct barspan_device *device, unsigned int index, uint64_t offset, void *buffer,
			      size_t length)
{
	return device_checked(device->ops.read(device->context, index, offset, buffer, length));
}

static inline int device_write(struct barspan_device *device, unsigned int index, uint64_t offset, const void *buffer,
			       size_t length)
{
	return device_checked(device->ops.write(device->context, index, offset, buffer, length));
}

/* Where the MSI-X table is; length 0 where there is none or nobody says. */
int device_msix(struct barspan_device *device, struct msix_table *out);

/* 0 where [offset, offset + length) of a region may be accessed with what `flag` (BARSPAN_REGION_READ or _WRITE) says.
 */
int device_check_access(const struct barspan_region *region, uint32_t flag, uint64_t offset, size_t length);

/* Whether a descriptor is a VFIO device's, without a system call that another kind of file could take amiss. */
bool vfio_is_device(int fd);

/* The region, and the offset in it, that an offset in a VFIO device's file is of. -EINVAL: of none. */
int vfio_find_region(struct barspan_device *device, uint64_t file_offset, unsigned int *index, uint64_t *offset);

/* As barspan_device_open_vfio(), under another name than "vfio fd N". */
int vfio_open(struct barspan_device **out, int fd, const char *name);

#endif
