/* SPDX-License-Identifier: BSD-3-Clause */
/* VFIO devices of barspan_mmap(): one for each open file, however often it is mapped. */
#ifndef SHARED_DEVICE_H
#define SHARED_DEVICE_H

struct barspan_device;

/*
 * The device behind a VFIO descriptor, on a descriptor of its own, since the caller's may be closed. It is shared by all
 * calls for the same open file, if the kernel can tell, and gone with the last barspan_device_close().
 */
int shared_device_open(struct barspan_device **out, int fd);

#endif
