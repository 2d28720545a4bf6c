/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Opens a PCI device by its address, through its group or else its character
 * device. Sources: Documentation/driver-api/vfio.rst, <linux/vfio.h>,
 * <linux/iommufd.h>, drivers/vfio/device_cdev.c.
 */
#include <barspan/device.h>

#include <errno.h>
#include <inttypes.h>
#include <linux/vfio.h>
#include <stdio.h>
#include <string.h>

#include "device/device.h"
#include "device/pci-address.h"
#include "device/pci-way.h"
#include "device/vfio.h"
#include "util/log.h"
#include "util/operation.h"
#include "util/extensible.h"
#include "util/sys.h"

/* Stores a message that says which requirement of VFIO is not met. */
static int explain_missing(struct way *way, const char *group)
{
	char driver[64], path[PATH_LENGTH], target[64];
	int r;

	if (way_read_link(way->address, "driver", driver, sizeof(driver)))
		return way_fail(way, -ENXIO, "bound to no driver: bind it to vfio-pci");
	if (!strstr(driver, "vfio"))
		return way_fail(
			way, -ENXIO,
			"bound to %s, which does not provide a VFIO device: bind it to vfio-pci",
			driver);
	/* readlink() tests for the node: it fails with EINVAL if the node
	 * exists. open() is not used, since only one process at a time can open
	 * a group. */
	snprintf(path, sizeof(path), "/dev/vfio/noiommu-%s", group);
	r = sys_readlink(path, target, sizeof(target));
	if (!way->no_iommu_allowed && (!r || r == -EINVAL))
		return way_fail(
			way, -EOPNOTSUPP,
			"no IOMMU: BARSPAN_PCI_NO_IOMMU opens the device with unprotected DMA");
	return way_fail(way, -ENXIO,
			"bound to %s, but neither /dev/vfio/%s nor a character device exists",
			driver, group);
}

static int get_device(struct way *way, const char *group)
{
	char name[PCI_ADDRESS_LENGTH + sizeof(" vf_token=") + PCI_TOKEN_LENGTH];
	int r;

	snprintf(name, sizeof(name), "%s%s%s", way->address, way->token ? " vf_token=" : "",
		 way->token ? way->token : "");
	r = sys_ioctl(way->group, VFIO_GROUP_GET_DEVICE_FD, name);
	if (r == -ENODEV)
		return explain_missing(way, group);
	if (r < 0)
		return way_explain_token(way, r, "VFIO_GROUP_GET_DEVICE_FD");
	way->device = r;
	return 0;
}

static int set_iommu(struct way *way)
{
	int r;

	if (way->no_iommu)
		return way_ioctl(way, way->iommu, VFIO_SET_IOMMU, (void *)VFIO_NOIOMMU_IOMMU,
				 "VFIO_SET_IOMMU");
	r = sys_ioctl(way->iommu, VFIO_SET_IOMMU, (void *)VFIO_TYPE1v2_IOMMU);
	if (r < 0)
		r = way_ioctl(way, way->iommu, VFIO_SET_IOMMU, (void *)VFIO_TYPE1_IOMMU,
			      "VFIO_SET_IOMMU");
	if (r == -EPERM)
		return way_fail(way, r,
				"VFIO_SET_IOMMU: EPERM: the IOMMU does not isolate interrupts: "
				"vfio_iommu_type1 allows that with allow_unsafe_interrupts=1");
	/* The container has no type 1 driver. iommufd does not need it. */
	way->try_other = r == -ENODEV;
	return r;
}

static int open_group(struct way *way, const char *group)
{
	struct vfio_group_status status = { .argsz = sizeof(status) };
	char path[PATH_LENGTH];
	int r;

	snprintf(path, sizeof(path), "/dev/vfio/%s", group);
	way->group = way_open_node(way, path);
	if (way->group == -ENOENT && way->no_iommu_allowed) {
		snprintf(path, sizeof(path), "/dev/vfio/noiommu-%s", group);
		way->group = way_open_node(way, path);
		way->no_iommu = true;
	}
	if (way->group < 0)
		return way->group;
	r = way_ioctl(way, way->group, VFIO_GROUP_GET_STATUS, &status, "VFIO_GROUP_GET_STATUS");
	if (r < 0)
		return r;
	if (!(status.flags & VFIO_GROUP_FLAGS_VIABLE))
		return way_fail(
			way, -EBUSY,
			"IOMMU group %s is not viable: a device in it is bound to a driver that is "
			"not VFIO's",
			group);
	way->iommu = way_open_needed(way, "/dev/vfio/vfio", "vfio");
	if (way->iommu < 0)
		return way->iommu;
	r = way_ioctl(way, way->group, VFIO_GROUP_SET_CONTAINER, &way->iommu,
		      "VFIO_GROUP_SET_CONTAINER");
	if (r >= 0)
		r = set_iommu(way);
	return r < 0 ? r : get_device(way, group);
}

