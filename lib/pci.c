/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Opens a PCI device by its address. Sources: Documentation/driver-api/vfio.rst, <linux/vfio.h>, <linux/iommufd.h>.
 */
#include "pci.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/vfio.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "device.h"
#include "log.h"
#include "sys.h"

/* The character device's interface is younger than some systems' headers. */
#ifndef VFIO_DEVICE_BIND_IOMMUFD
#define VFIO_DEVICE_BIND_IOMMUFD _IO(VFIO_TYPE, VFIO_BASE + 18)
struct vfio_device_bind_iommufd {
	__u32 argsz;
	__u32 flags;
	__s32 iommufd;
	__u32 out_devid;
};
#define VFIO_DEVICE_ATTACH_IOMMUFD_PT _IO(VFIO_TYPE, VFIO_BASE + 19)
struct vfio_device_attach_iommufd_pt {
	__u32 argsz;
	__u32 flags;
	__u32 pt_id;
};
#endif

#define IOAS_ALLOC _IO(';', 0x81)
struct ioas_alloc {
	__u32 size;
	__u32 flags;
	__u32 out_ioas_id;
};

enum { PATH_LENGTH = 128 };

/* The descriptors of a device, -1 where there is none. */
struct opened {
	int device, group, iommu;
	uint32_t ioas_id;
};

/* Reads `digits` hexadecimal digits at most, at least one, up to the character `end`; NULL: there is something else. */
static const char *parse_hex(const char *text, int digits, char end, unsigned int *value)
{
	*value = 0;
	for (int i = 0; isxdigit((unsigned char)*text); i++, text++) {
		if (i == digits)
			return NULL;
		*value = *value * 16 + (unsigned int)(isdigit((unsigned char)*text) ? *text - '0' :
						      tolower((unsigned char)*text) - 'a' + 10);
	}
	return *text == end ? text + (end != '\0') : NULL;
}

int pci_parse_address(char out[PCI_ADDRESS_LENGTH], const char *text)
{
	unsigned int domain = 0, bus, slot, function;
	const char *colon = strchr(text, ':');

	if (colon && strchr(colon + 1, ':'))
		text = text == colon ? NULL : parse_hex(text, 8, ':', &domain);
	if (text)
		text = isxdigit((unsigned char)*text) ? parse_hex(text, 2, ':', &bus) : NULL;
	if (text)
		text = isxdigit((unsigned char)*text) ? parse_hex(text, 2, '.', &slot) : NULL;
	if (text)
		text = isxdigit((unsigned char)*text) ? parse_hex(text, 1, '\0', &function) : NULL;
	if (!text || slot > 0x1f || function > 7)
		return -EINVAL;
	snprintf(out, PCI_ADDRESS_LENGTH, "%04x:%02x:%02x.%x", domain, bus & 0xff, slot, function);
	return 0;
}

static void close_all(struct opened *opened)
{
	if (opened->device >= 0)
		sys_close(opened->device);
	if (opened->group >= 0)
		sys_close(opened->group);
	if (opened->iommu >= 0)
		sys_close(opened->iommu);
}

/* Opens a node, and says why that is not possible. */
static int open_node(const char *address, const char *path)
{
	int fd = sys_open(path, O_RDWR);

	if (fd == -EACCES || fd == -EPERM)
		log_error("%s: no permission to open %s", address, path);
	else if (fd == -EBUSY)
		log_error("%s: %s is in use", address, path);
	else if (fd < 0 && fd != -ENOENT)
		log_error("%s: cannot open %s: %s", address, path, log_error_name(fd));
	return fd;
}

/* Opens a node that cannot be done without. */
static int open_needed(const char *address, const char *path, const char *module)
{
	int fd = open_node(address, path);

	if (fd != -ENOENT)
		return fd;
	log_error("%s: there is no %s: is the module %s loaded?", address, path, module);
	return -ENXIO;
}

/* An ioctl that says what failed. */
static int request(const char *address, int fd, unsigned long number, void *argument, const char *name)
{
	int r = sys_ioctl(fd, number, argument);

	if (r < 0)
		log_error("%s: %s: %s", address, name, log_error_name(r));
	return r;
}
#define REQUEST(address, fd, name, argument) request(address, fd, name, argument, #name)

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

/* There is no way to the device: finds out which of the things that it takes is missing. */
static int explain_missing(const char *address)
{
	char driver[64];

	if (read_link(address, "driver", driver, sizeof(driver)))
		log_error("%s: bound to no driver: bind it to vfio-pci", address);
	else
		log_error("%s: driver %s gives no VFIO device of it: bind it to vfio-pci", address, driver);
	return -ENXIO;
}

