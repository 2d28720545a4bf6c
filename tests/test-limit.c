/* SPDX-License-Identifier: BSD-3-Clause */
/* More areas than the kernel lets a process have mappings (vm.max_map_count), for real. */
#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#include "harness.h"

enum { SPARE = 50 };	/* mappings that a process wants to have left */

static size_t page, limit, n_areas;
static struct barspan_device *device;
static struct barspan *span;
static char *before;

static size_t read_limit(void)
{
	FILE *file = fopen("/proc/sys/vm/max_map_count", "re");
	size_t value = 0;

	if (file && fscanf(file, "%zu", &value) != 1)
		value = 0;
	if (file)
		fclose(file);
	return value;
}

/* Areas of one page with a page between, each a mapping of its own. */
static void set_up(void)
{
	struct barspan_area *areas;
	struct barspan_soft_region region = { .flags = BARSPAN_REGION_READ | BARSPAN_REGION_WRITE | BARSPAN_REGION_MMAP };

	page = (size_t)sysconf(_SC_PAGESIZE);
	limit = read_limit();
	n_areas = limit + 1000;
	areas = calloc(n_areas, sizeof(*areas));
	ck_assert_ptr_nonnull(areas);
	for (size_t i = 0; i < n_areas; i++)
		areas[i] = (struct barspan_area){ 2 * i * page, page };
	region.size = 2 * n_areas * page;
	region.n_areas = (uint32_t)n_areas;
	region.areas = areas;
	before = harness_snapshot();
	ck_assert_zero(barspan_device_open_soft(&device, &region, 1));
	free(areas);
	harness_listen();
}

static void tear_down(void)
{
	char *after;

	barspan_device_close(device);
	after = harness_snapshot();
	ck_assert_str_eq(before, after);
	free(before);
	free(after);
}

static size_t count(enum barspan_reason reason)
{
	struct barspan_extent extent;
	size_t n = 0;

	for (size_t i = 0; i < barspan_extent_count(span); i++) {
		ck_assert_zero(barspan_extent_get(span, i, &extent));
		n += extent.reason == reason;
	}
	return n;
}

static void check_room(void)
{
	void *mapped[SPARE];

	/* In turn of two kinds, so that none is merged with its neighbour. */
	for (int i = 0; i < SPARE; i++) {
		mapped[i] = mmap(NULL, page, i % 2 ? PROT_NONE : PROT_READ, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
		ck_assert_ptr_ne(mapped[i], MAP_FAILED);
	}
	for (int i = 0; i < SPARE; i++)
		munmap(mapped[i], page);
}

/* Every area works, be it direct or a hole for want of a mapping, and all that is between is as ever. */
static void check_all(uint32_t sign)
{
	for (size_t i = 0; i < n_areas; i += i % 1000 ? 1 : 7)
		barspan_write32(span, 2 * i * page, (uint32_t)i ^ sign);
	for (size_t i = 0; i < n_areas; i += i % 1000 ? 1 : 7)
		ck_assert_uint_eq(barspan_read32(span, 2 * i * page), (uint32_t)i ^ sign);
	ck_assert_zero(barspan_error(span));
	ck_assert_uint_gt(count(BARSPAN_REASON_NONE), limit / 2 - 1000);
	ck_assert_uint_eq(count(BARSPAN_REASON_NONE) + count(BARSPAN_REASON_FAILED), n_areas);
	ck_assert_uint_eq(count(BARSPAN_REASON_SPARSE), n_areas);
	check_room();
}

static void check_flags(unsigned int flags)
{
	struct barspan_options options = { .size = sizeof(options), .flags = flags };

	set_up();
	ck_assert_zero(barspan_map(&span, device, 0, &options));
	ck_assert_ptr_nonnull(strstr(harness_message, "no more mappings (vm.max_map_count)"));
	ck_assert_uint_eq(harness_messages[BARSPAN_LOG_WARNING], 1);
	check_all(0);
	ck_assert_zero(barspan_suspend(span));
	ck_assert_uint_eq(count(BARSPAN_REASON_NONE), 0);
	ck_assert_zero(barspan_resume(span));
	check_all(0x5a5a5a5a);
	barspan_unmap(span);
	tear_down();
}

START_TEST(areas_beyond_the_limit_are_holes)
{
	check_flags(0);
}
END_TEST

START_TEST(extents_of_their_own_beyond_the_limit_are_holes)
{
	check_flags(BARSPAN_INDEPENDENT);
}
END_TEST

START_TEST(strict_says_that_there_is_no_room)
{
	struct barspan_options options = { .size = sizeof(options), .flags = BARSPAN_STRICT };

	set_up();
	ck_assert_int_eq(barspan_map(&span, device, 0, &options), -ENOMEM);
	ck_assert_ptr_nonnull(strstr(harness_message, "ENOMEM"));
	check_room();
	tear_down();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("limit");

	if (!read_limit() || read_limit() > 1 << 20) {
		printf("1..0 # SKIP vm.max_map_count is more than this test wants to use up\n");
		return EXIT_SUCCESS;
	}
	harness_add(suite, "limit", (const TTest *const[]){
		areas_beyond_the_limit_are_holes, extents_of_their_own_beyond_the_limit_are_holes,
		strict_says_that_there_is_no_room, NULL });
	return harness_run(suite);
}
