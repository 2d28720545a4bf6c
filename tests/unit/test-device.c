/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <sys/mman.h>

#include "device/device.h"
#include "support/fake.h"
#include "support/harness.h"
#include "util/extensible.h"
#include "util/sys.h"

static unsigned int closed;
static int region_result;
static struct barspan_region region_answer;

static int region_op(void *context, unsigned int index, struct barspan_region *out)
{
	(void)context;
	(void)index;
	*out = region_answer;
	return region_result;
}

static int map_op(void *context, unsigned int index, uint64_t offset, size_t length, int prot,
		  void *address)
{
	(void)context;
	(void)index;
	(void)offset;
	return mmap(address, length, prot, MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED, -1, 0) ==
			       MAP_FAILED
		       ? -errno
		       : 0;
}

static int read_op(void *context, unsigned int index, uint64_t offset, void *buffer, size_t length)
{
	(void)context;
	memset(buffer, (int)(index + offset), length);
	return 0;
}

static int write_op(void *context, unsigned int index, uint64_t offset, const void *buffer,
		    size_t length)
{
	(void)context;
	(void)index;
	(void)offset;
	(void)buffer;
	(void)length;
	return -ENODEV;
}

static void close_op(void *context)
{
	++*(unsigned int *)context;
}

static const struct barspan_device_ops good = {
	.size = sizeof(good),
	.region = region_op,
	.map = map_op,
	.read = read_op,
	.write = write_op,
	.close = close_op,
};

static struct barspan_device *device;

static void set_up(void)
{
	closed = 0;
	region_result = 0;
}

START_TEST(operations_are_copied_and_called)
{
	struct barspan_device_ops ops = good;
	uint8_t bytes[2];

	ck_assert_zero(barspan_device_open_ops(&device, &ops, &closed));
	memset(&ops, 0, sizeof(ops));
	ck_assert_str_eq(barspan_device_name(device), "ops");
	ck_assert_zero(barspan_device_read(device, 3, 4, bytes, 2));
	ck_assert_uint_eq(bytes[1], 7);
	ck_assert_int_eq(barspan_device_write(device, 0, 0, bytes, 2), -ENODEV);
	barspan_device_close(device);
	ck_assert_uint_eq(closed, 1);
}
END_TEST

START_TEST(a_missing_operation_is_refused)
{
	static const char *const messages[] = {
		"ops: operation `region` is NULL",
		"ops: operation `map` is NULL",
		"ops: operation `read` is NULL",
		"ops: operation `write` is NULL",
	};

	for (int i = 0; i < 4; i++) {
		struct barspan_device_ops ops = good;

		if (i == 0)
			ops.region = NULL;
		else if (i == 1)
			ops.map = NULL;
		else if (i == 2)
			ops.read = NULL;
		else
			ops.write = NULL;
		harness_listen();
		ck_assert_int_eq(barspan_device_open_ops(&device, &ops, &closed), -EINVAL);
		ck_assert_str_eq(harness_message, messages[i]);
	}
	ck_assert_uint_eq(closed, 0);
}
END_TEST

START_TEST(close_is_optional)
{
	struct barspan_device_ops ops = good;

	ops.close = NULL;
	ck_assert_zero(barspan_device_open_ops(&device, &ops, NULL));
	barspan_device_close(device);
	barspan_device_close(NULL);
}
END_TEST

START_TEST(larger_operations_are_accepted_if_the_rest_is_zero)
{
	struct {
		struct barspan_device_ops ops;
		void *later;
	} newer = { good, NULL };

	newer.ops.size = sizeof(newer);
	ck_assert_zero(barspan_device_open_ops(&device, &newer.ops, &closed));
	barspan_device_close(device);
	newer.later = &newer;
	harness_listen();
	ck_assert_int_eq(barspan_device_open_ops(&device, &newer.ops, &closed), -E2BIG);
	ck_assert_ptr_nonnull(strstr(harness_message, "ops: nonzero bytes after the first "));
	newer.ops.size = sizeof(newer.ops) - 1;
	ck_assert_int_eq(barspan_device_open_ops(&device, &newer.ops, &closed), -EINVAL);
	newer.ops.size = 0;
	ck_assert_int_eq(barspan_device_open_ops(&device, &newer.ops, &closed), -EINVAL);
	ck_assert_ptr_nonnull(strstr(harness_message, "ops: size 0 is less than "));
}
END_TEST

START_TEST(a_size_over_a_page_is_refused_unread)
{
	size_t page = sys_page_size();
	uint8_t *pages =
		mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct barspan_device_ops *ops = (void *)(pages + page - sizeof(*ops));
	static const size_t sizes[] = { SIZE_MAX, EXTENSIBLE_MAX + 1, (size_t)1 << 31 };
	struct barspan_options *options = (void *)(pages + page - sizeof(*options));
	struct barspan *span;

	ck_assert_ptr_ne(pages, MAP_FAILED);
	ck_assert_zero(munmap(pages + page, page));
	ck_assert_zero(barspan_device_open_ops(&device, &good, &closed));
	region_answer = (struct barspan_region){ .size = 0x1000, .flags = 7 };
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct barspan_device *other = NULL;

		*ops = good;
		ops->size = sizes[i];
		ck_assert_int_eq(barspan_device_open_ops(&other, ops, NULL), -E2BIG);
		ck_assert_ptr_null(other);
		memset(options, 0, sizeof(*options));
		options->size = sizes[i];
		ck_assert_int_eq(barspan_map(&span, device, 0, options), -E2BIG);
	}
	barspan_device_close(device);
	munmap(pages, page);
}
END_TEST

