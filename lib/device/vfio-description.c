/* SPDX-License-Identifier: BSD-3-Clause */
#include "device/vfio-description.h"

#include <errno.h>
#include <inttypes.h>
#include <linux/vfio.h>
#include <string.h>

#include "layout/capability.h"
#include "util/fork.h"
#include "util/log.h"
#include "util/sys.h"

enum {
	FIRST_INFO = 4096, /* bytes; enough for about 250 areas */
	MAX_INFO = 64 << 20,
	MAX_ROUNDS = 8,
	MAX_DESCRIPTIONS = 64, /* different ones, of one region */
};

/* taken to modify any vfio_known */
static pthread_mutex_t description_lock = PTHREAD_MUTEX_INITIALIZER;

PROTECT_ACROSS_FORK(description_lock, 101);

/* Asks the kernel to describe a region, with a buffer as large as the kernel
 * requests. The caller frees *out. */
static int request_info(const struct vfio *vfio, unsigned int index, struct vfio_region_info **out,
			size_t *length)
{
	struct vfio_region_info *info = NULL, *grown;
	size_t size = FIRST_INFO;
	int r;

	for (int round = 0; round < MAX_ROUNDS; round++) {
		grown = sys_realloc(info, size);
		if (!grown) {
			r = -ENOMEM;
			goto err_free_info;
		}
		info = grown;
		memset(info, 0, size);
		info->argsz = (uint32_t)size;
		info->index = index;
		r = sys_ioctl(vfio->fd, VFIO_DEVICE_GET_REGION_INFO, info);
		if (r < 0)
			goto err_free_info;
		if (info->argsz <= size) {
			*out = info;
			*length = info->argsz;
			return 0;
		}
		if (info->argsz > MAX_INFO)
			break;
		size = info->argsz;
	}
	if (info->argsz > MAX_INFO)
		log_error("%s region %u: description of %" PRIu32 " bytes, expected at most %d",
			  vfio->name, index, info->argsz, MAX_INFO);
	else
		log_error("%s region %u: description still grows after %d requests, to %" PRIu32
			  " bytes",
			  vfio->name, index, MAX_ROUNDS, info->argsz);
	r = -EPROTO;
err_free_info:
	sys_free(info);
	return r;
}

/* Converts the kernel's answer to a description. */
static int make_description(const struct vfio *vfio, unsigned int index,
			    const struct vfio_region_info *info, size_t length,
			    struct vfio_description **out)
{
	struct capabilities found = { 0 };
	struct vfio_description *made;
	size_t bad = 0;
	int r = 0;

	if (length < sizeof(*info)) {
		log_error("%s region %u: description of %zu bytes, expected at least %zu",
			  vfio->name, index, length, sizeof(*info));
		return -EPROTO;
	}
	if (info->flags & VFIO_REGION_INFO_FLAG_CAPS)
		r = capabilities_parse(&found, info, length, info->cap_offset, &bad);
	if (r) {
		log_error("%s region %u: malformed capability at offset %zu of %zu bytes: %s",
			  vfio->name, index, bad, length, found.cause);
		return r;
	}
	if (found.n_areas > BARSPAN_MAX_AREAS) {
		log_error("%s region %u: %" PRIu32 " areas, expected at most %u", vfio->name, index,
			  found.n_areas, BARSPAN_MAX_AREAS);
		return -EPROTO;
	}
	if (info->offset > INT64_MAX || info->size > INT64_MAX - info->offset) {
		log_error("%s region %u: size 0x%" PRIx64 " at file offset 0x%" PRIx64
			  " exceeds the largest file offset",
			  vfio->name, index, (uint64_t)info->size, (uint64_t)info->offset);
		return -EPROTO;
	}

	made = sys_calloc(1, sizeof(*made) + found.n_areas * sizeof(made->areas[0]));
	if (!made)
		return -ENOMEM;
	made->fd_offset = info->offset;
	made->region.size = info->size;
	made->region.flags =
		(info->flags & VFIO_REGION_INFO_FLAG_READ ? BARSPAN_REGION_READ : 0) |
		(info->flags & VFIO_REGION_INFO_FLAG_WRITE ? BARSPAN_REGION_WRITE : 0) |
		(info->flags & VFIO_REGION_INFO_FLAG_MMAP ? BARSPAN_REGION_MMAP : 0) |
		(found.sparse ? BARSPAN_REGION_SPARSE : 0) |
		(found.msix_mappable ? BARSPAN_REGION_MSIX_MAPPABLE : 0);
	made->region.n_areas = found.n_areas;
	for (uint32_t i = 0; i < found.n_areas; i++)
		made->areas[i] = capabilities_area(&found, info, i);
	*out = made;
	return 0;
}

static bool descriptions_equal(const struct vfio_description *a, const struct vfio_description *b)
{
	return a->fd_offset == b->fd_offset && a->region.size == b->region.size &&
	       a->region.flags == b->region.flags && a->region.n_areas == b->region.n_areas &&
	       !memcmp(a->areas, b->areas, a->region.n_areas * sizeof(a->areas[0]));
}

/* Stores a description, or frees it if an equal one is stored, and returns the
 * stored one. A description of size 0 is returned to callers that ask for one,
 * but accesses do not use it: vfio-pci reports size 0 for a ROM that it cannot
 * read at the moment, and existing spans of the region must keep working. */
static int keep_description(struct vfio *vfio, unsigned int index, struct vfio_description *made,
			    const struct vfio_description **out)
{
	struct vfio_known *known = &vfio->regions[index];
	struct vfio_description *equal;
	int r = 0;

	pthread_mutex_lock(&description_lock);
	for (equal = known->all; equal && !descriptions_equal(equal, made);)
		equal = equal->older;
	if (equal) {
		sys_free(made);
		made = equal;
	} else if (known->n == MAX_DESCRIPTIONS) {
		sys_free(made);
		r = -EPROTO;
	} else {
		made->region.areas = made->areas;
		made->older = known->all;
		__atomic_store_n(&known->all, made, __ATOMIC_RELEASE);
		known->n++;
	}
	if (!r && made->region.size)
		__atomic_store_n(&known->current, made, __ATOMIC_RELEASE);
	pthread_mutex_unlock(&description_lock);
	if (r)
		log_error("%s region %u: more than %d different descriptions", vfio->name, index,
			  MAX_DESCRIPTIONS);
	else
		*out = made;
	return r;
}

int vfio_refresh_description(struct vfio *vfio, unsigned int index,
			     const struct vfio_description **out)
{
	struct vfio_region_info *info;
	struct vfio_description *made;
	size_t length;
	int r;

	if (index >= vfio->n_regions)
		return -ENOENT;
	r = request_info(vfio, index, &info, &length);
	if (r)
		return r;
	r = make_description(vfio, index, info, length, &made);
	sys_free(info);
	return r ? r : keep_description(vfio, index, made, out);
}

int vfio_recall_description(struct vfio *vfio, unsigned int index,
			    const struct vfio_description **out)
{
	if (index >= vfio->n_regions)
		return -ENOENT;
	*out = __atomic_load_n(&vfio->regions[index].current, __ATOMIC_ACQUIRE);
	return *out ? 0 : vfio_refresh_description(vfio, index, out);
}

void vfio_free_descriptions(struct vfio *vfio)
{
	struct vfio_description *older;

	for (uint32_t i = 0; i < vfio->n_regions; i++)
		for (struct vfio_description *description = vfio->regions[i].all; description;
		     description = older) {
			older = description->older;
			sys_free(description);
		}
}
