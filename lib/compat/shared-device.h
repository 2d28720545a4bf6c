/* SPDX-License-Identifier: BSD-3-Clause */
/* The VFIO devices of barspan_mmap(): one for each open file description. */
#ifndef SHARED_DEVICE_H
#define SHARED_DEVICE_H

#include <stdbool.h>

struct barspan_device;

/* Whether a descriptor refers to the same open file description as a device
 * here, and so is a VFIO device's. */
bool shared_device_knows(int fd);

/*
 * Returns the device for a VFIO descriptor. The device has a duplicate of the
 * descriptor, since the caller may close its own. All calls for the same open
 * file description share one device if the kernel can compare them. The last
 * barspan_device_close() frees it.
 */
int shared_device_open(struct barspan_device **out, int fd);

#endif
