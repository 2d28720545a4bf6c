/* SPDX-License-Identifier: BSD-3-Clause */
/* The VFIO device, with a kernel that the test plays: ioctls by a hook, the device's file by a memory file. */
#include <errno.h>
#include <linux/pci_regs.h>
#include <linux/vfio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "device/device.h"
#include "support/fake.h"
#include "support/harness.h"

enum { BAR_OFFSET = 0x100000, CONFIG_OFFSET = 0x700000, FILE_SIZE = 0x800000, MAPPABLE = 7 };

/* What the kernel says. */
static struct {
	int file;
	uint32_t device_flags, n_regions;
	uint64_t size, offset;
	uint32_t flags, n_areas, argsz, cap_offset;
	struct barspan_range areas[600];
	unsigned int region_calls;
	uint32_t last_argsz;
	int info_result, region_result;
	bool grows_for_ever, hostile_chain;
} kernel;

static void put_areas(struct vfio_region_info *info)
{
	struct vfio_region_info_cap_sparse_mmap *sparse = (void *)(info + 1);
	uint32_t needed = (uint32_t)(sizeof(*info) + sizeof(*sparse) + kernel.n_areas * sizeof(kernel.areas[0]));

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

static int play_ioctl(int fd, unsigned long request, void *argument)
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

static struct barspan_device *device;

static void set_up(void)
{
	static const struct barspan_range two[] = { { 0, 0x1000 }, { 0x3000, 0x1000 } };

	fake_reset();
	device = NULL;
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

static void open_it(void)
{
	ck_assert_zero(barspan_device_open_vfio(&device, kernel.file));
}

static void tear_down(void)
{
	barspan_device_close(device);
	close(kernel.file);
	fake_reset();
}

START_TEST(a_region_is_described_by_one_ioctl)
{
	struct barspan_region region;

	open_it();
	fake_reset();
	fake_hooks.ioctl = play_ioctl;
	ck_assert_zero(barspan_device_region(device, 2, &region));
	ck_assert_uint_eq(region.size, 0x4000);
	ck_assert_uint_eq(region.flags, MAPPABLE | BARSPAN_REGION_SPARSE);
	ck_assert_uint_eq(region.n_areas, 2);
	ck_assert_uint_eq(region.areas[1].offset, 0x3000);
	ck_assert_uint_eq(fake_count(FAKE_IOCTL), 1);
	ck_assert_uint_eq(kernel.last_argsz, 4096);
	ck_assert_int_eq(barspan_device_fd(device), kernel.file);
	ck_assert_int_eq(barspan_device_iommu_fd(device, NULL), -1);
}
END_TEST

START_TEST(a_long_answer_takes_a_second_ioctl)
{
	struct barspan_region region;

	open_it();
	kernel.n_areas = 600;
	for (uint64_t i = 0; i < 600; i++)
		kernel.areas[i] = (struct barspan_range){ i * 0x2000, 0x1000 };
	kernel.size = 0x2000 * 600;
	kernel.region_calls = 0;
	ck_assert_zero(barspan_device_region(device, 0, &region));
	ck_assert_uint_eq(region.n_areas, 600);
	ck_assert_uint_eq(region.areas[599].offset, 599 * 0x2000);
	ck_assert_uint_eq(kernel.region_calls, 2);
}
END_TEST

START_TEST(a_kernel_that_always_wants_more_is_refused)
{
	struct barspan_region region;

	open_it();
	kernel.grows_for_ever = true;
	ck_assert_int_eq(barspan_device_region(device, 0, &region), -EPROTO);
	ck_assert_uint_le(kernel.region_calls, 16);
	kernel.grows_for_ever = false;
	kernel.argsz = UINT32_MAX;
	kernel.n_areas = 0;
	ck_assert_int_eq(barspan_device_region(device, 0, &region), -EPROTO);
	ck_assert_ptr_nonnull(strstr(harness_message, "4294967295"));
}
END_TEST

START_TEST(an_answer_that_is_too_short_is_refused)
{
	struct barspan_region region;

	open_it();
	kernel.argsz = sizeof(struct vfio_region_info) - 1;
	kernel.n_areas = 0;
	ck_assert_int_eq(barspan_device_region(device, 0, &region), -EPROTO);
	kernel.argsz = 0;
	kernel.cap_offset = 0xfffffff0;
	ck_assert_int_eq(barspan_device_region(device, 0, &region), -EPROTO);
}
END_TEST

START_TEST(a_chain_that_loops_is_refused)
{
	struct barspan_region region;

	open_it();
	kernel.hostile_chain = true;
	ck_assert_int_eq(barspan_device_region(device, 0, &region), -EPROTO);
	ck_assert_ptr_nonnull(strstr(harness_message, "region 0"));
}
END_TEST

START_TEST(a_region_past_what_a_file_can_have_is_refused)
{
	struct barspan_region region;

	open_it();
	kernel.offset = INT64_MAX - 0xfff;
	ck_assert_int_eq(barspan_device_region(device, 0, &region), -EPROTO);
	kernel.offset = UINT64_MAX;
	ck_assert_int_eq(barspan_device_region(device, 0, &region), -EPROTO);
}
END_TEST

START_TEST(regions_that_are_not_there)
{
	struct barspan_region region;
	uint32_t value;

	open_it();
	ck_assert_int_eq(barspan_device_region(device, 9, &region), -ENOENT);
	ck_assert_int_eq(barspan_device_region(device, UINT32_MAX, &region), -ENOENT);
	ck_assert_int_eq(barspan_device_read(device, 9, 0, &value, 4), -ENOENT);
	ck_assert_int_eq(barspan_device_write(device, 9, 0, &value, 4), -ENOENT);
	kernel.region_result = -EINVAL;
	ck_assert_int_eq(barspan_device_region(device, 8, &region), -ENOENT);
	kernel.region_result = -ENODEV;
	ck_assert_int_eq(barspan_device_region(device, 8, &region), -ENODEV);
}
END_TEST

START_TEST(areas_stay_valid_when_the_kernel_changes_its_mind)
{
	struct barspan_region first, second, third;

	open_it();
	ck_assert_zero(barspan_device_region(device, 0, &first));
	ck_assert_zero(barspan_device_region(device, 0, &second));
	ck_assert_ptr_eq(first.areas, second.areas);
	kernel.areas[1].offset = 0x2000;
	ck_assert_zero(barspan_device_region(device, 0, &third));
	ck_assert_uint_eq(third.areas[1].offset, 0x2000);
	ck_assert_uint_eq(first.areas[1].offset, 0x3000);
}
END_TEST

START_TEST(accesses_go_to_the_regions_place_in_the_file)
{
	uint32_t value = 0x12345678;

	open_it();
	ck_assert_zero(barspan_device_write(device, 0, 0x1234, &value, 4));
	value = 0;
	ck_assert_int_eq(pread(kernel.file, &value, 4, BAR_OFFSET + 0x1234), 4);
	ck_assert_uint_eq(value, 0x12345678);
	value = 0;
	ck_assert_zero(barspan_device_read(device, 0, 0x1234, &value, 4));
	ck_assert_uint_eq(value, 0x12345678);
}
END_TEST

START_TEST(accesses_are_checked_before_the_kernel_sees_them)
{
	uint32_t value = 0;

	open_it();
	kernel.flags = VFIO_REGION_INFO_FLAG_READ;
	ck_assert_zero(barspan_device_read(device, 0, 0x3ffc, &value, 4));
	ck_assert_int_eq(barspan_device_read(device, 0, 0x3ffd, &value, 4), -ERANGE);
	ck_assert_int_eq(barspan_device_write(device, 0, 0, &value, 4), -EACCES);
	ck_assert_uint_eq(fake_count(FAKE_PWRITE), 0);
}
END_TEST

START_TEST(a_file_that_ends_is_an_io_error)
{
	uint32_t value = 0;

	open_it();
	kernel.offset = FILE_SIZE - 2;
	ck_assert_int_eq(barspan_device_read(device, 0, 0, &value, 4), -EIO);
}
END_TEST

static int refuse_ioctl(int fd, unsigned long request, void *argument)
{
	(void)fd;
	(void)request;
	(void)argument;
	return kernel.info_result;
}

START_TEST(what_is_no_vfio_device_is_refused)
{
	fake_hooks.ioctl = real_sys_ioctl;
	ck_assert_int_eq(barspan_device_open_vfio(&device, -1), -EBADF);
	ck_assert_int_eq(barspan_device_open_vfio(&device, kernel.file), -ENOTTY);
	ck_assert_ptr_nonnull(strstr(harness_message, "not a VFIO device"));
	fake_hooks.ioctl = refuse_ioctl;
	kernel.info_result = -EINVAL;
	ck_assert_int_eq(barspan_device_open_vfio(&device, kernel.file), -ENOTTY);
	fake_hooks.ioctl = play_ioctl;
	kernel.info_result = 0;
	kernel.n_regions = UINT32_MAX;
	ck_assert_int_eq(barspan_device_open_vfio(&device, kernel.file), -EPROTO);
}
END_TEST

static void put_config(uint64_t at, uint32_t value, size_t length)
{
	ck_assert_int_eq(pwrite(kernel.file, &value, length, (off_t)(CONFIG_OFFSET + at)), (ssize_t)length);
}

static void put_msix(void)
{
	put_config(PCI_STATUS, PCI_STATUS_CAP_LIST, 2);
	put_config(PCI_CAPABILITY_LIST, 0x40, 1);
	put_config(0x40, PCI_CAP_ID_MSIX, 2);
	put_config(0x40 + PCI_MSIX_FLAGS, 3, 2);
	put_config(0x40 + PCI_MSIX_TABLE, 0x2000 | 1, 4);
}

START_TEST(the_msix_table_is_a_hole_where_the_kernel_keeps_it)
{
	struct barspan_extent extent;
	struct barspan *span;

	put_msix();
	kernel.n_areas = 0;
	open_it();
	ck_assert_zero(barspan_map(&span, device, 1, NULL));
	ck_assert_zero(barspan_extent_at(span, 0x2000, &extent));
	ck_assert_int_eq(extent.reason, BARSPAN_REASON_MSIX);
	ck_assert_uint_eq(extent.length, 64);
	barspan_unmap(span);
	ck_assert_zero(barspan_map(&span, device, 2, NULL));
	ck_assert(barspan_is_direct(span, 0, 0x4000));
	barspan_unmap(span);
}
END_TEST

START_TEST(opening_reads_nothing_but_configuration_space)
{
	put_msix();
	open_it();
	ck_assert_uint_eq(fake_count(FAKE_PREAD), 5);
	ck_assert_uint_eq(fake_count(FAKE_PWRITE), 0);
	ck_assert_uint_eq(kernel.region_calls, 0);
}
END_TEST

START_TEST(opening_a_platform_device_reads_nothing)
{
	kernel.device_flags = VFIO_DEVICE_FLAGS_PLATFORM;
	open_it();
	ck_assert_uint_eq(fake_count(FAKE_PREAD), 0);
}
END_TEST

START_TEST(mapping_takes_few_system_calls_and_no_access)
{
	struct barspan *span;

	open_it();
	fake_reset();
	fake_hooks.ioctl = play_ioctl;
	ck_assert_zero(barspan_map(&span, device, 0, NULL));
	/* One ioctl; the reservation, and its mark; two areas, which their driver marks. */
	ck_assert_uint_eq(fake_count(FAKE_IOCTL), 1);
	ck_assert_uint_eq(fake_count(FAKE_MMAP), 1 + 2);
	ck_assert_uint_eq(fake_count(FAKE_MUNMAP), 0);
	ck_assert_uint_eq(fake_count(FAKE_MADVISE), 1);
	ck_assert_uint_eq(fake_count(FAKE_PREAD) + fake_count(FAKE_PWRITE) + fake_count(FAKE_OPEN) + fake_count(FAKE_READ), 0);
	ck_assert_uint_eq(fake_count(FAKE_MPROTECT) + fake_count(FAKE_MOVE_MAPPING), 0);
	*(volatile uint32_t *)((volatile uint8_t *)barspan_base(span) + 0x3004) = 0xcafe;

	uint32_t value = 0;

	ck_assert_int_eq(pread(kernel.file, &value, 4, BAR_OFFSET + 0x3004), 4);
	ck_assert_uint_eq(value, 0xcafe);
	barspan_unmap(span);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("vfio");

	harness_add_with(suite, "regions", set_up, tear_down, (const TTest *const[]){
		a_region_is_described_by_one_ioctl, a_long_answer_takes_a_second_ioctl,
		a_kernel_that_always_wants_more_is_refused, an_answer_that_is_too_short_is_refused, a_chain_that_loops_is_refused,
		a_region_past_what_a_file_can_have_is_refused, regions_that_are_not_there,
		areas_stay_valid_when_the_kernel_changes_its_mind, NULL });
	harness_add_with(suite, "access", set_up, tear_down, (const TTest *const[]){
		accesses_go_to_the_regions_place_in_the_file, accesses_are_checked_before_the_kernel_sees_them,
		a_file_that_ends_is_an_io_error, NULL });
	harness_add_with(suite, "device", set_up, tear_down, (const TTest *const[]){
		what_is_no_vfio_device_is_refused, the_msix_table_is_a_hole_where_the_kernel_keeps_it,
		opening_reads_nothing_but_configuration_space,
		opening_a_platform_device_reads_nothing, mapping_takes_few_system_calls_and_no_access, NULL });
	return harness_run(suite);
}
