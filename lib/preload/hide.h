/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Removes the sparse capability from the result of VFIO_DEVICE_GET_REGION_INFO.
 * Pure: it accesses the buffer and nothing outside of it.
 *
 * Format: struct vfio_region_info, struct vfio_info_cap_header, <linux/vfio.h>.
 */
#ifndef PRELOAD_HIDE_H
#define PRELOAD_HIDE_H

#include <stdbool.h>
#include <stddef.h>

/* Unlinks every VFIO_REGION_INFO_CAP_SPARSE_MMAP of version 1 from the chain of
 * a region description in `capacity` bytes, which must be aligned as the struct
 * is. Other capabilities keep their offsets. If no capability is left,
 * VFIO_REGION_INFO_FLAG_CAPS and cap_offset are cleared. A chain that leaves
 * the buffer or has a loop is not changed. Returns whether anything was
 * changed. */
bool hide_sparse(void *answer, size_t capacity);

#endif
