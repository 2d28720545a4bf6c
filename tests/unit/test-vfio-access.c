/* SPDX-License-Identifier: BSD-3-Clause */
/* The VFIO device: opening, accesses, and the system calls of a mapping. */
#include <errno.h>
#include <linux/pci_regs.h>
#include <linux/vfio.h>
#include <unistd.h>

#include "device/device.h"
#include "support/fake.h"
#include "support/vfio-fixture.h"

START_TEST(accesses_use_the_regions_offset_in_the_file)
{
	uint32_t value = 0x12345678;

	set_up();
	open_it();
	ck_assert_zero(barspan_device_write(device, 0, 0x1234, &value, 4));
	value = 0;
	ck_assert_int_eq(pread(kernel.file, &value, 4, BAR_OFFSET + 0x1234), 4);
	ck_assert_uint_eq(value, 0x12345678);
	value = 0;
	ck_assert_zero(barspan_device_read(device, 0, 0x1234, &value, 4));
	ck_assert_uint_eq(value, 0x12345678);
	tear_down();
}
END_TEST

START_TEST(accesses_are_checked_before_the_kernel_sees_them)
{
	uint32_t value = 0;

	set_up();
	open_it();
	kernel.flags = VFIO_REGION_INFO_FLAG_READ;
	ck_assert_zero(barspan_device_read(device, 0, 0x3ffc, &value, 4));
	ck_assert_int_eq(barspan_device_read(device, 0, 0x3ffd, &value, 4), -ERANGE);
	ck_assert_int_eq(barspan_device_write(device, 0, 0, &value, 4), -EACCES);
	ck_assert_uint_eq(fake_count(FAKE_PWRITE), 0);
	tear_down();
}
END_TEST

START_TEST(a_read_past_the_files_end_is_an_io_error)
{
	uint32_t value = 0;

	set_up();
	open_it();
	kernel.offset = FILE_SIZE - 2;
	ck_assert_int_eq(barspan_device_read(device, 0, 0, &value, 4), -EIO);
	tear_down();
}
END_TEST

static int refuse_ioctl(int fd, unsigned long request, void *argument)
{
	(void)fd;
	(void)request;
	(void)argument;
	return kernel.info_result;
}

START_TEST(other_files_are_refused)
{
	set_up();
	fake_hooks.ioctl = real_sys_ioctl;
	ck_assert_int_eq(barspan_device_open_vfio(&device, -1), -EBADF);
	ck_assert_ptr_nonnull(strstr(harness_message, "vfio fd -1: not an open descriptor"));
	ck_assert_int_eq(barspan_device_open_vfio(&device, kernel.file), -ENOTTY);
	ck_assert_ptr_nonnull(strstr(harness_message, "not a VFIO device"));
	fake_hooks.ioctl = refuse_ioctl;
	kernel.info_result = -EINVAL;
	ck_assert_int_eq(barspan_device_open_vfio(&device, kernel.file), -ENOTTY);
	fake_hooks.ioctl = play_ioctl;
	kernel.info_result = 0;
	kernel.n_regions = UINT32_MAX;
	ck_assert_int_eq(barspan_device_open_vfio(&device, kernel.file), -EPROTO);
	device = NULL;
	tear_down();
}
END_TEST

static void put_config(uint64_t at, uint32_t value, size_t length)
{
	ck_assert_int_eq(pwrite(kernel.file, &value, length, (off_t)(CONFIG_OFFSET + at)),
			 (ssize_t)length);
}

static void put_msix(void)
{
	put_config(PCI_STATUS, PCI_STATUS_CAP_LIST, 2);
	put_config(PCI_CAPABILITY_LIST, 0x40, 1);
	put_config(0x40, PCI_CAP_ID_MSIX, 2);
	put_config(0x40 + PCI_MSIX_FLAGS, 3, 2);
	put_config(0x40 + PCI_MSIX_TABLE, 0x2000 | 1, 4);
}

START_TEST(the_msix_table_is_a_hole_unless_the_kernel_allows_its_mapping)
{
	struct barspan_extent extent;
	struct barspan *span;

	set_up();
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
	tear_down();
}
END_TEST

START_TEST(opening_reads_nothing_but_configuration_space)
{
	set_up();
	put_msix();
	open_it();
	ck_assert_uint_eq(fake_count(FAKE_PREAD), 5);
	ck_assert_uint_eq(fake_count(FAKE_PWRITE), 0);
	ck_assert_uint_eq(kernel.region_calls, 0);
	tear_down();
	set_up();
	kernel.device_flags = VFIO_DEVICE_FLAGS_PLATFORM;
	open_it();
	ck_assert_uint_eq(fake_count(FAKE_PREAD), 0);
	tear_down();
}
END_TEST

START_TEST(mapping_takes_few_system_calls_and_no_access)
{
	struct barspan *span;

	set_up();
	open_it();
	fake_reset();
	fake_hooks.ioctl = play_ioctl;
	ck_assert_zero(barspan_map(&span, device, 0, NULL));
	/* One ioctl; the reservation and its madvise; two areas, whose madvise
	 * is the driver's. */
	ck_assert_uint_eq(fake_count(FAKE_IOCTL), 1);
	ck_assert_uint_eq(fake_count(FAKE_MMAP), 1 + 2);
	ck_assert_uint_eq(fake_count(FAKE_MUNMAP), 0);
	ck_assert_uint_eq(fake_count(FAKE_MADVISE), 1);
	ck_assert_uint_eq(fake_count(FAKE_PREAD) + fake_count(FAKE_PWRITE) + fake_count(FAKE_OPEN) +
				  fake_count(FAKE_READ),
			  0);
	ck_assert_uint_eq(fake_count(FAKE_MPROTECT) + fake_count(FAKE_MOVE_MAPPING), 0);
	*(volatile uint32_t *)((volatile uint8_t *)barspan_base(span) + 0x3004) = 0xcafe;

	uint32_t value = 0;

	ck_assert_int_eq(pread(kernel.file, &value, 4, BAR_OFFSET + 0x3004), 4);
	ck_assert_uint_eq(value, 0xcafe);
	barspan_unmap(span);
	tear_down();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("vfio-access");

	harness_add(suite, "access",
		    (const TTest *const[]){ accesses_use_the_regions_offset_in_the_file,
					    accesses_are_checked_before_the_kernel_sees_them,
					    a_read_past_the_files_end_is_an_io_error, NULL });
	harness_add(suite, "device",
		    (const TTest *const[]){
			    other_files_are_refused,
			    the_msix_table_is_a_hole_unless_the_kernel_allows_its_mapping,
			    opening_reads_nothing_but_configuration_space,
			    mapping_takes_few_system_calls_and_no_access, NULL });
	return harness_run(suite);
}
