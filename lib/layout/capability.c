/* SPDX-License-Identifier: BSD-3-Clause */
#include "layout/capability.h"

#include <errno.h>
#include <linux/vfio.h>
#include <string.h>

#define SPARSE_AREAS offsetof(struct vfio_region_info_cap_sparse_mmap, areas)

static int reject_chain(struct capabilities *out, const char *cause)
{
	out->cause = cause;
	return -EPROTO;
}

static int parse_sparse(struct capabilities *out, const uint8_t *capability, size_t left, size_t at)
{
	struct vfio_region_info_cap_sparse_mmap sparse;

	if (out->sparse)
		return reject_chain(out, "second sparse capability");
	if (left < SPARSE_AREAS)
		return reject_chain(out, "sparse capability exceeds the answer");
	memcpy(&sparse, capability, SPARSE_AREAS);
	if (sparse.nr_areas > (left - SPARSE_AREAS) / sizeof(struct vfio_region_sparse_mmap_area))
		return reject_chain(out, "areas exceed the answer");

	out->sparse = true;
	out->n_areas = sparse.nr_areas;
	out->areas_at = at + SPARSE_AREAS;
	return 0;
}

int capabilities_parse(struct capabilities *out, const void *buffer, size_t length, uint32_t first,
		       size_t *bad)
{
	const uint8_t *bytes = buffer;
	struct vfio_info_cap_header header;
	size_t most = length / sizeof(header);

	memset(out, 0, sizeof(*out));
	for (size_t at = first; at; at = header.next) {
		*bad = at;
		/* A chain of more headers than fit into the buffer has a
		 * loop. */
		if (!most--)
			return reject_chain(out, "chain has a loop");
		if (at < sizeof(struct vfio_region_info) || at > length ||
		    length - at < sizeof(header))
			return reject_chain(out, "header outside of the answer");
		memcpy(&header, bytes + at, sizeof(header));

		if (header.id == VFIO_REGION_INFO_CAP_SPARSE_MMAP && header.version == 1) {
			int r = parse_sparse(out, bytes + at, length - at, at);

			if (r)
				return r;
		}
		if (header.id == VFIO_REGION_INFO_CAP_MSIX_MAPPABLE && header.version == 1)
			out->msix_mappable = true;
	}
	return 0;
}

struct barspan_range capabilities_area(const struct capabilities *found, const void *buffer,
				       uint32_t i)
{
	struct vfio_region_sparse_mmap_area area;

	memcpy(&area, (const uint8_t *)buffer + found->areas_at + i * sizeof(area), sizeof(area));
	return (struct barspan_range){ area.offset, area.size };
}