static int set_up_container(const char *address, struct opened *opened)
{
	int r = REQUEST(address, opened->group, VFIO_GROUP_SET_CONTAINER, &opened->iommu);

	if (r < 0)
		return r;
	r = sys_ioctl(opened->iommu, VFIO_SET_IOMMU, (void *)VFIO_TYPE1v2_IOMMU);
	if (r < 0)
		r = REQUEST(address, opened->iommu, VFIO_SET_IOMMU, (void *)VFIO_TYPE1_IOMMU);
	if (r < 0)
		return r;
	r = REQUEST(address, opened->group, VFIO_GROUP_GET_DEVICE_FD, (void *)(uintptr_t)address);
	if (r == -ENODEV)
		return explain_missing(address);
	if (r < 0)
		return r;
	opened->device = r;
	return 0;
}

static int open_group(const char *address, const char *group, struct opened *opened)
{
	struct vfio_group_status status = { .argsz = sizeof(status) };
	char path[PATH_LENGTH];
	int r;

	snprintf(path, sizeof(path), "/dev/vfio/%s", group);
	opened->group = open_node(address, path);
	if (opened->group < 0)
		return opened->group;
	r = REQUEST(address, opened->group, VFIO_GROUP_GET_STATUS, &status);
	if (r < 0)
		return r;
	if (!(status.flags & VFIO_GROUP_FLAGS_VIABLE)) {
		log_error("%s: IOMMU group %s is not viable: a device in it is bound to a driver that is not VFIO's",
			  address, group);
		return -EBUSY;
	}
	opened->iommu = open_needed(address, "/dev/vfio/vfio", "vfio");
	return opened->iommu < 0 ? opened->iommu : set_up_container(address, opened);
}

static int attach_iommufd(const char *address, struct opened *opened)
{
	struct vfio_device_bind_iommufd bind = { .argsz = sizeof(bind), .iommufd = opened->iommu };
	struct vfio_device_attach_iommufd_pt attach = { .argsz = sizeof(attach) };
	struct ioas_alloc alloc = { .size = sizeof(alloc) };
	int r = REQUEST(address, opened->device, VFIO_DEVICE_BIND_IOMMUFD, &bind);

	if (r < 0)
		return r;
	r = request(address, opened->iommu, IOAS_ALLOC, &alloc, "IOMMU_IOAS_ALLOC");
	if (r < 0)
		return r;
	opened->ioas_id = attach.pt_id = alloc.out_ioas_id;
	r = REQUEST(address, opened->device, VFIO_DEVICE_ATTACH_IOMMUFD_PT, &attach);
	return r < 0 ? r : 0;
}

/* -ENOENT: the kernel, or the device's driver, has no character devices. */
static int open_cdev(const char *address, struct opened *opened)
{
	char directory[PATH_LENGTH], name[32], path[PATH_LENGTH];
	int r;

	snprintf(directory, sizeof(directory), "/sys/bus/pci/devices/%s/vfio-dev", address);
	r = sys_find_entry(directory, "vfio", name, sizeof(name));
	if (r)
		return r;
	snprintf(path, sizeof(path), "/dev/vfio/devices/%s", name);
	opened->device = open_node(address, path);
	if (opened->device < 0)
		return opened->device;
	opened->iommu = open_needed(address, "/dev/iommu", "iommufd");
	return opened->iommu < 0 ? opened->iommu : attach_iommufd(address, opened);
}

static int open_any(const char *address, struct opened *opened)
{
	char path[PATH_LENGTH], link[256], group[32];
	int r;

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s", address);
	r = sys_readlink(path, link, sizeof(link));
	if (r == -ENOENT) {
		log_error("%s: there is no such PCI device", address);
		return -ENODEV;
	}
	if (r)
		return r;
	r = read_link(address, "iommu_group", group, sizeof(group));
	if (r == -ENOENT) {
		log_error("%s: in no IOMMU group: is the IOMMU enabled in firmware and kernel (intel_iommu=on)?",
			  address);
		return -EOPNOTSUPP;
	}
	if (!r)
		r = open_group(address, group, opened);
	if (r == -ENOENT)
		r = open_cdev(address, opened);
	return r == -ENOENT ? explain_missing(address) : r;
}

int barspan_device_open_pci(struct barspan_device **out, const char *bdf)
{
	struct opened opened = { -1, -1, -1, 0 };
	char address[PCI_ADDRESS_LENGTH];
	struct barspan_device *device;
	int r = pci_parse_address(address, bdf);

	if (r) {
		log_error("%s: not a PCI address such as 0000:01:00.0", bdf);
		return r;
	}
	r = open_any(address, &opened);
	if (!r)
		r = vfio_open(&device, opened.device, address);
	if (r) {
		close_all(&opened);
		return r;
	}
	device->iommu_fd = opened.iommu;
	device->ioas_id = opened.ioas_id;
	device->owned[0] = opened.device;
	device->owned[1] = opened.group;
	device->owned[2] = opened.iommu;
	*out = device;
	return 0;
}
