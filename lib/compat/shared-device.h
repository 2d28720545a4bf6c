/* SPDX-License-Identifier: BSD-3-Clause */
/* VFIO devices of barspan_mmap(): one for each open file, however often it is
 * mapped. */
#ifndef SHARED_DEVICE_H
#define SHARED_DEVICE_H

#include <stdbool.h>

struct barspan_device;

/* Whether the descriptor's open file is that of a device here, thus VFIO's. */
bool shared_device_knows(int fd);

/*
 * The device behind a VFIO descriptor, on a descriptor of its own, since the
 * caller's may be closed. It is shared by all calls for the same open file, if
 * the kernel can tell, and gone with the last barspan_device_close().
 */
int shared_device_open(struct barspan_device **out, int fd);

#endif
