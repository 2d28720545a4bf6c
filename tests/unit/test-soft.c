/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "device/device.h"
#include "support/fake.h"
#include "support/harness.h"

enum {
	RW = BARSPAN_REGION_READ | BARSPAN_REGION_WRITE,
	MAPPABLE = RW | BARSPAN_REGION_MMAP,
};

static const struct barspan_range two[] = { { 0, 0x1000 }, { 0x3000, 0x1000 } };
static struct barspan_device *device;

static void open_one(struct barspan_soft_region region)
{
	ck_assert_zero(harness_open_soft(&device, &region, 1));
}

/* Maps into a reservation of the test's own, as barspan_map() does. */
static int map_region(uint64_t offset, size_t length, void **out)
{
	void *at = mmap(NULL, length, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int r = device_map_at(device, 0, offset, length, PROT_READ | PROT_WRITE, at);

	if (out)
		*out = at;
	else
		munmap(at, length);
	return r;
}

START_TEST(regions_are_reported_as_opened)
{
	const struct barspan_soft_region regions[] = {
		{ .size = 0x4000, .flags = MAPPABLE, .n_areas = 2, .areas = two },
		{ .size = 0 },
		{ .size = 0x100, .flags = BARSPAN_REGION_READ },
	};
	struct barspan_region region;

	ck_assert_zero(harness_open_soft(&device, regions, 3));
	ck_assert_str_eq(barspan_device_name(device), "soft");
	ck_assert_int_eq(barspan_device_fd(device), -1);
	ck_assert_zero(barspan_device_region(device, 0, &region));
	ck_assert_uint_eq(region.size, 0x4000);
	ck_assert_uint_eq(region.flags, MAPPABLE | BARSPAN_REGION_SPARSE);
	ck_assert_uint_eq(region.n_areas, 2);
	ck_assert_ptr_ne(region.areas, two);
	ck_assert_uint_eq(region.areas[1].offset, 0x3000);
	ck_assert_zero(barspan_device_region(device, 1, &region));
	ck_assert_uint_eq(region.size, 0);
	ck_assert_int_eq(barspan_device_region(device, 3, &region), -ENOENT);
	barspan_device_close(device);
}
END_TEST

START_TEST(direct_and_trapped_reach_the_same_memory)
{
	uint32_t value = 0;
	void *mapped;

	open_one((struct barspan_soft_region){
		.size = 0x4000, .flags = MAPPABLE, .n_areas = 2, .areas = two });
	ck_assert_zero(map_region(0x3000, 0x1000, &mapped));
	((volatile uint32_t *)mapped)[1] = 0x11223344;
	ck_assert_zero(barspan_device_read(device, 0, 0x3004, &value, 4));
	ck_assert_uint_eq(value, 0x11223344);
	value = 0x55667788;
	ck_assert_zero(barspan_device_write(device, 0, 0x3008, &value, 4));
	ck_assert_uint_eq(((volatile uint32_t *)mapped)[2], 0x55667788);
	munmap(mapped, 0x1000);
	barspan_device_close(device);
}
END_TEST

START_TEST(a_mapping_outside_the_areas_is_refused)
{
	open_one((struct barspan_soft_region){
		.size = 0x4000, .flags = MAPPABLE, .n_areas = 2, .areas = two });
	ck_assert_zero(map_region(0, 0x1000, NULL));
	ck_assert_zero(map_region(0x3000, 0x1000, NULL));
	ck_assert_int_eq(map_region(0, 0x4000, NULL), -EINVAL);
	ck_assert_int_eq(map_region(0x1000, 0x1000, NULL), -EINVAL);
	ck_assert_int_eq(map_region(0, 0x2000, NULL), -EINVAL);
	ck_assert_int_eq(map_region(0x2000, 0x2000, NULL), -EINVAL);
	ck_assert_int_eq(map_region(0x4000, 0x1000, NULL), -EINVAL);
	ck_assert_int_eq(map_region(UINT64_MAX - 0xfff, 0x1000, NULL), -EINVAL);
	barspan_device_close(device);
}
END_TEST

START_TEST(areas_that_touch_can_be_mapped_at_once)
{
	const struct barspan_range touching[] = { { 0x1000, 0x1000 }, { 0, 0x1000 } };

	open_one((struct barspan_soft_region){
		.size = 0x4000, .flags = MAPPABLE, .n_areas = 2, .areas = touching });
	ck_assert_zero(map_region(0, 0x2000, NULL));
	barspan_device_close(device);
}
END_TEST

START_TEST(a_region_without_mmap_cannot_be_mapped)
{
	open_one((struct barspan_soft_region){ .size = 0x4000, .flags = RW });
	ck_assert_int_eq(map_region(0, 0x1000, NULL), -EINVAL);
	barspan_device_close(device);
	open_one((struct barspan_soft_region){ .size = 0x4000,
					       .flags = MAPPABLE | BARSPAN_REGION_SPARSE });
	ck_assert_int_eq(map_region(0, 0x1000, NULL), -EINVAL);
	barspan_device_close(device);
}
END_TEST

START_TEST(the_last_page_is_mapped_whole)
{
	open_one((struct barspan_soft_region){ .size = 0x100, .flags = MAPPABLE });
	ck_assert_zero(map_region(0, 0x1000, NULL));
	ck_assert_int_eq(map_region(0, 0x2000, NULL), -EINVAL);
	barspan_device_close(device);
}
END_TEST

START_TEST(accesses_are_checked_against_size_and_flags)
{
	uint32_t value = 0;

	open_one((struct barspan_soft_region){ .size = 0x100, .flags = BARSPAN_REGION_READ });
	ck_assert_zero(barspan_device_read(device, 0, 0xfc, &value, 4));
	ck_assert_int_eq(barspan_device_read(device, 0, 0xfd, &value, 4), -ERANGE);
	ck_assert_int_eq(barspan_device_read(device, 0, UINT64_MAX, &value, 4), -ERANGE);
	ck_assert_int_eq(barspan_device_read(device, 1, 0, &value, 4), -ENOENT);
	ck_assert_int_eq(barspan_device_write(device, 0, 0, &value, 4), -EACCES);
	barspan_device_close(device);
	open_one((struct barspan_soft_region){ .size = 0x100, .flags = BARSPAN_REGION_WRITE });
	ck_assert_int_eq(barspan_device_read(device, 0, 0, &value, 4), -EACCES);
	ck_assert_zero(barspan_device_write(device, 0, 0, &value, 4));
	barspan_device_close(device);
}
END_TEST

static int answer_read(void *context, uint64_t offset, void *buffer, size_t length)
{
	*(uint64_t *)context = offset;
	memset(buffer, 0xab, length);
	return length == 2 ? -EIO : 0;
}

static int take_write(void *context, uint64_t offset, const void *buffer, size_t length)
{
	*(uint64_t *)context = offset + length + *(const uint8_t *)buffer;
	return 0;
}

START_TEST(hooks_serve_trapped_accesses)
{
	uint64_t seen = 0;
	uint32_t value = 7;

	open_one((struct barspan_soft_region){ .size = 0x4000,
					       .flags = MAPPABLE,
					       .n_areas = 2,
					       .areas = two,
					       .read = answer_read,
					       .write = take_write,
					       .context = &seen });
	ck_assert_zero(barspan_device_read(device, 0, 0x1234, &value, 4));
	ck_assert_uint_eq(value, 0xabababab);
	ck_assert_uint_eq(seen, 0x1234);
	ck_assert_int_eq(barspan_device_read(device, 0, 0x1234, &value, 2), -EIO);
	value = 1;
	ck_assert_zero(barspan_device_write(device, 0, 0x2000, &value, 4));
	ck_assert_uint_eq(seen, 0x2005);
	barspan_device_close(device);
}
END_TEST

START_TEST(trapped_accesses_are_counted)
{
	uint64_t reads = 9, writes = 9;
	uint8_t byte = 0;

	open_one((struct barspan_soft_region){ .size = 0x4000, .flags = MAPPABLE });
	ck_assert_zero(barspan_device_read(device, 0, 0, &byte, 1));
	ck_assert_zero(barspan_device_read(device, 0, 0, &byte, 0));
	ck_assert_zero(barspan_device_write(device, 0, 0, &byte, 1));
	ck_assert_zero(barspan_device_write(device, 0, 1, &byte, 1));
	ck_assert_zero(barspan_soft_trapped(device, 0, &reads, &writes));
	ck_assert_uint_eq(reads, 1);
	ck_assert_uint_eq(writes, 2);
	ck_assert_zero(barspan_soft_trapped(device, 0, NULL, NULL));
	ck_assert_int_eq(barspan_soft_trapped(device, 1, &reads, &writes), -ENOENT);
	barspan_device_close(device);
}
END_TEST

START_TEST(the_memory_file_has_the_regions_memory)
{
	uint8_t byte = 0x5a;
	int fd;

	open_one((struct barspan_soft_region){ .size = 0x4000, .flags = MAPPABLE });
	fd = barspan_soft_fd(device, 0);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(fcntl(fd, F_GETFD), FD_CLOEXEC);
	ck_assert_int_eq(pwrite(fd, &byte, 1, 0x2345), 1);
	byte = 0;
	ck_assert_zero(barspan_device_read(device, 0, 0x2345, &byte, 1));
	ck_assert_uint_eq(byte, 0x5a);
	ck_assert_int_eq(barspan_soft_fd(device, 1), -ENOENT);
	barspan_device_close(device);
}
END_TEST

/* Expects that a device of `n` regions is refused with one message. */
static void expect_refusal(const struct barspan_soft_region *regions, size_t n, int error,
			   const char *message)
{
	harness_listen();
	ck_assert_int_eq(harness_open_soft(&device, regions, n), error);
	ck_assert_str_eq(harness_message, message);
}

START_TEST(invalid_regions_are_named_with_their_values)
{
	const struct barspan_soft_region flags = { .size = 1, .flags = 1u << 20 | RW };
	const struct barspan_soft_region no_list = { .size = 1, .n_areas = 3 };
	const struct barspan_soft_region too_large = { .size = UINT64_MAX, .flags = RW };
	char *before = harness_snapshot();

	expect_refusal(&flags, 1, -EINVAL,
		       "soft region 0: flags 0x100003 has unknown bits 0x100000");
	expect_refusal(&no_list, 1, -EINVAL, "soft region 0: 3 areas, but `areas` is NULL");
	expect_refusal(
		&too_large, 1, -EFBIG,
		"soft region 0: cannot allocate 0xffffffffffffffff bytes and 0 areas: EFBIG");
	expect_refusal(&flags, 257, -EINVAL, "soft: 257 regions, expected at most 256");
	ck_assert_zero(harness_open_soft(&device, NULL, 0));
	barspan_device_close(device);

	harness_expect_unchanged(&before);
}
END_TEST

START_TEST(the_number_of_areas_has_a_limit)
{
	struct barspan_range *areas = calloc(BARSPAN_MAX_AREAS, sizeof(*areas));
	struct barspan_soft_region region = { .size = 0x2000, .flags = MAPPABLE, .areas = areas };
	static const uint32_t too_many[] = { BARSPAN_MAX_AREAS + 1, UINT32_MAX - 1, UINT32_MAX };

	ck_assert_ptr_nonnull(areas);
	for (size_t i = 0; i < sizeof(too_many) / sizeof(too_many[0]); i++) {
		char wanted[80];

		region.n_areas = too_many[i];
		snprintf(wanted, sizeof(wanted),
			 "soft region 0: %u areas, expected at most 1048576", too_many[i]);
		harness_listen();
		ck_assert_int_eq(harness_open_soft(&device, &region, 1), -EINVAL);
		ck_assert_ptr_nonnull(strstr(harness_message, wanted));
	}
	region.n_areas = BARSPAN_MAX_AREAS;
	areas[BARSPAN_MAX_AREAS - 1].length = 0x1000;
	open_one(region);
	ck_assert_zero(map_region(0, 0x1000, NULL));
	ck_assert_int_eq(map_region(0x1000, 0x1000, NULL), -EINVAL);
	barspan_device_close(device);
	free(areas);
}
END_TEST

START_TEST(a_region_over_the_limit_of_file_sizes_is_refused)
{
	const struct barspan_soft_region large = { .size = 0x10001, .flags = RW };
	char *before = harness_snapshot();
	struct rlimit usual, limit;

	ck_assert_zero(getrlimit(RLIMIT_FSIZE, &usual));
	limit = (struct rlimit){ 0x10000, usual.rlim_max };
	ck_assert_zero(setrlimit(RLIMIT_FSIZE, &limit));
	ck_assert_int_eq(harness_open_soft(&device, &large, 1), -EFBIG);
	open_one((struct barspan_soft_region){ .size = 0x10000, .flags = RW });
	barspan_device_close(device);
	ck_assert_zero(setrlimit(RLIMIT_FSIZE, &usual));
	open_one(large);
	barspan_device_close(device);
	harness_expect_unchanged(&before);
}
END_TEST

START_TEST(malformed_areas_are_reported_unchanged)
{
	const struct barspan_range odd[] = { { 0x1000, UINT64_MAX }, { 0x8000, 0x1000 } };
	struct barspan_region region;

	open_one((struct barspan_soft_region){
		.size = 0x4000, .flags = MAPPABLE, .n_areas = 2, .areas = odd });
	ck_assert_zero(barspan_device_region(device, 0, &region));
	ck_assert_uint_eq(region.areas[0].length, UINT64_MAX);
	ck_assert_int_eq(map_region(0x1000, 0x1000, NULL), -EINVAL);
	barspan_device_close(device);
}
END_TEST

/* Programs that were built with another version have regions of another
 * size. */
START_TEST(options_and_regions_can_grow)
{
	struct grown {
		struct barspan_soft_region region;
		uint64_t more;
	} regions[] = { { { .size = 0x1000, .flags = RW }, 0 },
			{ { .size = 0x2000, .flags = RW }, 0 } };
	struct barspan_soft_options options = BARSPAN_SOFT_OPTIONS(&regions[0].region, 2);
	struct barspan_region region;

	options.name = "engine";
	options.region_size = sizeof(regions[0]);
	ck_assert_zero(barspan_device_open_soft(&device, &options));
	ck_assert_str_eq(barspan_device_name(device), "engine");
	ck_assert_zero(barspan_device_region(device, 1, &region));
	ck_assert_uint_eq(region.size, 0x2000);
	barspan_device_close(device);
	regions[1].more = 1;
	harness_listen();
	ck_assert_int_eq(barspan_device_open_soft(&device, &options), -E2BIG);
	ck_assert_ptr_nonnull(
		strstr(harness_message, "soft region 1: region_size: nonzero bytes after the "));
	options.region_size = sizeof(struct barspan_soft_region) - 8;
	ck_assert_int_eq(barspan_device_open_soft(&device, &options), -EINVAL);
	options.region_size = 8192;
	ck_assert_int_eq(barspan_device_open_soft(&device, &options), -E2BIG);
	options = (struct barspan_soft_options)BARSPAN_SOFT_OPTIONS(
		(struct barspan_soft_region *)NULL, 1);
	harness_listen();
	ck_assert_int_eq(barspan_device_open_soft(&device, &options), -EINVAL);
	ck_assert_str_eq(harness_message, "soft: 1 regions, but `regions` is NULL");
	options.size = 8;
	harness_listen();
	ck_assert_int_eq(barspan_device_open_soft(&device, &options), -EINVAL);
	ck_assert_ptr_nonnull(strstr(harness_message, "soft: options: size 8 is less than "));
	ck_assert_zero(barspan_device_open_soft(&device, NULL));
	ck_assert_int_eq(barspan_device_region(device, 0, &region), -ENOENT);
	barspan_device_close(device);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("soft");

	harness_add(
		suite, "soft",
		(const TTest *const[]){
			regions_are_reported_as_opened, direct_and_trapped_reach_the_same_memory,
			a_mapping_outside_the_areas_is_refused,
			areas_that_touch_can_be_mapped_at_once,
			a_region_without_mmap_cannot_be_mapped, the_last_page_is_mapped_whole,
			accesses_are_checked_against_size_and_flags, hooks_serve_trapped_accesses,
			trapped_accesses_are_counted, the_memory_file_has_the_regions_memory,
			invalid_regions_are_named_with_their_values,
			malformed_areas_are_reported_unchanged, the_number_of_areas_has_a_limit,
			a_region_over_the_limit_of_file_sizes_is_refused,
			options_and_regions_can_grow, NULL });
	return harness_run(suite);
}
