/* SPDX-License-Identifier: BSD-3-Clause */
/* A VFIO device whose descriptions of regions change from call to call. */
#include <errno.h>
#include <linux/vfio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "device/device.h"
#include "device/vfio.h"
#include "support/fake.h"
#include "support/harness.h"

enum { BAR_OFFSET = 0x100000, SIZE = 0x4000, FILE_SIZE = 0x800000, MAPPABLE = 7, KEPT = 64 };

/* The kernel's answer for one region; all others have size 0. */
static struct {
	int file;
	unsigned int index;
	uint64_t size, area;
	uint32_t flags, n_areas;
	unsigned int region_calls;
} kernel;

static struct barspan_device *device;

static int answer_region(struct vfio_region_info *info)
{
	struct vfio_region_info_cap_sparse_mmap *sparse = (void *)(info + 1);
	uint32_t needed = (uint32_t)(sizeof(*info) + sizeof(*sparse) +
				     kernel.n_areas * sizeof(sparse->areas[0]));

	kernel.region_calls++;
	info->offset = (uint64_t)BAR_OFFSET * (1 + info->index);
	info->flags = kernel.flags;
	info->size = info->index == kernel.index ? kernel.size : 0;
	if (!info->size)
		return 0;
	info->flags |= VFIO_REGION_INFO_FLAG_CAPS;
	if (info->argsz < needed) {
		info->argsz = needed;
		return 0;
	}
	info->cap_offset = sizeof(*info);
	sparse->header.id = VFIO_REGION_INFO_CAP_SPARSE_MMAP;
	sparse->header.version = 1;
	sparse->nr_areas = kernel.n_areas;
	for (uint32_t i = 0; i < kernel.n_areas; i++)
		sparse->areas[i].size = kernel.area;
	return 0;
}

static int play_ioctl(int fd, unsigned long request, void *argument)
{
	ck_assert_int_eq(fd, kernel.file);
	if (request == VFIO_DEVICE_GET_REGION_INFO)
		return answer_region(argument);
	((struct vfio_device_info *)argument)->flags = VFIO_DEVICE_FLAGS_PLATFORM;
	((struct vfio_device_info *)argument)->num_regions = 3;
	return 0;
}

static void set_up(void)
{
	fake_reset();
	memset(&kernel, 0, sizeof(kernel));
	kernel.file = memfd_create("vfio", MFD_CLOEXEC);
	ck_assert_zero(ftruncate(kernel.file, FILE_SIZE));
	kernel.size = SIZE;
	kernel.area = 0x1000;
	kernel.n_areas = 1;
	kernel.flags = MAPPABLE;
	fake_hooks.ioctl = play_ioctl;
	harness_listen();
	ck_assert_zero(barspan_device_open_vfio(&device, kernel.file));
}

static void tear_down(void)
{
	barspan_device_close(device);
	close(kernel.file);
	fake_reset();
}

/* The region according to the kernel's present answer. */
static struct barspan_region current_region(void)
{
	struct barspan_region region;

	ck_assert_zero(barspan_device_region(device, 0, &region));
	ck_assert_uint_eq(region.size, kernel.size);
	return region;
}

static void expect_access(struct barspan *span, uint64_t offset)
{
	uint32_t value = 0xc0ffee, got = 0;

	ck_assert_zero(barspan_write(span, offset, &value, 4));
	ck_assert_zero(barspan_read(span, offset, &got, 4));
	ck_assert_uint_eq(got, value);
	ck_assert_int_eq(pread(kernel.file, &got, 4, (off_t)(BAR_OFFSET + offset)), 4);
	ck_assert_uint_eq(got, value);
}

START_TEST(a_span_outlives_a_description_without_a_size)
{
	struct barspan *span;

	ck_assert_zero(barspan_map(&span, device, 0, NULL));
	kernel.size = 0;
	current_region();
	kernel.region_calls = 0;
	expect_access(span, 0x2000);
	ck_assert_zero(barspan_suspend(span));
	expect_access(span, 0);
	ck_assert_zero(barspan_resume(span));
	ck_assert(barspan_is_direct(span, 0, 0x1000));
	ck_assert_uint_eq(kernel.region_calls, 0);
	barspan_unmap(span);
}
END_TEST

