/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Takes the sparse capability out of an answer to VFIO_DEVICE_GET_REGION_INFO.
 * Pure: it reads and writes a buffer, and no byte outside of it.
 *
 * Format: struct vfio_region_info, struct vfio_info_cap_header, <linux/vfio.h>.
 */
#ifndef PRELOAD_HIDE_H
#define PRELOAD_HIDE_H

#include <stdbool.h>
#include <stddef.h>

/* Unlinks each VFIO_REGION_INFO_CAP_SPARSE_MMAP of version 1 from the chain of
 * an answer that is in `capacity` bytes, aligned as the structure. Other
 * capabilities stay at their offsets. If none is left,
 * VFIO_REGION_INFO_FLAG_CAPS and cap_offset are cleared. Returns whether
 * anything was changed: a chain that leaves the buffer or has no end is left as
 * it is. */
bool hide_sparse(void *answer, size_t capacity);

#endif
