/* SPDX-License-Identifier: BSD-3-Clause */
/* What is behind a device, whatever it is made of. */
#ifndef DEVICE_H
#define DEVICE_H

#include <errno.h>
#include <stdbool.h>

#include <barspan/device.h>

#include "msix.h"

/* A part of a region as a part of a file that can be mapped. */
struct device_file {
	int fd;
	uint64_t offset;
};

/* Finds it, or says why it cannot be mapped. */
typedef int device_locate(void *context, unsigned int index, uint64_t offset, size_t length, struct device_file *out);

struct barspan_device {
	struct barspan_device_ops ops;
	void *context;
	device_locate *locate;	/* NULL: ops.map maps */
	bool marks_mappings;	/* its driver leaves mappings out of core dumps */
	bool calls_back;	/* accesses may run the caller's code */
	unsigned int references;	/* atomic */
	bool has_config;	/* region 7 is a PCI configuration space */
	bool msix_known;	/* `msix` was read once and for all */
	struct msix_table msix;
	int fd, iommu_fd;	/* -1: none */
	uint32_t ioas_id;
	int owned[3];		/* descriptors to close with the device; -1: none */
	char name[32];
	struct barspan_device *next_shared;	/* see shared-device.h */
	void (*before_close)(struct barspan_device *device);	/* NULL: nothing is to be done */
};

/* Makes a device of one reference; -ENOMEM. `ops` is complete. */
int device_create(struct barspan_device **out, const struct barspan_device_ops *ops, void *context, const char *name);

void device_hold(struct barspan_device *device);

/* The same for a device that another thread may be closing: false, if it is too late. */
bool device_hold_again(struct barspan_device *device);

/* Maps a part of a region over a range that is ours. After a failure it may be unmapped. */
int device_map_at(struct barspan_device *device, unsigned int index, uint64_t offset, size_t length, int prot,
		  void *address);

/* Maps it at an address of the kernel's choice; on failure nothing is left. For devices that `locate`. */
int device_map_anywhere(struct barspan_device *device, unsigned int index, uint64_t offset, size_t length, int prot,
			uint8_t **out);

/* A transport's result, of which anything but 0 and a negative errno value is a mistake. */
static inline int device_checked(int r)
{
	return r > 0 ? -EPROTO : r;
}

/* Accesses by the caller's code: not a cancellation point, and errno stays. */
int device_read_back(struct barspan_device *device, unsigned int index, uint64_t offset, void *buffer, size_t length);
int device_write_back(struct barspan_device *device, unsigned int index, uint64_t offset, const void *buffer,
		      size_t length);

/*
 * As barspan_device_read() and barspan_device_write(). Inline: where the kernel flushes the return-address predictor,
 * every return after a system call mispredicts.
 */
static inline int device_read(struct barspan_device *device, unsigned int index, uint64_t offset, void *buffer,
			      size_t length)
{
	if (device->calls_back)
		return device_read_back(device, index, offset, buffer, length);
	return device_checked(device->ops.read(device->context, index, offset, buffer, length));
}

static inline int device_write(struct barspan_device *device, unsigned int index, uint64_t offset, const void *buffer,
			       size_t length)
{
	if (device->calls_back)
		return device_write_back(device, index, offset, buffer, length);
	return device_checked(device->ops.write(device->context, index, offset, buffer, length));
}

/* Where the MSI-X table is; length 0 where there is none or nobody says. */
int device_msix(struct barspan_device *device, struct msix_table *out);

/* 0 where [offset, offset + length) of a region may be accessed with what `flag` (BARSPAN_REGION_READ or _WRITE) says.
 */
int device_check_access(const struct barspan_region *region, uint32_t flag, uint64_t offset, size_t length);

enum vfio_file {
	VFIO_FILE_OTHER,	/* not a VFIO device, or not open */
	VFIO_FILE_DEVICE,
	VFIO_FILE_ANONYMOUS,	/* an anonymous inode, and no /proc that names it */
	VFIO_FILE_UNKNOWN,	/* fstat() fails */
};

/* What a descriptor is of, by its type, device number and links, without asking its driver. */
enum vfio_file vfio_classify(int fd);

/* Whether a descriptor is a VFIO device's. One system call for regular files, directories, pipes and sockets; no
 * request that a driver of another kind of file would act on. */
bool vfio_is_device(int fd);

/* The region, and the offset in it, that an offset in a VFIO device's file is of. -EINVAL: of none. */
int vfio_find_region(struct barspan_device *device, uint64_t file_offset, unsigned int *index, uint64_t *offset);

/* As barspan_device_region(), without asking the kernel again if it has described the region before. */
int vfio_recall_region(struct barspan_device *device, unsigned int index, struct barspan_region *out);

/* As barspan_device_open_vfio(), under another name than "vfio fd N". */
int vfio_open(struct barspan_device **out, int fd, const char *name);

#endif
