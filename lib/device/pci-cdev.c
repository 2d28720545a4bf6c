/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Opens a PCI device through its character device and iommufd. Sources:
 * <linux/vfio.h>, <linux/iommufd.h>, drivers/vfio/device_cdev.c.
 */
#include "device/pci-way.h"

#include <errno.h>
#include <linux/vfio.h>
#include <stddef.h>
#include <stdio.h>

#include "util/log.h"
#include "util/sys.h"

/* Defined here because the headers of older systems lack the character device
 * interface. */
#define BIND_IOMMUFD _IO(VFIO_TYPE, VFIO_BASE + 18)
#define BIND_FLAG_TOKEN (UINT32_C(1) << 0) /* since Linux 6.17 */
struct bind_iommufd {
	uint32_t argsz;
	uint32_t flags;
	int32_t iommufd;
	uint32_t out_devid;
	uint64_t token; /* user address of the UUID's bytes */
};

#define ATTACH_IOMMUFD_PT _IO(VFIO_TYPE, VFIO_BASE + 19)
struct attach_iommufd_pt {
	uint32_t argsz;
	uint32_t flags;
	uint32_t pt_id;
};

#define IOAS_ALLOC _IO(';', 0x81)
struct ioas_alloc {
	uint32_t size;
	uint32_t flags;
	uint32_t out_ioas_id;
};

/* The kernel returns EINVAL if another descriptor is bound to the device, but
 * also for other reasons. */
static int bind_iommufd(struct way *way)
{
	struct bind_iommufd bind = {
		.argsz = way->token ? sizeof(bind) : offsetof(struct bind_iommufd, token),
		.flags = way->token ? BIND_FLAG_TOKEN : 0,
		.iommufd = way->iommu,
		.token = (uintptr_t)way->token_bytes,
	};
	int r = sys_ioctl(way->device, BIND_IOMMUFD, &bind);

	if (r >= 0)
		return 0;
	if (r == -EBUSY || (r == -EINVAL && way_is_enabled(way->address)))
		return way_fail(way, -EBUSY, "VFIO_DEVICE_BIND_IOMMUFD: %s: the device is in use",
				log_error_name(r));
	if (r == -EINVAL && way->token)
		return way_fail(
			way, -EOPNOTSUPP,
			"VFIO_DEVICE_BIND_IOMMUFD: EINVAL: the device, or a kernel before Linux "
			"6.17, takes no VF token");
	return way_explain_token(way, r, "VFIO_DEVICE_BIND_IOMMUFD");
}

static int attach_iommufd(struct way *way)
{
	struct attach_iommufd_pt attach = { .argsz = sizeof(attach) };
	struct ioas_alloc alloc = { .size = sizeof(alloc) };
	int r = bind_iommufd(way);

	if (r < 0)
		return r;
	r = way_ioctl(way, way->iommu, IOAS_ALLOC, &alloc, "IOMMU_IOAS_ALLOC");
	if (r < 0)
		return r;
	way->ioas_id = attach.pt_id = alloc.out_ioas_id;
	r = way_ioctl(way, way->device, ATTACH_IOMMUFD_PT, &attach,
		      "VFIO_DEVICE_ATTACH_IOMMUFD_PT");
	return r < 0 ? r : 0;
}

int way_open_cdev(struct way *way)
{
	char directory[PATH_LENGTH], name[32], path[PATH_LENGTH];
	int r;

	snprintf(directory, sizeof(directory), "/sys/bus/pci/devices/%s/vfio-dev", way->address);
	r = sys_find_entry(directory, "vfio", name, sizeof(name));
	if (r)
		return way_fail(way, r, "%s: %s", directory, log_error_name(r));
	snprintf(path, sizeof(path), "/dev/vfio/devices/%s", name);
	way->device = way_open_node(way, path);
	if (way->device < 0)
		return way->device;
	way->iommu = way_open_needed(way, "/dev/iommu", "iommufd");
	return way->iommu < 0 ? way->iommu : attach_iommufd(way);
}
