/* SPDX-License-Identifier: BSD-3-Clause */
/* VFIO devices for callers inside the library. */
#ifndef DEVICE_VFIO_H
#define DEVICE_VFIO_H

#include <stdbool.h>

#include <barspan/device.h>

enum vfio_file {
	VFIO_FILE_OTHER, /* not a VFIO device, or not open */
	VFIO_FILE_DEVICE,
	VFIO_FILE_ANONYMOUS, /* an anonymous inode, and no /proc that names it */
	VFIO_FILE_UNKNOWN,   /* fstat() fails */
};

/* What a descriptor is of, by its type, device number and links, without asking
 * its driver. */
enum vfio_file vfio_classify(int fd);

/* Whether a descriptor is a VFIO device's. One system call for regular files,
 * directories, pipes and sockets; no request that a driver of another kind of
 * file would act on. */
bool vfio_is_device(int fd);

/* The region, and the offset in it, that an offset in a VFIO device's file is
 * of. -EINVAL: of none. */
int vfio_find_region(struct barspan_device *device, uint64_t file_offset, unsigned int *index,
		     uint64_t *offset);

/* As barspan_device_region(), without asking the kernel again if it has
 * described the region before. */
int vfio_recall_region(struct barspan_device *device, unsigned int index,
		       struct barspan_region *out);

/* As barspan_device_open_vfio(), under another name than "vfio fd N". */
int vfio_open(struct barspan_device **out, int fd, const char *name);

#endif
