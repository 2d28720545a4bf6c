/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <linux/pci_regs.h>
#include <linux/vfio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "device/device.h"
#include "fake.h"
#include "vfio-fixture.h"

struct kernel kernel;

static void put_areas(struct vfio_region_info *info)
{
	struct vfio_region_info_cap_sparse_mmap *sparse = (void *)(info + 1);
	uint32_t needed = (uint32_t)(sizeof(*info) + sizeof(*sparse) +
				     kernel.n_areas * sizeof(kernel.areas[0]));

	info->flags |= VFIO_REGION_INFO_FLAG_CAPS;
	if (info->argsz < needed) {
		info->argsz = needed;
		return;
	}
	info->cap_offset = sizeof(*info);
	sparse->header.id = VFIO_REGION_INFO_CAP_SPARSE_MMAP;
	sparse->header.version = 1;
	sparse->header.next = kernel.hostile_chain ? sizeof(*info) : 0;
	sparse->nr_areas = kernel.n_areas;
	memcpy(sparse->areas, kernel.areas, kernel.n_areas * sizeof(kernel.areas[0]));
}

static int answer_region(struct vfio_region_info *info)
{
	if (info->index == VFIO_PCI_CONFIG_REGION_INDEX) {
		info->size = 256;
		info->offset = CONFIG_OFFSET;
		info->flags = 3;
		return 0;
	}
	kernel.region_calls++;
	kernel.last_argsz = info->argsz;
	if (kernel.region_result || info->index >= kernel.n_regions)
		return kernel.region_result ? kernel.region_result : -EINVAL;
	info->size = kernel.size;
	info->offset = kernel.offset;
	info->flags = kernel.flags;
	if (kernel.argsz)
		info->argsz = kernel.argsz;
	if (kernel.grows_for_ever)
		info->argsz += 1000;
	else if (kernel.n_areas)
		put_areas(info);
	if (kernel.cap_offset) {
		info->flags |= VFIO_REGION_INFO_FLAG_CAPS;
		info->cap_offset = kernel.cap_offset;
	}
	return 0;
}

int play_ioctl(int fd, unsigned long request, void *argument)
{
	struct vfio_device_info *info = argument;

	ck_assert_int_eq(fd, kernel.file);
	if (request == VFIO_DEVICE_GET_REGION_INFO)
		return answer_region(argument);
	ck_assert_uint_eq(request, VFIO_DEVICE_GET_INFO);
	info->flags = kernel.device_flags;
	info->num_regions = kernel.n_regions;
	return kernel.info_result;
}

struct barspan_device *device;

void set_up(void)
{
	static const struct barspan_range two[] = { { 0, 0x1000 }, { 0x3000, 0x1000 } };

	fake_reset();
	memset(&kernel, 0, sizeof(kernel));
	kernel.file = memfd_create("vfio", MFD_CLOEXEC);
	ck_assert_zero(ftruncate(kernel.file, FILE_SIZE));
	kernel.device_flags = VFIO_DEVICE_FLAGS_PCI;
	kernel.n_regions = 9;
	kernel.size = 0x4000;
	kernel.offset = BAR_OFFSET;
	kernel.flags = MAPPABLE;
	kernel.n_areas = 2;
	memcpy(kernel.areas, two, sizeof(two));
	fake_hooks.ioctl = play_ioctl;
	harness_listen();
}

void open_it(void)
{
	ck_assert_zero(barspan_device_open_vfio(&device, kernel.file));
}

void tear_down(void)
{
	barspan_device_close(device);
	close(kernel.file);
	fake_reset();
}
