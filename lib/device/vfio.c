/* SPDX-License-Identifier: BSD-3-Clause */
/* A device behind a VFIO device descriptor. Source: <linux/vfio.h>. */
#include <errno.h>
#include <inttypes.h>
#include <linux/vfio.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "layout/capability.h"
#include "device/device.h"
#include "device/vfio.h"
#include "util/fork.h"
#include "util/log.h"
#include "util/operation.h"
#include "util/sys.h"

enum {
	FIRST_INFO = 4096,	/* bytes; holds a region with some 250 areas */
	MAX_INFO = 64 << 20,
	MAX_ROUNDS = 8,
	MAX_REGIONS = 65536,
	MAX_DESCRIPTIONS = 64,	/* of a region, that differ */
};

/* One description of a region. Kept until the device is gone, since callers hold its areas and readers its offset. */
struct description {
	struct description *older;
	uint64_t fd_offset;
	struct barspan_region region;
	struct barspan_range areas[];
};

struct vfio {
	int fd;
	uint32_t n_regions;
	char name[sizeof(((struct barspan_device *)0)->name)];
	struct known {
		struct description *all;	/* atomic; grows at its head, and no two are equal */
		struct description *current;	/* atomic; the newest that had a size; NULL: none had */
		unsigned int n;
	} regions[];
};

static pthread_mutex_t description_lock = PTHREAD_MUTEX_INITIALIZER;	/* for writers of all `known` */

PROTECT_ACROSS_FORK(description_lock, 101);

/* Asks for a region's description, with a buffer as large as the kernel wants it. The caller frees *out. */
static int request_info(const struct vfio *vfio, unsigned int index, struct vfio_region_info **out, size_t *length)
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
	log_error("%s region %u: the kernel wants %" PRIu32 " bytes for its description", vfio->name, index,
		  info->argsz);
	r = -EPROTO;
err_free_info:
	sys_free(info);
	return r;
}

/* Turns the kernel's answer into a description of its own. */
static int make_description(const struct vfio *vfio, unsigned int index, const struct vfio_region_info *info, size_t length,
			    struct description **out)
{
	struct capabilities found = { 0 };
	struct description *made;
	size_t bad = 0;
	int r = 0;

	if (length < sizeof(*info))
		r = -EPROTO;
	else if (info->flags & VFIO_REGION_INFO_FLAG_CAPS)
		r = capabilities_parse(&found, info, length, info->cap_offset, &bad);
	if (r) {
		log_error(
			"%s region %u: the kernel's description makes no sense: capability at offset %zu of %zu bytes",
			vfio->name, index, bad, length);
		return r;
	}
	if (found.n_areas > BARSPAN_MAX_AREAS) {
		log_error("%s region %u: %" PRIu32 " areas, at most %u are possible", vfio->name, index, found.n_areas,
			  BARSPAN_MAX_AREAS);
		return -EPROTO;
	}
	if (info->offset > INT64_MAX || info->size > INT64_MAX - info->offset) {
		log_error("%s region %u: size 0x%" PRIx64 " at file offset 0x%" PRIx64 " is past what a file can have",
			  vfio->name, index, (uint64_t)info->size, (uint64_t)info->offset);
		return -EPROTO;
	}

