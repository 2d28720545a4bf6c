/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef VFIO_NAME_H
#define VFIO_NAME_H

enum { VFIO_NAME_LENGTH = 32 };

/* Finds a name for the device of a VFIO descriptor, for mapping calls that get
 * only the descriptor: the PCI address if the kernel shows it or
 * barspan_name_descriptor_() has recorded it, else "vfio fd N". */
void vfio_find_name(char out[VFIO_NAME_LENGTH], int fd);

/* For code that interposes ioctl(2): records that VFIO_GROUP_GET_DEVICE_FD
 * returned `fd` for the device `name`. barspan_mmap() uses the name if the
 * kernel does not show the address. Not for signal handlers. */
__attribute__((visibility("default"))) void barspan_name_descriptor_(int fd, const char *name);

#endif
