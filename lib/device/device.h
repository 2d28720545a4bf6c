/* SPDX-License-Identifier: BSD-3-Clause */
/* Devices, independent of their kind. */
#ifndef DEVICE_H
#define DEVICE_H

#include <errno.h>
#include <stdbool.h>

#include <barspan/device.h>

#include "layout/msix.h"

/* The part of a file that backs a part of a region and can be mapped. */
struct device_file {
	int fd;
	uint64_t offset;
};

/* Finds that part of the file, or returns the error with which mapping it must
 * fail. */
typedef int device_locate(void *context, unsigned int index, uint64_t offset, size_t length,
			  struct device_file *out);

struct barspan_device {
	struct barspan_device_ops ops;
	void *context;
	device_locate *locate;	 /* NULL: ops.map maps */
	bool marks_mappings;	 /* the kernel driver excludes mappings from core dumps */
	bool calls_back;	 /* accesses may run the caller's code */
	unsigned int references; /* atomic */
	unsigned int n_regions;	 /* for messages; 0: unknown, or none */
	bool has_config;	 /* region 7 is a PCI configuration space */
	bool msix_known;	 /* `msix` was read when the device was opened */
	struct msix_table msix;
	int fd, iommu_fd; /* -1: none */
	uint32_t ioas_id;
	int owned[3]; /* descriptors to close with the device; -1: none */
	char name[32];
	struct barspan_device *next_shared;		     /* see shared-device.h */
	void (*before_close)(struct barspan_device *device); /* may be NULL */
};

/* Creates a device with one reference. `ops` must be complete. -ENOMEM. */
int device_create(struct barspan_device **out, const struct barspan_device_ops *ops, void *context,
		  const char *name);

void device_hold(struct barspan_device *device);

/* Takes a reference to a device that another thread may be closing. False if
 * its last reference is gone. */
bool device_hold_again(struct barspan_device *device);

/* Maps a part of a region over a range that belongs to the library. After a
 * failure the range may be unmapped. */
int device_map_at(struct barspan_device *device, unsigned int index, uint64_t offset, size_t length,
		  int prot, void *address);

/* Maps a part of a region at an address that the kernel chooses. Leaves nothing
 * mapped on failure. Only for devices that have `locate`. */
int device_map_anywhere(struct barspan_device *device, unsigned int index, uint64_t offset,
			size_t length, int prot, uint8_t **out);

/* Converts the result of a transport's operation. A result other than 0 and a
 * negative errno value is -EPROTO. */
static inline int device_checked(int r)
{
	return r > 0 ? -EPROTO : r;
}

/* Accesses that may run the caller's code: the thread is not cancelled and
 * errno is restored. */
int device_read_back(struct barspan_device *device, unsigned int index, uint64_t offset,
		     void *buffer, size_t length);
int device_write_back(struct barspan_device *device, unsigned int index, uint64_t offset,
		      const void *buffer, size_t length);

/*
 * As barspan_device_read() and barspan_device_write(). Inline, because where
 * the kernel flushes the return-address predictor, every return after a system
 * call mispredicts.
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

/* Locates the MSI-X table. `length` is 0 if the device has none or does not
 * report one. */
int device_msix(struct barspan_device *device, struct msix_table *out);

/* Returns 0 if [offset, offset + length) is inside the region and the
 * region's flags include `flag` (BARSPAN_REGION_READ or _WRITE); else -ERANGE
 * or -EACCES. */
int device_check_access(const struct barspan_region *region, uint32_t flag, uint64_t offset,
			size_t length);

#endif