START_TEST(a_structure_of_a_whole_page_is_read_to_its_end)
{
	union {
		struct barspan_device_ops ops;
		uint8_t bytes[EXTENSIBLE_MAX];
	} newer;

	memset(&newer, 0, sizeof(newer));
	newer.ops = good;
	newer.ops.size = EXTENSIBLE_MAX;
	ck_assert_zero(barspan_device_open_ops(&device, &newer.ops, &closed));
	barspan_device_close(device);
	newer.bytes[EXTENSIBLE_MAX - 1] = 1;
	ck_assert_int_eq(barspan_device_open_ops(&device, &newer.ops, &closed), -E2BIG);
}
END_TEST

START_TEST(a_transports_number_of_areas_has_a_limit)
{
	struct barspan_range *areas = calloc(BARSPAN_MAX_AREAS, sizeof(*areas));
	uint32_t too_many[] = { BARSPAN_MAX_AREAS + 1, UINT32_MAX - 1, UINT32_MAX };
	struct barspan_region region = { .size = 42 };
	struct barspan *span;

	ck_assert_ptr_nonnull(areas);
	areas[0].length = areas[BARSPAN_MAX_AREAS - 1].length = 0x1000;
	region_answer = (struct barspan_region){ .size = 0x2000, .flags = 15, .areas = areas };
	ck_assert_zero(barspan_device_open_ops(&device, &good, &closed));
	for (size_t i = 0; i < sizeof(too_many) / sizeof(too_many[0]); i++) {
		char wanted[80];

		region_answer.n_areas = too_many[i];
		snprintf(wanted, sizeof(wanted), "ops region 3: %u areas, expected at most 1048576",
			 too_many[i]);
		harness_listen();
		ck_assert_int_eq(barspan_device_region(device, 3, &region), -EPROTO);
		ck_assert_str_eq(harness_message, wanted);
		ck_assert_int_eq(barspan_map(&span, device, 3, NULL), -EPROTO);
	}
	ck_assert_uint_eq(region.size, 42);
	region_answer.n_areas = BARSPAN_MAX_AREAS;
	ck_assert_zero(barspan_device_region(device, 3, &region));
	ck_assert_uint_eq(region.n_areas, BARSPAN_MAX_AREAS);
	barspan_set_log(NULL, NULL, BARSPAN_LOG_ERROR);
	ck_assert_zero(barspan_map(&span, device, 3, NULL));
	ck_assert(barspan_is_direct(span, 0, 0x1000));
	barspan_unmap(span);
	barspan_device_close(device);
	free(areas);
}
END_TEST

START_TEST(a_transports_description_of_a_region_is_checked)
{
	struct barspan_region region = { .size = 42 };

	harness_listen();
	ck_assert_zero(barspan_device_open_ops(&device, &good, &closed));
	region_answer = (struct barspan_region){
		.size = 0x1000, .flags = UINT32_MAX & ~(uint32_t)BARSPAN_REGION_SPARSE, .n_areas = 5
	};
	ck_assert_zero(barspan_device_region(device, 0, &region));
	ck_assert_uint_eq(region.n_areas, 0);
	ck_assert_uint_eq(region.flags, 1 | 2 | 4 | 16);

	region.size = 42;
	region_answer.flags = BARSPAN_REGION_SPARSE;
	ck_assert_int_eq(barspan_device_region(device, 4, &region), -EPROTO);
	ck_assert_str_eq(harness_message, "ops region 4: 5 areas, but `areas` is NULL");
	region_result = -EINVAL;
	ck_assert_int_eq(barspan_device_region(device, 0, &region), -ENOENT);
	region_result = -EIO;
	ck_assert_int_eq(barspan_device_region(device, 0, &region), -EIO);
	region_result = 7;
	harness_listen();
	ck_assert_int_eq(barspan_device_region(device, 0, &region), -EPROTO);
	ck_assert_str_eq(
		harness_message,
		"ops region 0: operation `region` returned 7, expected 0 or a negative errno value");
	ck_assert_uint_eq(region.size, 42);
	barspan_device_close(device);
}
END_TEST

START_TEST(a_span_keeps_its_device_open)
{
	struct barspan *span;

	region_answer = (struct barspan_region){ .size = 0x1000, .flags = 7 };
	ck_assert_zero(barspan_device_open_ops(&device, &good, &closed));
	ck_assert_zero(barspan_map(&span, device, 0, NULL));
	barspan_device_close(device);
	ck_assert_uint_eq(closed, 0);
	ck_assert_ptr_eq(barspan_device_of(span), device);
	ck_assert_uint_eq(barspan_read32(span, 0), 0);
	barspan_unmap(span);
	ck_assert_uint_eq(closed, 1);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("device");

	harness_add_with(suite, "device", set_up, NULL,
			 (const TTest *const[]){ operations_are_copied_and_called,
						 a_missing_operation_is_refused, close_is_optional,
						 larger_operations_are_accepted_if_the_rest_is_zero,
						 a_size_over_a_page_is_refused_unread,
						 a_structure_of_a_whole_page_is_read_to_its_end,
						 a_transports_number_of_areas_has_a_limit,
						 a_transports_description_of_a_region_is_checked,
						 a_span_keeps_its_device_open, NULL });
	return harness_run(suite);
}
