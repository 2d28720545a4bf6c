/* SPDX-License-Identifier: BSD-3-Clause */
/* A device behind a VFIO device descriptor. Source: <linux/vfio.h>. */
#include <errno.h>
#include <inttypes.h>
#include <linux/vfio.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "capability.h"
#include "device.h"
#include "log.h"
#include "sys.h"

enum {
	FIRST_INFO = 4096,	/* bytes; holds a region with some 250 areas */
	MOST_INFO = 64 << 20,
	MOST_ROUNDS = 8,
	MOST_REGIONS = 65536,
};

/* One description of a region. Kept until the device is gone, since callers hold its areas and readers its offset. */
struct description {
	struct description *older;
	uint64_t fd_offset;
	struct barspan_region region;
	struct barspan_area areas[];
};

struct vfio {
	int fd;
	uint32_t n_regions;
	char name[sizeof(((struct barspan_device *)0)->name)];
	pthread_mutex_t lock;	/* for writers of `regions` */
	struct description *regions[];	/* atomic; the newest description of each, NULL before the first */
};

/* Asks for a region's description, with a buffer as large as the kernel wants it. The caller frees *out. */
static int ask(const struct vfio *vfio, unsigned int index, struct vfio_region_info **out, size_t *length)
{
	struct vfio_region_info *info = NULL, *grown;
	size_t size = FIRST_INFO;
	int r;

	for (int round = 0; round < MOST_ROUNDS; round++) {
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
		if (info->argsz > MOST_INFO)
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
static int describe(const struct vfio *vfio, unsigned int index, const struct vfio_region_info *info, size_t length,
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

static bool same(const struct description *a, const struct description *b)
{
	return a->fd_offset == b->fd_offset && a->region.size == b->region.size && a->region.flags == b->region.flags &&
	       a->region.n_areas == b->region.n_areas &&
	       !memcmp(a->areas, b->areas, a->region.n_areas * sizeof(a->areas[0]));
}

/* Keeps a description, or the equal one that is the newest already, and returns what was kept. */
static const struct description *keep(struct vfio *vfio, unsigned int index, struct description *made)
{
	struct description *newest;

	pthread_mutex_lock(&vfio->lock);
	newest = vfio->regions[index];
	if (newest && same(newest, made)) {
		sys_free(made);
		made = newest;
	} else {
		made->region.areas = made->areas;
		made->older = newest;
		__atomic_store_n(&vfio->regions[index], made, __ATOMIC_RELEASE);
	}
	pthread_mutex_unlock(&vfio->lock);
	return made;
}

static int refresh(struct vfio *vfio, unsigned int index, const struct description **out)
{
	struct vfio_region_info *info;
	struct description *made;
	size_t length;
	int r;

	if (index >= vfio->n_regions)
		return -ENOENT;
	r = ask(vfio, index, &info, &length);
	if (r)
		return r;
	r = describe(vfio, index, info, length, &made);
	sys_free(info);
	if (!r)
		*out = keep(vfio, index, made);
	return r;
}

/* The newest description, without a system call once there is one. */
static int recall(struct vfio *vfio, unsigned int index, const struct description **out)
{
	if (index >= vfio->n_regions)
		return -ENOENT;
	*out = __atomic_load_n(&vfio->regions[index], __ATOMIC_ACQUIRE);
	return *out ? 0 : refresh(vfio, index, out);
}

static int vfio_region(void *context, unsigned int index, struct barspan_region *out)
{
	const struct description *description;
	int r = refresh(context, index, &description);

	if (!r)
		*out = description->region;
	return r;
}

static int vfio_map(void *context, unsigned int index, uint64_t offset, size_t length, int prot, void *address)
{
	const struct description *description;
	struct vfio *vfio = context;
	int r = recall(vfio, index, &description);

	if (r)
		return r;
	return sys_mmap(&address, address, length, prot, MAP_SHARED | MAP_FIXED, vfio->fd,
			description->fd_offset + offset);
}

static int vfio_read(void *context, unsigned int index, uint64_t offset, void *buffer, size_t length)
{
	const struct description *description;
	struct vfio *vfio = context;
	int r = recall(vfio, index, &description);

	if (!r)
		r = device_check_access(&description->region, BARSPAN_REGION_READ, offset, length);
	return r ? r : sys_pread(vfio->fd, buffer, length, description->fd_offset + offset);
}

static int vfio_write(void *context, unsigned int index, uint64_t offset, const void *buffer, size_t length)
{
	const struct description *description;
	struct vfio *vfio = context;
	int r = recall(vfio, index, &description);

	if (!r)
		r = device_check_access(&description->region, BARSPAN_REGION_WRITE, offset, length);
	return r ? r : sys_pwrite(vfio->fd, buffer, length, description->fd_offset + offset);
}

static void vfio_close(void *context)
{
	struct vfio *vfio = context;
	struct description *older;

	for (uint32_t i = 0; i < vfio->n_regions; i++)
		for (struct description *description = vfio->regions[i]; description; description = older) {
			older = description->older;
			sys_free(description);
		}
	pthread_mutex_destroy(&vfio->lock);
	sys_free(vfio);
}

/* Reads, of a PCI device, where its MSI-X table is. */
static int read_msix(struct barspan_device *device)
{
	struct barspan_region config;
	int r = barspan_device_region(device, BARSPAN_REGION_CONFIG, &config);

	if (r)
		return r;
	device->has_config = config.size && config.flags & BARSPAN_REGION_READ;
	r = device_msix(device, &device->msix);
	device->msix_known = true;
	return r;
}

int vfio_open(struct barspan_device **out, int fd, const char *name)
{
	static const struct barspan_device_ops ops = {
		.size = sizeof(ops),
		.region = vfio_region,
		.map = vfio_map,
		.read = vfio_read,
		.write = vfio_write,
		.close = vfio_close,
	};
	struct vfio_device_info info = { .argsz = sizeof(info) };
	struct barspan_device *device;
	struct vfio *vfio;
	int r = sys_ioctl(fd, VFIO_DEVICE_GET_INFO, &info);

	if (r < 0) {
		log_error("%s: not a VFIO device: %s", name, log_error_name(r));
		/* What drivers of other files say to an ioctl they do not know. */
		return r == -EINVAL || r == -EPERM ? -ENOTTY : r;
	}
	if (info.num_regions > MOST_REGIONS) {
		log_error("%s: the kernel says it has %" PRIu32 " regions", name, info.num_regions);
		return -EPROTO;
	}
	vfio = sys_calloc(1, sizeof(*vfio) + info.num_regions * sizeof(vfio->regions[0]));
	if (!vfio)
		return -ENOMEM;
	vfio->fd = fd;
	vfio->n_regions = info.num_regions;
	snprintf(vfio->name, sizeof(vfio->name), "%s", name);
	pthread_mutex_init(&vfio->lock, NULL);

	r = device_create(&device, &ops, vfio, name);
	if (r) {
		vfio_close(vfio);
		return r;
	}
	device->fd = fd;
	device->raw = SYS_IS_RAW;
	if (info.flags & VFIO_DEVICE_FLAGS_PCI && info.num_regions > BARSPAN_REGION_CONFIG)
		r = read_msix(device);
	if (r) {
		barspan_device_close(device);
		return r;
	}
	*out = device;
	return 0;
}

bool vfio_is_device(int fd)
{
	char path[32], target[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (fd < 0 || sys_readlink(path, target, sizeof(target)))
		return false;
	return !strcmp(target, "anon_inode:[vfio-device]") || !strncmp(target, "/dev/vfio/devices/", 18);
}

int vfio_find_region(struct barspan_device *device, uint64_t file_offset, unsigned int *index, uint64_t *offset)
{
	const struct description *description;
	struct vfio *vfio = device->context;

	for (uint32_t i = 0; i < vfio->n_regions; i++) {
		/* Regions that the kernel does not describe are not what is looked for. */
		if (recall(vfio, i, &description) || !description->region.size ||
		    file_offset < description->fd_offset ||
		    file_offset - description->fd_offset >= description->region.size)
			continue;
		*index = i;
		*offset = file_offset - description->fd_offset;
		return 0;
	}
	return -EINVAL;
}

int barspan_device_open_vfio(struct barspan_device **out, int vfio_device_fd)
{
	char name[32];

	snprintf(name, sizeof(name), "vfio fd %d", vfio_device_fd);
	return vfio_open(out, vfio_device_fd, name);
}
