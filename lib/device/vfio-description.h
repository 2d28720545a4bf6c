/* SPDX-License-Identifier: BSD-3-Clause */
/* The kernel's descriptions of the regions of a VFIO device. Source:
 * <linux/vfio.h>. */
#ifndef VFIO_DESCRIPTION_H
#define VFIO_DESCRIPTION_H

#include <stdint.h>

#include "device/device.h"

/* One description of a region. It is kept until the device is freed, since
 * callers use its areas and accesses use its file offset. */
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
		/* atomic; newest first, no two equal */
		struct vfio_description *all;
		/* atomic; the newest with a size; NULL: none */
		struct vfio_description *current;
		unsigned int n;
	} regions[];
};

/*
 * Asks the kernel to describe a region.
 * -ENOENT: no such region; -EPROTO: the answer is malformed, or the region has
 * had too many different descriptions; -ENOMEM; or the error of the ioctl.
 */
int vfio_refresh_description(struct vfio *vfio, unsigned int index,
			     const struct vfio_description **out);

/*
 * Returns the newest description that has a size. Makes a system call only if
 * there is none. Errors as above.
 */
int vfio_recall_description(struct vfio *vfio, unsigned int index,
			    const struct vfio_description **out);

/* Called when the device is freed. */
void vfio_free_descriptions(struct vfio *vfio);

#endif
