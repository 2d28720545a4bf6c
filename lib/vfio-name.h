/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef VFIO_NAME_H
#define VFIO_NAME_H

enum { VFIO_NAME_LENGTH = 32 };

/* For mapping calls, whose caller gives no more than a descriptor. The name of
 * a VFIO descriptor's device: its PCI address if the kernel shows it for the
 * descriptor, or if barspan_name_descriptor_() was told; else "vfio fd N". */
void vfio_find_name(char out[VFIO_NAME_LENGTH], int fd);

#endif
