/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Opens a PCI device by its address: through its group, or else through its
 * character device. Sources: Documentation/driver-api/vfio.rst, <linux/vfio.h>,
 * <linux/iommufd.h>, drivers/vfio/device_cdev.c.
 */
#include "device/pci.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/vfio.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "device/device.h"
#include "device/vfio.h"
#include "util/log.h"
#include "util/operation.h"
#include "util/extensible.h"
#include "util/sys.h"

/* The character device's interface is younger than some systems' headers. */
#define BIND_IOMMUFD _IO(VFIO_TYPE, VFIO_BASE + 18)
#define BIND_FLAG_TOKEN (UINT32_C(1) << 0) /* since Linux 6.17 */
struct bind_iommufd {
	uint32_t argsz;
	uint32_t flags;
	int32_t iommufd;
	uint32_t out_devid;
	uint64_t token; /* address of its bytes */
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

enum { PATH_LENGTH = 128 };

/* One way to a device: what is wanted, and how far it went. */
struct way {
	char address[PCI_ADDRESS_LENGTH];
	const char *token; /* NULL: none */
	uint8_t token_bytes[PCI_TOKEN_BYTES];
	bool no_iommu_allowed, no_iommu;
	int device, group, iommu; /* descriptors; -1: none */
	uint32_t ioas_id;
	bool try_other; /* it failed for a reason that another way may not have */
	char why[256];	/* it failed; a message, since another way may succeed */
};

static int fail_way(struct way *way, int r, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
static int fail_way(struct way *way, int r, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(way->why, sizeof(way->why), format, arguments);
	va_end(arguments);
	return r;
}

static void close_all(const struct way *way)
{
	if (way->device >= 0)
		sys_close(way->device);
	if (way->group >= 0)
		sys_close(way->group);
	if (way->iommu >= 0)
		sys_close(way->iommu);
}

static int open_node(struct way *way, const char *path)
{
	int fd = sys_open(path, O_RDWR);

	way->try_other =
		fd == -ENOENT || fd == -EACCES || fd == -EPERM || fd == -ENXIO || fd == -ENODEV;
	if (fd == -ENOENT)
		return fail_way(way, fd, "there is no %s", path);
	if (fd == -EACCES || fd == -EPERM)
		return fail_way(way, fd, "no permission to open %s", path);
	if (fd == -EBUSY)
		return fail_way(way, fd, "%s is in use", path);
	return fd < 0 ? fail_way(way, fd, "cannot open %s: %s", path, log_error_name(fd)) : fd;
}

/* Opens a node that a module provides. */
static int open_needed(struct way *way, const char *path, const char *module)
{
	int fd = open_node(way, path);

	return fd == -ENOENT ? fail_way(way, -ENXIO, "there is no %s: is the module %s loaded?",
					path, module)
			     : fd;
}

static int request_ioctl(struct way *way, int fd, unsigned long number, void *argument,
			 const char *name)
{
	int r = sys_ioctl(fd, number, argument);

	return r < 0 ? fail_way(way, r, "%s: %s", name, log_error_name(r)) : r;
}

/* The last part of the path that a link of the device's in sysfs names. */
static int read_link(const char *address, const char *name, char *out, size_t length)
{
	char path[PATH_LENGTH], target[256];
	int r;

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/%s", address, name);
	r = sys_readlink(path, target, sizeof(target));
	if (r)
		return r;

	const char *slash = strrchr(target, '/');
	const char *last = slash ? slash + 1 : target;

	if (strlen(last) >= length)
		return -ENAMETOOLONG;
	memcpy(out, last, strlen(last) + 1);
	return 0;
}

/* How often the device's driver has enabled it: vfio-pci does so while a
 * descriptor of it is in use. */
static bool is_enabled(const char *address)
{
	char path[PATH_LENGTH], text[16];
	int fd, n;

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/enable", address);
	fd = sys_open(path, O_RDONLY);
	if (fd < 0)
		return false;
	n = sys_read(fd, text, sizeof(text));
	sys_close(fd);
	return n > 0 && text[0] >= '1' && text[0] <= '9';
}

/* Says which of the things that VFIO takes is missing. */
static int explain_missing(struct way *way, const char *group)
{
	char driver[64], path[PATH_LENGTH], target[64];
	int r;

	if (read_link(way->address, "driver", driver, sizeof(driver)))
		return fail_way(way, -ENXIO, "bound to no driver: bind it to vfio-pci");
	if (!strstr(driver, "vfio"))
		return fail_way(
			way, -ENXIO,
			"bound to %s, which does not provide a VFIO device: bind it to vfio-pci",
			driver);
	/* A node is no link, and it is not opened to see whether it is there:
	 * one process at a time may have it. */
	snprintf(path, sizeof(path), "/dev/vfio/noiommu-%s", group);
	r = sys_readlink(path, target, sizeof(target));
	if (!way->no_iommu_allowed && (!r || r == -EINVAL))
		return fail_way(
			way, -EOPNOTSUPP,
			"no IOMMU protects it: BARSPAN_PCI_NO_IOMMU opens it with unprotected DMA");
	return fail_way(
		way, -ENXIO,
		"bound to %s, but neither /dev/vfio/%s nor a character device of it is there",
		driver, group);
}

/* A refusal that may have to do with the VF token. */
static int explain_token(struct way *way, int r, const char *name)
{
	const char *hint = "";

	if (r == -EACCES)
		hint = way->token ? ": is the VF token right?"
				  : ": does the device need a VF token?";
	else if (r == -EINVAL && way->token)
		hint = ": does the device take a VF token?";
	return fail_way(way, r, "%s: %s%s", name, log_error_name(r), hint);
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
		return explain_token(way, r, "VFIO_GROUP_GET_DEVICE_FD");
	way->device = r;
	return 0;
}

static int set_iommu(struct way *way)
{
	int r;

	if (way->no_iommu)
		return request_ioctl(way, way->iommu, VFIO_SET_IOMMU, (void *)VFIO_NOIOMMU_IOMMU,
				     "VFIO_SET_IOMMU");
	r = sys_ioctl(way->iommu, VFIO_SET_IOMMU, (void *)VFIO_TYPE1v2_IOMMU);
	if (r < 0)
		r = request_ioctl(way, way->iommu, VFIO_SET_IOMMU, (void *)VFIO_TYPE1_IOMMU,
				  "VFIO_SET_IOMMU");
	/* A container without the driver of type 1; iommufd needs none. */
	way->try_other = r == -ENODEV;
	return r;
}

static int open_group(struct way *way, const char *group)
{
	struct vfio_group_status status = { .argsz = sizeof(status) };
	char path[PATH_LENGTH];
	int r;

	snprintf(path, sizeof(path), "/dev/vfio/%s", group);
	way->group = open_node(way, path);
	if (way->group == -ENOENT && way->no_iommu_allowed) {
		snprintf(path, sizeof(path), "/dev/vfio/noiommu-%s", group);
		way->group = open_node(way, path);
		way->no_iommu = true;
	}
	if (way->group < 0)
		return way->group;
	r = request_ioctl(way, way->group, VFIO_GROUP_GET_STATUS, &status, "VFIO_GROUP_GET_STATUS");
	if (r < 0)
		return r;
	if (!(status.flags & VFIO_GROUP_FLAGS_VIABLE))
		return fail_way(
			way, -EBUSY,
			"IOMMU group %s is not viable: a device in it is bound to a driver that is not VFIO's",
			group);
	way->iommu = open_needed(way, "/dev/vfio/vfio", "vfio");
	if (way->iommu < 0)
		return way->iommu;
	r = request_ioctl(way, way->group, VFIO_GROUP_SET_CONTAINER, &way->iommu,
			  "VFIO_GROUP_SET_CONTAINER");
	if (r >= 0)
		r = set_iommu(way);
	return r < 0 ? r : get_device(way, group);
}

/* The kernel says EINVAL of a device that another descriptor is bound to, and
 * of much else. */
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
	if (r == -EBUSY || (r == -EINVAL && is_enabled(way->address)))
		return fail_way(way, -EBUSY, "the device is in use (VFIO_DEVICE_BIND_IOMMUFD: %s)",
				log_error_name(r));
	if (r == -EINVAL && way->token)
		return fail_way(
			way, -EOPNOTSUPP,
			"VFIO_DEVICE_BIND_IOMMUFD: EINVAL: does the kernel (Linux 6.17) and the device take a VF token?");
	return explain_token(way, r, "VFIO_DEVICE_BIND_IOMMUFD");
}

static int attach_iommufd(struct way *way)
{
	struct attach_iommufd_pt attach = { .argsz = sizeof(attach) };
	struct ioas_alloc alloc = { .size = sizeof(alloc) };
	int r = bind_iommufd(way);

	if (r < 0)
		return r;
	r = request_ioctl(way, way->iommu, IOAS_ALLOC, &alloc, "IOMMU_IOAS_ALLOC");
	if (r < 0)
		return r;
	way->ioas_id = attach.pt_id = alloc.out_ioas_id;
	r = request_ioctl(way, way->device, ATTACH_IOMMUFD_PT, &attach,
			  "VFIO_DEVICE_ATTACH_IOMMUFD_PT");
	return r < 0 ? r : 0;
}

/* -ENOENT: the kernel, or the device's driver, has no character devices. */
static int open_cdev(struct way *way)
{
	char directory[PATH_LENGTH], name[32], path[PATH_LENGTH];
	int r;

	snprintf(directory, sizeof(directory), "/sys/bus/pci/devices/%s/vfio-dev", way->address);
	r = sys_find_entry(directory, "vfio", name, sizeof(name));
	if (r)
		return fail_way(way, r, "%s: %s", directory, log_error_name(r));
	snprintf(path, sizeof(path), "/dev/vfio/devices/%s", name);
	way->device = open_node(way, path);
	if (way->device < 0)
		return way->device;
	way->iommu = open_needed(way, "/dev/iommu", "iommufd");
	return way->iommu < 0 ? way->iommu : attach_iommufd(way);
}

/* How much an error says of the thing that has to be mended. */
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

/* Tries the group, and the character device if the group's nodes are at
 * fault. */
static int open_ways(struct way *way, const char *group)
{
	struct way first = *way;
	int r_first = open_group(&first, group), r;

	if (!r_first || !first.try_other) {
		*way = first;
		return r_first;
	}
	close_all(&first);
	r = open_cdev(way);
	if (!r || rank_error(r) > rank_error(r_first))
		return r;
	memcpy(way->why, first.why, sizeof(way->why));
	return r_first == -ENOENT ? explain_missing(way, group) : r_first;
}

static int open_any(struct way *way)
{
	char path[PATH_LENGTH], link[256], group[32];
	int r;

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s", way->address);
	r = sys_readlink(path, link, sizeof(link));
	if (r == -ENOENT)
		return fail_way(way, -ENODEV, "there is no such PCI device");
	if (r)
		return fail_way(way, r, "%s: %s", path, log_error_name(r));
	r = read_link(way->address, "iommu_group", group, sizeof(group));
	if (r == -ENOENT)
		return fail_way(
			way, -EOPNOTSUPP,
			"in no IOMMU group: is the IOMMU enabled in firmware and kernel (intel_iommu=on)?");
	return r ? fail_way(way, r, "%s/iommu_group: %s", path, log_error_name(r))
		 : open_ways(way, group);
}

static int read_pci_options(struct way *way, const char *bdf,
			    const struct barspan_pci_options *given)
{
	struct barspan_pci_options options = { .size = sizeof(options) };
	int r = pci_parse_address(way->address, bdf);

	if (r) {
		log_error("%s: not a PCI address such as 0000:01:00.0", bdf);
		return r;
	}
	if (given)
		r = copy_extensible(&options, sizeof(options), given, sizeof(given->size));
	if (!r && options.flags & ~(uint32_t)BARSPAN_PCI_NO_IOMMU)
		r = -EINVAL;
	if (r) {
		log_error("%s: options of a size, or with a part, that this library does not know",
			  way->address);
		return r;
	}
	way->no_iommu_allowed = options.flags & BARSPAN_PCI_NO_IOMMU;
	way->token = options.vf_token;
	if (way->token && pci_parse_token(way->token_bytes, way->token)) {
		log_error(
			"%s: VF token '%s' is not a UUID such as 01234567-89ab-cdef-0123-456789abcdef",
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
		close_all(&way);
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