	made = sys_calloc(1, sizeof(*made) + found.n_areas * sizeof(made->areas[0]));
	if (!made)
		return -ENOMEM;
	made->fd_offset = info->offset;
	made->region.size = info->size;
	made->region.flags = (info->flags & VFIO_REGION_INFO_FLAG_READ ? BARSPAN_REGION_READ : 0) |
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

static bool descriptions_equal(const struct description *a, const struct description *b)
{
	return a->fd_offset == b->fd_offset && a->region.size == b->region.size && a->region.flags == b->region.flags &&
	       a->region.n_areas == b->region.n_areas &&
	       !memcmp(a->areas, b->areas, a->region.n_areas * sizeof(a->areas[0]));
}

/* Keeps a description, or frees it if an equal one is known, and returns the one that is kept. A description of size 0
 * is an answer to callers that ask, but accesses do not go by it: vfio-pci gives one of a ROM that it cannot read at
 * that moment, and the spans of the region live on. */
static int keep_description(struct vfio *vfio, unsigned int index, struct description *made, const struct description **out)
{
	struct known *known = &vfio->regions[index];
	struct description *equal;
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
		log_error("%s region %u: more than %d different descriptions", vfio->name, index, MAX_DESCRIPTIONS);
	else
		*out = made;
	return r;
}

static int refresh_description(struct vfio *vfio, unsigned int index, const struct description **out)
{
	struct vfio_region_info *info;
	struct description *made;
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

/* The newest description that has a size, without a system call once there is one. */
static int recall_description(struct vfio *vfio, unsigned int index, const struct description **out)
{
	if (index >= vfio->n_regions)
		return -ENOENT;
	*out = __atomic_load_n(&vfio->regions[index].current, __ATOMIC_ACQUIRE);
	return *out ? 0 : refresh_description(vfio, index, out);
}

/* Finds the place of an access in the device's file. A span may go by an older description than the newest, thus every
 * one that is known may allow the access; the kernel checks it once more. */
static int find_place(struct vfio *vfio, unsigned int index, uint32_t flag, uint64_t offset, size_t length,
		      uint64_t *place)
{
	const struct description *description, *older;
	int r = recall_description(vfio, index, &description);

	if (r)
		return r;
	r = device_check_access(&description->region, flag, offset, length);
	if (r)
		for (older = __atomic_load_n(&vfio->regions[index].all, __ATOMIC_ACQUIRE); r && older;
		     older = older->older)
			if (!device_check_access(&older->region, flag, offset, length)) {
				description = older;
				r = 0;
			}
	*place = description->fd_offset + offset;
	return r;
}

static int vfio_region(void *context, unsigned int index, struct barspan_region *out)
{
	const struct description *description;
	int r = refresh_description(context, index, &description);

	if (!r)
		*out = description->region;
	return r;
}

static int vfio_locate(void *context, unsigned int index, uint64_t offset, size_t length, struct device_file *out)
{
	const struct description *description;
	struct vfio *vfio = context;
	int r = recall_description(vfio, index, &description);

	(void)length;
	if (!r)
		*out = (struct device_file){ vfio->fd, description->fd_offset + offset };
	return r;
}

static int vfio_read(void *context, unsigned int index, uint64_t offset, void *buffer, size_t length)
{
	struct vfio *vfio = context;
	uint64_t place;
	int r = find_place(vfio, index, BARSPAN_REGION_READ, offset, length, &place);

	return r ? r : sys_pread(vfio->fd, buffer, length, place);
}

static int vfio_write(void *context, unsigned int index, uint64_t offset, const void *buffer, size_t length)
{
	struct vfio *vfio = context;
	uint64_t place;
	int r = find_place(vfio, index, BARSPAN_REGION_WRITE, offset, length, &place);

	return r ? r : sys_pwrite(vfio->fd, buffer, length, place);
}

static void vfio_close(void *context)
{
	struct vfio *vfio = context;
	struct description *older;

	for (uint32_t i = 0; i < vfio->n_regions; i++)
		for (struct description *description = vfio->regions[i].all; description; description = older) {
			older = description->older;
			sys_free(description);
		}
	sys_free(vfio);
}

/* Reads, of a PCI device, where its MSI-X table is. */
static int read_msix(struct barspan_device *device)
{
	struct barspan_region config;
	int r = barspan_device_region(device, BARSPAN_CONFIG, &config);

	if (r)
		return r;
	device->has_config = config.size && config.flags & BARSPAN_REGION_READ;
	r = device_msix(device, &device->msix);
	device->msix_known = true;
	return r;
}

/* What a refusal of the first ioctl means. Drivers of other files refuse it with errors of all kinds: tun with EBADFD,
 * loop-control with ENOSYS, vhost with EPERM. So the kind of file decides, and the error only if that is not known. */
static int explain_refusal(int fd, int r, const char **why)
{
	enum vfio_file file = r == -EBADF ? VFIO_FILE_OTHER : vfio_classify(fd);

	*why = "not a VFIO device";
	if (r == -EBADF)
		return r;
	if (file == VFIO_FILE_DEVICE) {
		*why = r == -EINVAL ? "not bound to an iommufd" : "VFIO_DEVICE_GET_INFO";
		return r;
	}
	if (file == VFIO_FILE_OTHER)
		return -ENOTTY;
	switch (r) {
	case -EINVAL:
	case -EPERM:
	case -EBADFD:
	case -ENOSYS:
	case -EOPNOTSUPP:
		return -ENOTTY;
	default:
		return r;
	}
}

int vfio_open(struct barspan_device **out, int fd, const char *name)
{
	static const struct barspan_device_ops ops = {
		.size = sizeof(ops),
		.region = vfio_region,
		.read = vfio_read,
		.write = vfio_write,
		.close = vfio_close,
	};
	struct vfio_device_info info = { .argsz = sizeof(info) };
	struct barspan_device *device;
	struct vfio *vfio;
	const char *why;
	int r = sys_ioctl(fd, VFIO_DEVICE_GET_INFO, &info);

	if (r < 0) {
		r = explain_refusal(fd, r, &why);
		log_error("%s: %s: %s", name, why, log_error_name(r));
		return r;
	}
	if (info.num_regions > MAX_REGIONS) {
		log_error("%s: the kernel says it has %" PRIu32 " regions", name, info.num_regions);
		return -EPROTO;
	}
	vfio = sys_calloc(1, sizeof(*vfio) + info.num_regions * sizeof(vfio->regions[0]));
	if (!vfio)
		return -ENOMEM;
	vfio->fd = fd;
	vfio->n_regions = info.num_regions;
	snprintf(vfio->name, sizeof(vfio->name), "%s", name);

	r = device_create(&device, &ops, vfio, name);
	if (r) {
		vfio_close(vfio);
		return r;
	}
	device->fd = fd;
	device->locate = vfio_locate;
	device->marks_mappings = true;
	if (info.flags & VFIO_DEVICE_FLAGS_PCI && info.num_regions > BARSPAN_CONFIG)
		r = read_msix(device);
	if (r) {
		barspan_device_close(device);
		return r;
	}
	*out = device;
	return 0;
}

static bool has_place(const struct description *description, uint64_t place)
{
	return place >= description->fd_offset && place - description->fd_offset < description->region.size;
}

int vfio_find_region(struct barspan_device *device, uint64_t file_offset, unsigned int *index, uint64_t *offset)
{
	const struct description *description;
	struct vfio *vfio = device->context;

	/* Regions that are known first, since the kernel is asked again for each that has no size. */
	for (int ask_again = 0; ask_again < 2; ask_again++)
		for (uint32_t i = 0; i < vfio->n_regions; i++) {
			description = __atomic_load_n(&vfio->regions[i].current, __ATOMIC_ACQUIRE);
			/* A region that the kernel does not describe is not the wanted one. */
			if (!description && (!ask_again || refresh_description(vfio, i, &description)))
				continue;
			if (!has_place(description, file_offset))
				continue;
			*index = i;
			*offset = file_offset - description->fd_offset;
			return 0;
		}
	return -EINVAL;
}

int vfio_recall_region(struct barspan_device *device, unsigned int index, struct barspan_region *out)
{
	const struct description *description;
	int r = recall_description(device->context, index, &description);

	if (!r)
		*out = description->region;
	return r;
}

int barspan_device_open_vfio(struct barspan_device **out, int vfio_device_fd)
{
	BORDER();
	char name[32];

	snprintf(name, sizeof(name), "vfio fd %d", vfio_device_fd);
	return vfio_open(out, vfio_device_fd, name);
}
