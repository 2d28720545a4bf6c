/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Parses the capability chain of a VFIO region description. Pure: it reads the
 * buffer and nothing outside of it.
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
	size_t areas_at;   /* offset of the areas in the buffer */
	const char *cause; /* why parsing failed */
};

/* Walks the chain that begins at offset `first` of the `length` bytes at
 * `buffer`. Unknown capabilities and versions are skipped.
 * -EPROTO: a header, a capability or its areas are outside the buffer, the
 * chain has a loop, or it has two sparse capabilities. *bad is then the offset
 * of the offending capability, and out->cause describes the error. */
int capabilities_parse(struct capabilities *out, const void *buffer, size_t length, uint32_t first,
		       size_t *bad);

/* The i-th of the areas found. */
struct barspan_range capabilities_area(const struct capabilities *found, const void *buffer,
				       uint32_t i);

#endif
