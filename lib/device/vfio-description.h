/* SPDX-License-Identifier: BSD-3-Clause */
/* The kernel's descriptions of a VFIO device's regions. Source:
 * <linux/vfio.h>. */
#ifndef VFIO_DESCRIPTION_H
#define VFIO_DESCRIPTION_H

#include <stdint.h>

#include "device/device.h"

/* One description of a region. Kept until the device is gone, since callers
 * hold its areas and readers its offset. */
struct vfio_description {
	struct vfio_description *older;
	uint64_t fd_offset;
	struct barspan_region region;
	struct barspan_range areas[];
};

struct vfio {
	int fd;
	uint32_t n_regions;
	char name[sizeof(((struct barspan_device *)0)->name)];
	struct vfio_known {
		/* atomic; grows at its head, and no two are equal */
		struct vfio_description *all;
		/* atomic; the newest that had a size; NULL: none had */
		struct vfio_description *current;
		unsigned int n;
	} regions[];
};

/*
 * Asks the kernel for a region's description. -ENOENT: no such region; -EPROTO:
 * the answer is invalid, or one of too many that differ; -ENOMEM; or the
 * ioctl's error.
 */
int vfio_refresh_description(struct vfio *vfio, unsigned int index,
			     const struct vfio_description **out);

/*
 * The newest description that has a size, without a system call once there is
 * one. Errors as above.
 */
int vfio_recall_description(struct vfio *vfio, unsigned int index,
			    const struct vfio_description **out);

/* Before the device is freed. */
void vfio_free_descriptions(struct vfio *vfio);

#endif
