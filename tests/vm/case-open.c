/* SPDX-License-Identifier: BSD-3-Clause */
/* Opens devices and compares their regions with sysfs. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/vfio.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "device.h"
#include "sysfs.h"

static void compare_region(struct barspan_device *device, unsigned int index,
			   const struct sysfs_bar *bar)
{
	struct barspan_region region;
	uint32_t flags = 0;

	if (bar->size)
		flags = BARSPAN_REGION_READ | BARSPAN_REGION_WRITE;
	if (bar->memory)
		flags |= BARSPAN_REGION_MMAP | (bar->msix ? BARSPAN_REGION_MSIX_MAPPABLE : 0);
	EXPECT_ERROR(barspan_device_region(device, index, &region), "0");
	printf("region %u: size 0x%" PRIx64 ", flags 0x%x\n", index, region.size, region.flags);
	EXPECT(region.size == bar->size, "region %u has size 0x%" PRIx64 ", not 0x%" PRIx64, index,
	       region.size, bar->size);
	EXPECT(region.flags == flags, "region %u has flags 0x%x, not 0x%x", index, region.flags,
	       flags);
}

void case_regions(char **argv)
{
	struct barspan_device *device = open_device(argv[1]);
	struct sysfs_bar bars[SYSFS_BARS];
	struct barspan_region config;
	unsigned int n_bars = 0;

	sysfs_bars(argv[1], bars);
	for (unsigned int i = 0; i < SYSFS_BARS; i++) {
		compare_region(device, i, &bars[i]);
		n_bars += bars[i].size != 0;
	}
	EXPECT(n_bars, "sysfs shows no BAR at all");
	EXPECT_ERROR(barspan_device_region(device, BARSPAN_CONFIG, &config), "0");
	EXPECT_EQUAL(config.size, sysfs_config_size(argv[1]));
	EXPECT_EQUAL(config.flags, BARSPAN_REGION_READ | BARSPAN_REGION_WRITE);
	EXPECT_ERROR(barspan_device_region(device, 1000, &config), "ENOENT");
	barspan_device_close(device);
}

void case_open_fails(char **argv)
{
	struct barspan_device *device = NULL;

	EXPECT_ERROR(barspan_device_open_pci(&device, argv[1], NULL), argv[2]);
	EXPECT(!device, "a device is handed out");
	barspan_device_close(device);
}

void case_open_twice(char **argv)
{
	struct barspan_device *first = open_device(argv[1]), *second;

	EXPECT_ERROR(barspan_device_open_pci(&second, argv[1], NULL), "EBUSY");
	barspan_device_close(first);
	barspan_device_close(open_device(argv[1]));
}

/* seteuid() drops root's capabilities and restores them. */
void case_open_denied(char **argv)
{
	struct barspan_device *device;

	NEED(!seteuid(1000), "seteuid: %s", strerror(errno));
	EXPECT_ERROR(barspan_device_open_pci(&device, argv[1], NULL), "EACCES");
	NEED(!seteuid(0), "seteuid: %s", strerror(errno));
}

/* Opens a device by VFIO's own system calls. */
struct vfio {
	int container, group, device;
};

static struct vfio open_vfio(const char *address)
{
	struct vfio vfio;
	char path[300];

	sysfs_group_path(address, path, sizeof(path));
	vfio.container = open("/dev/vfio/vfio", O_RDWR | O_CLOEXEC);
	vfio.group = open(path, O_RDWR | O_CLOEXEC);
	NEED(vfio.container >= 0 && vfio.group >= 0, "%s: %s", path, strerror(errno));
	NEED(!ioctl(vfio.group, VFIO_GROUP_SET_CONTAINER, &vfio.container), "SET_CONTAINER: %s",
	     strerror(errno));
	NEED(!ioctl(vfio.container, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU), "SET_IOMMU: %s",
	     strerror(errno));
	vfio.device = ioctl(vfio.group, VFIO_GROUP_GET_DEVICE_FD, address);
	NEED(vfio.device >= 0, "GET_DEVICE_FD: %s", strerror(errno));
	return vfio;
}

static void expect_refused(int fd, const char *error)
{
	struct barspan_device *device;

	EXPECT_ERROR(barspan_device_open_vfio(&device, fd), error);
}

/* The caller keeps its descriptor, and can open the device from it again. */
void case_open_descriptor(char **argv)
{
	struct vfio vfio = open_vfio(argv[1]);
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	for (uint32_t i = 1; i <= 2; i++) {
		struct barspan_device *device;
		struct barspan *span;

		EXPECT_ERROR(barspan_device_open_vfio(&device, vfio.device), "0");
		EXPECT_EQUAL((uint64_t)barspan_device_fd(device), (uint64_t)vfio.device);
		EXPECT(barspan_device_iommu_fd(device, NULL) == -1,
		       "a container that is not the device's");
		span = map_region(device, BARSPAN_BAR0, NULL);
		barspan_device_close(device);
		barspan_write32(span, 4, i);
		EXPECT_EQUAL(barspan_read32(span, 4), ~i);
		barspan_unmap(span);
		EXPECT(fcntl(vfio.device, F_GETFD) >= 0, "the caller's descriptor is closed");
	}
	expect_refused(null, "ENOTTY");
	expect_refused(vfio.container, "ENOTTY");
	close(null);
	close(vfio.device);
	expect_refused(vfio.device, "EBADF");
	close(vfio.group);
	close(vfio.container);
}
