/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef VFIO_NAME_H
#define VFIO_NAME_H

enum { VFIO_NAME_LENGTH = 32 };

/* For mapping calls, whose caller gives no more than a descriptor. The name of
 * a VFIO descriptor's device: its PCI address if the kernel shows it for the
 * descriptor, or if barspan_name_descriptor_() was told; else "vfio fd N". */
void vfio_find_name(char out[VFIO_NAME_LENGTH], int fd);

/* For code that stands in for ioctl(2): the descriptor `fd` is the one that
 * VFIO_GROUP_GET_DEVICE_FD gave for the device `name`. barspan_mmap() calls its
 * device so if the kernel does not show the address. Not for handlers. */
__attribute__((visibility("default"))) void barspan_name_descriptor_(int fd, const char *name);

#endif