/* Ranks errors by how precisely they tell the user what to correct. */
static int rank_error(int r)
{
	if (r == -EBUSY)
		return 4;
	if (r == -EACCES || r == -EPERM)
		return 3;
	if (r == -ENXIO)
		return 1;
	return r == -ENOENT ? 0 : 2;
}

/* Tries the group, then the character device if a node of the group is missing
 * or not accessible. */
static int open_ways(struct way *way, const char *group)
{
	struct way first = *way;
	int r_first = open_group(&first, group), r;

	if (!r_first || !first.try_other) {
		*way = first;
		return r_first;
	}
	way_close(&first);
	r = way_open_cdev(way);
	if (!r || rank_error(r) > rank_error(r_first))
		return r;
	memcpy(way->why, first.why, sizeof(way->why));
	return r_first == -ENOENT ? explain_missing(way, group) : r_first;
}

/* On machines with a device tree, a device gets its group when a driver is
 * bound. */
static int explain_no_group(struct way *way)
{
	char driver[64];

	if (way_read_link(way->address, "driver", driver, sizeof(driver)))
		return way_fail(way, -ENXIO,
				"bound to no driver, and in no IOMMU group: bind it to vfio-pci");
	return way_fail(way, -EOPNOTSUPP,
			"in no IOMMU group: is the IOMMU enabled in firmware and kernel "
			"(on Intel: intel_iommu=on)?");
}

static int open_any(struct way *way)
{
	char path[PATH_LENGTH], link[256], group[32];
	int r;

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s", way->address);
	r = sys_readlink(path, link, sizeof(link));
	if (r == -ENOENT)
		return way_fail(way, -ENODEV, "no such PCI device");
	if (r)
		return way_fail(way, r, "%s: %s", path, log_error_name(r));
	r = way_read_link(way->address, "iommu_group", group, sizeof(group));
	if (r == -ENOENT)
		return explain_no_group(way);
	return r ? way_fail(way, r, "%s/iommu_group: %s", path, log_error_name(r))
		 : open_ways(way, group);
}

static int read_pci_options(struct way *way, const char *bdf,
			    const struct barspan_pci_options *given)
{
	struct barspan_pci_options options = { .size = sizeof(options) };
	char text[EXTENSIBLE_TEXT];
	int r = pci_parse_address(way->address, bdf);

	if (r) {
		log_error("%s: not a PCI address such as 0000:01:00.0", bdf);
		return r;
	}
	if (given)
		r = copy_extensible(&options, sizeof(options), given, sizeof(given->size));
	if (r) {
		log_error("%s: options: %s", way->address,
			  extensible_explain(text, sizeof(options), given->size,
					     sizeof(given->size)));
		return r;
	}
	if (options.flags & ~(uint32_t)BARSPAN_PCI_NO_IOMMU) {
		log_error("%s: options.flags 0x%" PRIx32 " has unknown bits 0x%" PRIx32,
			  way->address, options.flags,
			  options.flags & ~(uint32_t)BARSPAN_PCI_NO_IOMMU);
		return -EINVAL;
	}
	way->no_iommu_allowed = options.flags & BARSPAN_PCI_NO_IOMMU;
	way->token = options.vf_token;
	if (way->token && pci_parse_token(way->token_bytes, way->token)) {
		log_error("%s: VF token '%s' is not a UUID such as "
			  "01234567-89ab-cdef-0123-456789abcdef",
			  way->address, way->token);
		return -EINVAL;
	}
	return 0;
}

int barspan_device_open_pci(struct barspan_device **out, const char *bdf,
			    const struct barspan_pci_options *options)
{
	BORDER();
	struct way way = { .device = -1, .group = -1, .iommu = -1 };
	struct barspan_device *device;
	int r = read_pci_options(&way, bdf, options);

	if (r)
		return r;
	r = open_any(&way);
	if (r)
		log_error("%s: %s", way.address, way.why);
	else
		r = vfio_open(&device, way.device, way.address);
	if (r) {
		way_close(&way);
		return r;
	}
	if (way.no_iommu)
		log_warning("%s: no IOMMU: the device's DMA is unprotected", way.address);
	device->iommu_fd = way.iommu;
	device->ioas_id = way.ioas_id;
	device->owned[0] = way.device;
	device->owned[1] = way.group;
	device->owned[2] = way.iommu;
	*out = device;
	return 0;
}
