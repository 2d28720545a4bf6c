/* SPDX-License-Identifier: BSD-3-Clause */
/* What is behind a device, whatever it is made of. */
#ifndef DEVICE_H
#define DEVICE_H

#include <errno.h>
#include <stdbool.h>

#include <barspan/device.h>

#include "layout/msix.h"

/* A part of a region as a part of a file that can be mapped. */
struct device_file {
	int fd;
	uint64_t offset;
};

/* Finds it, or says why it cannot be mapped. */
typedef int device_locate(void *context, unsigned int index, uint64_t offset, size_t length,
			  struct device_file *out);

struct barspan_device {
	struct barspan_device_ops ops;
	void *context;
	device_locate *locate;	 /* NULL: ops.map maps */
	bool marks_mappings;	 /* its driver leaves mappings out of core dumps */
	bool calls_back;	 /* accesses may run the caller's code */
	unsigned int references; /* atomic */
	bool has_config;	 /* region 7 is a PCI configuration space */
	bool msix_known;	 /* `msix` was read once and for all */
	struct msix_table msix;
	int fd, iommu_fd; /* -1: none */
	uint32_t ioas_id;
	int owned[3]; /* descriptors to close with the device; -1: none */
	char name[32];
	struct barspan_device *next_shared;		     /* see shared-device.h */
	void (*before_close)(struct barspan_device *device); /* NULL: nothing is to be done */
};

/* Makes a device of one reference; -ENOMEM. `ops` is complete. */
int device_create(struct barspan_device **out, const struct barspan_device_ops *ops, void *context,
		  const char *name);

void device_hold(struct barspan_device *device);

/* The same for a device that another thread may be closing: false, if it is too
 * late. */
bool device_hold_again(struct barspan_device *device);

/* Maps a part of a region over a range that is ours. After a failure it may be
 * unmapped. */
int device_map_at(struct barspan_device *device, unsigned int index, uint64_t offset, size_t length,
		  int prot, void *address);

/* Maps it at an address of the kernel's choice; on failure nothing is left. For
 * devices that `locate`. */
int device_map_anywhere(struct barspan_device *device, unsigned int index, uint64_t offset,
			size_t length, int prot, uint8_t **out);

/* A transport's result, of which anything but 0 and a negative errno value is a
 * mistake. */
static inline int device_checked(int r)
{
	return r > 0 ? -EPROTO : r;
}

/* Accesses by the caller's code: not a cancellation point, and errno stays. */
int device_read_back(struct barspan_device *device, unsigned int index, uint64_t offset,
		     void *buffer, size_t length);
int device_write_back(struct barspan_device *device, unsigned int index, uint64_t offset,
		      const void *buffer, size_t length);

/*
 * As barspan_device_read() and barspan_device_write(). Inline: where the kernel
 * flushes the return-address predictor, every return after a system call
 * mispredicts.
 */
static inline __attribute__((always_inline)) int device_read(struct barspan_device *device,
							     unsigned int index, uint64_t offset,
							     void *buffer, size_t length)
{
	if (device->calls_back)
		return device_read_back(device, index, offset, buffer, length);
	return device_checked(device->ops.read(device->context, index, offset, buffer, length));
}

static inline __attribute__((always_inline)) int device_write(struct barspan_device *device,
							      unsigned int index, uint64_t offset,
							      const void *buffer, size_t length)
{
	if (device->calls_back)
		return device_write_back(device, index, offset, buffer, length);
	return device_checked(device->ops.write(device->context, index, offset, buffer, length));
}

/* Where the MSI-X table is; length 0 where there is none or nobody says. */
int device_msix(struct barspan_device *device, struct msix_table *out);

/* 0 where [offset, offset + length) of a region may be accessed with what
 * `flag` (BARSPAN_REGION_READ or _WRITE) says.
 */
int device_check_access(const struct barspan_region *region, uint32_t flag, uint64_t offset,
			size_t length);

#endif
