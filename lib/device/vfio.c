/* SPDX-License-Identifier: BSD-3-Clause */
/* VFIO devices. Source: <linux/vfio.h>. */
#include <errno.h>
#include <inttypes.h>
#include <linux/vfio.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "device/device.h"
#include "device/vfio.h"
#include "device/vfio-description.h"
#include "util/log.h"
#include "util/operation.h"
#include "util/sys.h"

enum { MAX_REGIONS = 65536 };

/* Finds the file offset of an access. A span may use an older description than
 * the newest, so the access is allowed if any stored description allows it; the
 * kernel checks it again. */
static int find_place(struct vfio *vfio, unsigned int index, uint32_t flag, uint64_t offset,
		      size_t length, uint64_t *place)
{
	const struct vfio_description *description, *older;
	int r = vfio_recall_description(vfio, index, &description);

	if (r)
		return r;
	r = device_check_access(&description->region, flag, offset, length);
	if (r)
		for (older = __atomic_load_n(&vfio->regions[index].all, __ATOMIC_ACQUIRE);
		     r && older; older = older->older)
			if (!device_check_access(&older->region, flag, offset, length)) {
				description = older;
				r = 0;
			}
	*place = description->fd_offset + offset;
	return r;
}

static int vfio_region(void *context, unsigned int index, struct barspan_region *out)
{
	const struct vfio_description *description;
	int r = vfio_refresh_description(context, index, &description);

	if (!r)
		*out = description->region;
	return r;
}

static int vfio_locate(void *context, unsigned int index, uint64_t offset, size_t length,
		       struct device_file *out)
{
	const struct vfio_description *description;
	struct vfio *vfio = context;
	int r = vfio_recall_description(vfio, index, &description);

	(void)length;
	if (!r)
		*out = (struct device_file){ vfio->fd, description->fd_offset + offset };
	return r;
}

static int vfio_read(void *context, unsigned int index, uint64_t offset, void *buffer,
		     size_t length)
{
	struct vfio *vfio = context;
	uint64_t place;
	int r = find_place(vfio, index, BARSPAN_REGION_READ, offset, length, &place);

	return r ? r : sys_pread(vfio->fd, buffer, length, place);
}

static int vfio_write(void *context, unsigned int index, uint64_t offset, const void *buffer,
		      size_t length)
{
	struct vfio *vfio = context;
	uint64_t place;
	int r = find_place(vfio, index, BARSPAN_REGION_WRITE, offset, length, &place);

	return r ? r : sys_pwrite(vfio->fd, buffer, length, place);
}

static void vfio_close(void *context)
{
	struct vfio *vfio = context;

	vfio_free_descriptions(vfio);
	sys_free(vfio);
}

/* Reads the location of the MSI-X table from configuration space. */
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

/* Turns the error of the first ioctl into the error to return and its cause.
 * Drivers of other files refuse the ioctl with many errors: tun with EBADFD,
 * loop-control with ENOSYS, vhost with EPERM. The kind of file therefore
 * decides; the error decides only if the kind is unknown. */
static int explain_refusal(int fd, int r, const char **why)
{
	enum vfio_file file = r == -EBADF ? VFIO_FILE_OTHER : vfio_classify(fd);

	if (r == -EBADF) {
		*why = "not an open descriptor";
		return r;
	}
	*why = "not a VFIO device";
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
		log_error("%s: %" PRIu32 " regions, expected at most %d", name, info.num_regions,
			  MAX_REGIONS);
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
	device->n_regions = info.num_regions;
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

static bool has_place(const struct vfio_description *description, uint64_t place)
{
	return place >= description->fd_offset &&
	       place - description->fd_offset < description->region.size;
}

int vfio_find_region(struct barspan_device *device, uint64_t file_offset, unsigned int *index,
		     uint64_t *offset)
{
	const struct vfio_description *description;
	struct vfio *vfio = device->context;

	/* First search the regions that have a description, since every region
	 * of size 0 costs an ioctl. */
	for (int ask_again = 0; ask_again < 2; ask_again++)
		for (uint32_t i = 0; i < vfio->n_regions; i++) {
			description = __atomic_load_n(&vfio->regions[i].current, __ATOMIC_ACQUIRE);
			/* A region that the kernel fails to describe cannot
			 * contain the offset. */
			if (!description &&
			    (!ask_again || vfio_refresh_description(vfio, i, &description)))
				continue;
			if (!has_place(description, file_offset))
				continue;
			*index = i;
			*offset = file_offset - description->fd_offset;
			return 0;
		}
	return -EINVAL;
}

int vfio_recall_region(struct barspan_device *device, unsigned int index,
		       struct barspan_region *out)
{
	const struct vfio_description *description;
	int r = vfio_recall_description(device->context, index, &description);

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
