/* SPDX-License-Identifier: BSD-3-Clause */
/* Internal interface of VFIO devices. */
#ifndef DEVICE_VFIO_H
#define DEVICE_VFIO_H

#include <stdbool.h>

#include <barspan/device.h>

enum vfio_file {
	VFIO_FILE_OTHER, /* not a VFIO device, or not open */
	VFIO_FILE_DEVICE,
	VFIO_FILE_ANONYMOUS, /* an anonymous inode, and /proc does not name it */
	VFIO_FILE_UNKNOWN,   /* fstat() failed */
};

/* Classifies a descriptor by its file type, device number and links, without
 * calling its driver. */
enum vfio_file vfio_classify(int fd);

/* Whether a descriptor is a VFIO device's. Takes one system call for regular
 * files, directories, pipes and sockets. Makes no request on which another kind
 * of driver would act. */
bool vfio_is_device(int fd);

/* Finds the region, and the offset in it, at an offset in a VFIO device's file.
 * -EINVAL: no region is there. */
int vfio_find_region(struct barspan_device *device, uint64_t file_offset, unsigned int *index,
		     uint64_t *offset);

/* As barspan_device_region(), but does not ask the kernel again about a region
 * that it has described before. */
int vfio_recall_region(struct barspan_device *device, unsigned int index,
		       struct barspan_region *out);

/* As barspan_device_open_vfio(), with a name other than "vfio fd N". */
int vfio_open(struct barspan_device **out, int fd, const char *name);

#endif
