/* SPDX-License-Identifier: BSD-3-Clause */
/* The VFIO device: descriptions of regions. */
#include <errno.h>
#include <linux/vfio.h>

#include "support/fake.h"
#include "support/vfio-fixture.h"

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
	ck_assert_ptr_nonnull(
		strstr(harness_message, "region 0: description still grows after 8 requests"));
	kernel.grows_for_ever = false;
	kernel.argsz = UINT32_MAX;
	kernel.n_areas = 0;
	ck_assert_int_eq(barspan_device_region(device, 0, &region), -EPROTO);
	ck_assert_ptr_nonnull(
		strstr(harness_message,
		       "region 0: description of 4294967295 bytes, expected at most 67108864"));
}
END_TEST

START_TEST(an_answer_that_is_too_short_is_refused)
{
	struct barspan_region region;

	open_it();
	kernel.argsz = sizeof(struct vfio_region_info) - 1;
	kernel.n_areas = 0;
	ck_assert_int_eq(barspan_device_region(device, 0, &region), -EPROTO);
	ck_assert_ptr_nonnull(
		strstr(harness_message, "region 0: description of 31 bytes, expected at least 32"));
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
	ck_assert_ptr_nonnull(strstr(harness_message, "region 0: malformed capability at offset "));
	ck_assert_ptr_nonnull(strstr(harness_message, " bytes: second sparse capability"));
}
END_TEST

START_TEST(a_region_beyond_the_largest_file_offset_is_refused)
{
	struct barspan_region region;

	open_it();
	kernel.offset = INT64_MAX - 0xfff;
	ck_assert_int_eq(barspan_device_region(device, 0, &region), -EPROTO);
	ck_assert_ptr_nonnull(strstr(harness_message,
				     "at file offset 0x7ffffffffffff000 exceeds the largest file"));
	kernel.offset = UINT64_MAX;
	ck_assert_int_eq(barspan_device_region(device, 0, &region), -EPROTO);
}
END_TEST

START_TEST(missing_regions_are_refused)
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

START_TEST(areas_stay_valid_after_the_kernels_answer_changes)
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

int main(void)
{
	Suite *suite = suite_create("vfio");

	harness_add_with(
		suite, "regions", set_up, tear_down,
		(const TTest *const[]){
			a_region_is_described_by_one_ioctl, a_long_answer_takes_a_second_ioctl,
			a_kernel_that_always_wants_more_is_refused,
			an_answer_that_is_too_short_is_refused, a_chain_that_loops_is_refused,
			a_region_beyond_the_largest_file_offset_is_refused,
			missing_regions_are_refused,
			areas_stay_valid_after_the_kernels_answer_changes, NULL });
	return harness_run(suite);
}