START_TEST(a_region_may_get_its_size_later)
{
	uint32_t value = 0;

	kernel.size = 0;
	current_region();
	ck_assert_int_eq(barspan_device_read(device, 0, 0x2000, &value, 4), -ERANGE);
	kernel.size = SIZE;
	ck_assert_zero(barspan_device_read(device, 0, 0x2000, &value, 4));
}
END_TEST

START_TEST(a_span_outlives_a_smaller_description)
{
	struct barspan *span;
	uint32_t value = 0;

	ck_assert_zero(barspan_map(&span, device, 0, NULL));
	kernel.size = 0x1000;
	kernel.flags = VFIO_REGION_INFO_FLAG_READ;
	current_region();
	expect_access(span, 0x2000);
	ck_assert_int_eq(barspan_device_read(device, 0, SIZE, &value, 4), -ERANGE);
	barspan_unmap(span);
}
END_TEST

START_TEST(alternating_descriptions_share_their_memory)
{
	struct barspan_region first, second, none;
	uint64_t before;

	first = current_region();
	kernel.area = 0x2000;
	second = current_region();
	kernel.size = 0;
	none = current_region();
	ck_assert_ptr_ne(first.areas, second.areas);
	before = harness_status("VmRSS:");
	for (int i = 0; i < 20000; i++) {
		kernel.size = i % 3 ? SIZE : 0;
		kernel.area = i % 3 == 1 ? 0x1000 : 0x2000;
		ck_assert_ptr_eq(current_region().areas, i % 3 == 0   ? none.areas
							 : i % 3 == 1 ? first.areas
								      : second.areas);
	}
	ck_assert_uint_eq(first.areas[0].length, 0x1000);
	ck_assert_uint_eq(second.areas[0].length, 0x2000);
	if (!harness_instrumented())
		ck_assert_uint_le(harness_status("VmRSS:"), before + (1 << 20));
}
END_TEST

START_TEST(the_number_of_different_descriptions_has_a_limit)
{
	struct barspan_region region, first;
	uint32_t value = 0;

	first = current_region();
	for (uint64_t i = 2; i <= KEPT; i++) {
		kernel.area = i * 0x1000;
		current_region();
	}
	kernel.area = (KEPT + 1) * 0x1000;
	ck_assert_int_eq(barspan_device_region(device, 0, &region), -EPROTO);
	ck_assert_ptr_nonnull(
		strstr(harness_message, "region 0: more than 64 different descriptions"));
	ck_assert_zero(barspan_device_read(device, 0, 0x2000, &value, 4));
	kernel.area = 0x1000;
	ck_assert_ptr_eq(current_region().areas, first.areas);
}
END_TEST

START_TEST(the_number_of_areas_has_a_limit)
{
	struct barspan_region region;

	kernel.n_areas = BARSPAN_MAX_AREAS;
	ck_assert_uint_eq(current_region().n_areas, BARSPAN_MAX_AREAS);
	kernel.n_areas++;
	ck_assert_int_eq(barspan_device_region(device, 0, &region), -EPROTO);
	ck_assert_ptr_nonnull(
		strstr(harness_message, "region 0: 1048577 areas, expected at most 1048576"));
}
END_TEST

START_TEST(a_region_is_found_without_asking_for_those_that_have_no_size)
{
	unsigned int index = 7;
	uint64_t offset = 7;

	kernel.index = 2;
	ck_assert_zero(vfio_find_region(device, 3 * BAR_OFFSET + 0x1234, &index, &offset));
	ck_assert_uint_eq(index, 2);
	ck_assert_uint_eq(offset, 0x1234);
	ck_assert_int_eq(vfio_find_region(device, 3 * BAR_OFFSET + SIZE, &index, &offset), -EINVAL);
	ck_assert_int_eq(vfio_find_region(device, BAR_OFFSET, &index, &offset), -EINVAL);
	kernel.region_calls = 0;
	ck_assert_zero(vfio_find_region(device, 3 * BAR_OFFSET, &index, &offset));
	ck_assert_uint_eq(kernel.region_calls, 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("vfio-change");

	harness_add_with(
		suite, "change", set_up, tear_down,
		(const TTest *const[]){
			a_span_outlives_a_description_without_a_size,
			a_region_may_get_its_size_later, a_span_outlives_a_smaller_description,
			alternating_descriptions_share_their_memory,
			the_number_of_different_descriptions_has_a_limit,
			the_number_of_areas_has_a_limit,
			a_region_is_found_without_asking_for_those_that_have_no_size, NULL });
	return harness_run(suite);
}
