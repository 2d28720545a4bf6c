/* SPDX-License-Identifier: BSD-3-Clause */
#include "preload/hide.h"

#include <linux/vfio.h>
#include <stdint.h>
#include <string.h>

#define NEXT offsetof(struct vfio_info_cap_header, next)

static uint32_t get_word(const uint8_t *bytes, size_t at)
{
	uint32_t word;

	memcpy(&word, bytes + at, sizeof(word));
	return word;
}

static bool get_header(struct vfio_info_cap_header *out, const uint8_t *bytes, size_t capacity,
		       size_t at)
{
	if (at < sizeof(struct vfio_region_info) || at > capacity || capacity - at < sizeof(*out))
		return false;
	memcpy(out, bytes + at, sizeof(*out));
	return true;
}

static bool is_sparse(const struct vfio_info_cap_header *header)
{
	return header->id == VFIO_REGION_INFO_CAP_SPARSE_MMAP && header->version == 1;
}

/* Whether the chain is well-formed and has a sparse capability. */
static bool has_sparse(const uint8_t *bytes, size_t capacity, size_t at)
{
	struct vfio_info_cap_header header;
	size_t most = capacity / sizeof(header);
	bool found = false;

	for (; at; at = header.next) {
		if (!most-- || !get_header(&header, bytes, capacity, at))
			return false;
		found |= is_sparse(&header);
	}
	return found;
}

bool hide_sparse(void *answer, size_t capacity)
{
	struct vfio_region_info *info = answer;
	struct vfio_info_cap_header header;
	size_t link = offsetof(struct vfio_region_info, cap_offset),
	       most = capacity / sizeof(header);
	uint8_t *bytes = answer;

	if (capacity < sizeof(*info) || !(info->flags & VFIO_REGION_INFO_FLAG_CAPS) ||
	    !has_sparse(bytes, capacity, info->cap_offset))
		return false;
	/* Headers may overlap, so writing a link may change another one. The
	 * bounds are therefore checked again. */
	for (size_t at = info->cap_offset; at && most-- && get_header(&header, bytes, capacity, at);
	     at = header.next) {
		if (is_sparse(&header))
			memcpy(bytes + link, &header.next, sizeof(header.next));
		else
			link = at + NEXT;
	}
	if (!get_word(bytes, offsetof(struct vfio_region_info, cap_offset)))
		info->flags &= ~(uint32_t)VFIO_REGION_INFO_FLAG_CAPS;
	return true;
}
