/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The capability chain of a VFIO region-info answer. Pure: it reads a buffer,
 * and no byte outside of it.
 *
 * Format: struct vfio_info_cap_header and VFIO_REGION_INFO_CAP_*,
 * <linux/vfio.h>.
 */
#ifndef CAPABILITY_H
#define CAPABILITY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <barspan/device.h>

struct capabilities {
	bool sparse;
	bool msix_mappable;
	uint32_t n_areas;
	size_t areas_at; /* where in the buffer the areas begin */
};

/* Walks the chain that begins at byte `first` of the `length` bytes at
 * `buffer`. Capabilities and versions that it does not know are skipped.
 * -EPROTO: something is not inside the buffer, the chain has no end, or says
 * sparse twice; then
 * *bad is the offset of the capability that is at fault. */
int capabilities_parse(struct capabilities *out, const void *buffer, size_t length, uint32_t first,
		       size_t *bad);

/* The i-th area of those that were found. */
struct barspan_range capabilities_area(const struct capabilities *found, const void *buffer,
				       uint32_t i);

#endif
