/* SPDX-License-Identifier: BSD-3-Clause */
/* At the kernel's real limit of mappings (vm.max_map_count). */
#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#include "support/fake.h"
#include "support/harness.h"

enum {
	SPARE = 50, /* mappings that must be free for the process */
	MIN_LIMIT = 1 << 12,
	MAX_LIMIT = 1 << 17, /* a larger limit takes too long to reach */
	FEW_AREAS = 200,
};

static size_t page, limit, n_areas;
static void **used_up;
static size_t n_used_up;
static struct barspan_device *device;
static struct barspan *span;
static char *before;

/* Areas of one page with a page between them: each is a mapping of its own. */
static void set_up(size_t n)
{
	struct barspan_range *areas;
	struct barspan_soft_region region = { .flags = BARSPAN_REGION_READ | BARSPAN_REGION_WRITE |
						       BARSPAN_REGION_MMAP };

	page = (size_t)sysconf(_SC_PAGESIZE);
	limit = harness_map_limit();
	n_areas = n;
	fake_reset();
	areas = calloc(n_areas, sizeof(*areas));
	ck_assert_ptr_nonnull(areas);
	for (size_t i = 0; i < n_areas; i++)
		areas[i] = (struct barspan_range){ 2 * i * page, page };
	region.size = 2 * n_areas * page;
	region.n_areas = (uint32_t)n_areas;
	region.areas = areas;
	before = harness_snapshot();
	ck_assert_zero(harness_open_soft(&device, &region, 1));
	free(areas);
	harness_listen();
}

static void tear_down(void)
{
	barspan_device_close(device);
	fake_reset();
	harness_expect_unchanged(&before);
}

/* Makes mappings until only `left` are possible. */
static void use_up(size_t left)
{
	used_up = calloc(limit, sizeof(*used_up));
	ck_assert_ptr_nonnull(used_up);
	/* Alternate between two protections: neighbours cannot merge. */
	for (n_used_up = 0; n_used_up < limit; n_used_up++) {
		int prot = n_used_up % 2 ? PROT_NONE : PROT_READ;

		used_up[n_used_up] = mmap(NULL, page, prot, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
		if (used_up[n_used_up] == MAP_FAILED)
			break;
	}
	ck_assert_uint_gt(n_used_up, left);
	while (left--)
		munmap(used_up[--n_used_up], page);
}

static void give_up(void)
{
	while (n_used_up)
		munmap(used_up[--n_used_up], page);
	free(used_up);
}

static void check_room(void)
{
	void *mapped[SPARE];

	for (int i = 0; i < SPARE; i++) {
		mapped[i] = mmap(NULL, page, i % 2 ? PROT_NONE : PROT_READ,
				 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
		ck_assert_ptr_ne(mapped[i], MAP_FAILED);
	}
	for (int i = 0; i < SPARE; i++)
		munmap(mapped[i], page);
}

/* Checks that barspan_find() knows all direct areas, and that no area has lost
 * its contents. */
static void check_few(size_t direct)
{
	ck_assert_uint_eq(harness_count_extents(span, BARSPAN_REASON_NONE), direct);
	for (size_t i = 0; i < n_areas; i++) {
		volatile void *pointer = barspan_pointer(span, 2 * i * page, 4);
		uint64_t offset;

		if (pointer) {
			ck_assert_ptr_eq(barspan_find(pointer, &offset), span);
			ck_assert_uint_eq(offset, 2 * i * page);
		}
		ck_assert_uint_eq(barspan_read32(span, 2 * i * page), i);
	}
	ck_assert_zero(barspan_take_error(span, NULL));
}

static void renew_few(size_t direct)
{
	ck_assert_zero(barspan_suspend(span));
	ck_assert_zero(barspan_resume(span));
	check_few(direct);
}

static void map_few(unsigned int flags)
{
	const struct barspan_options options = { .size = sizeof(options), .flags = flags };

	ck_assert_zero(barspan_map(&span, device, 0, &options));
	for (size_t i = 0; i < n_areas; i++)
		barspan_write32(span, 2 * i * page, (uint32_t)i);
}

/* Checks that every area works, direct or as a hole, and that the rest is
 * unchanged. */
static void check_all(uint32_t sign)
{
	enum { STEP = 97 };

	for (size_t i = 0; i < n_areas; i += STEP)
		barspan_write32(span, 2 * i * page, (uint32_t)i ^ sign);
	for (size_t i = 0; i < n_areas; i += STEP)
		ck_assert_uint_eq(barspan_read32(span, 2 * i * page), (uint32_t)i ^ sign);
	ck_assert_zero(barspan_take_error(span, NULL));
	ck_assert_uint_gt(harness_count_extents(span, BARSPAN_REASON_NONE), limit / 2 - 1000);
	ck_assert_uint_eq(harness_count_extents(span, BARSPAN_REASON_NONE) +
				  harness_count_extents(span, BARSPAN_REASON_FAILED),
			  n_areas);
	ck_assert_uint_eq(harness_count_extents(span, BARSPAN_REASON_SPARSE), n_areas);
	check_room();
}

/* Checks that the holes begin at the offset that the message names. */
static void check_message(void)
{
	const char *from =
		strstr(harness_message, "no mappings left (vm.max_map_count): areas from ");
	struct barspan_extent extent;
	unsigned long long offset;

	ck_assert_ptr_nonnull(from);
	ck_assert_int_eq(sscanf(strstr(from, "0x"), "%llx", &offset), 1);
	ck_assert_zero(barspan_extent_at(span, offset, &extent));
	ck_assert_uint_eq(extent.offset, offset);
	ck_assert_int_eq(extent.reason, BARSPAN_REASON_FAILED);
	ck_assert_zero(barspan_extent_at(span, offset - 2 * page, &extent));
	ck_assert_int_eq(extent.reason, BARSPAN_REASON_NONE);
}

static void check_flags(unsigned int flags)
{
	struct barspan_options options = { .size = sizeof(options), .flags = flags };

	set_up(harness_map_limit() + 1000);
	ck_assert_zero(barspan_map(&span, device, 0, &options));
	check_message();
	ck_assert_uint_eq(harness_messages[BARSPAN_LOG_WARNING], 1);
	check_all(0);
	ck_assert_zero(barspan_suspend(span));
	ck_assert_uint_eq(harness_count_extents(span, BARSPAN_REASON_NONE), 0);
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

START_TEST(independent_extents_beyond_the_limit_are_holes)
{
	check_flags(BARSPAN_INDEPENDENT);
}
END_TEST

START_TEST(strict_fails_with_enomem_beyond_the_limit)
{
	struct barspan_options options = { .size = sizeof(options), .flags = BARSPAN_STRICT };

	set_up(harness_map_limit() + 1000);
	ck_assert_int_eq(barspan_map(&span, device, 0, &options), -ENOMEM);
	ck_assert_ptr_nonnull(strstr(harness_message, "ENOMEM"));
	check_room();
	tear_down();
}
END_TEST

/* One mapping of the device fails. */
static uint64_t refused;

static int refuse_mmap(void **out, void *address, size_t length, int prot, int flags, int fd,
		       uint64_t offset)
{
	if (fd >= 0 && offset == refused)
		return -EIO;
	return real_sys_mmap(out, address, length, prot, flags, fd, offset);
}

START_TEST(mapped_areas_are_kept_if_others_cannot_be_mapped)
{
	static const unsigned int flags[] = { 0, BARSPAN_INDEPENDENT };

	for (size_t i = 0; i < 2; i++) {
		set_up(FEW_AREAS);
		refused = 0;
		fake_hooks.mmap = refuse_mmap;
		map_few(flags[i]);
		fake_hooks.mmap = NULL;
		use_up(40);
		for (int round = 0; round < 2; round++)
			renew_few(FEW_AREAS - 1);
		give_up();
		renew_few(FEW_AREAS);
		barspan_unmap(span);
		tear_down();
	}
}
END_TEST

/* The old mappings are reused and need no new ones. */
START_TEST(a_span_is_resumed_without_free_mappings)
{
	static const unsigned int flags[] = { 0, BARSPAN_INDEPENDENT, BARSPAN_STRICT };

	for (size_t i = 0; i < 3; i++) {
		set_up(FEW_AREAS);
		map_few(flags[i]);
		ck_assert_zero(barspan_suspend(span));
		use_up(0);
		ck_assert_zero(barspan_resume(span));
		check_few(FEW_AREAS);
		give_up();
		barspan_unmap(span);
		tear_down();
	}
}
END_TEST

START_TEST(a_resume_that_failed_can_be_tried_again_with_few_mappings)
{
	set_up(FEW_AREAS);
	map_few(BARSPAN_STRICT);
	use_up(20);
	ck_assert_zero(barspan_suspend(span));
	refused = 2 * (FEW_AREAS / 2) * page;
	fake_hooks.mmap = refuse_mmap;
	ck_assert_int_eq(barspan_resume(span), -EIO);
	check_few(0);
	fake_hooks.mmap = NULL;
	ck_assert_zero(barspan_resume(span));
	check_few(FEW_AREAS);
	give_up();
	barspan_unmap(span);
	tear_down();
}
END_TEST

START_TEST(areas_that_are_mapped_late_are_found_by_address)
{
	set_up(FEW_AREAS);
	use_up(150);
	map_few(BARSPAN_INDEPENDENT);
	ck_assert_uint_lt(harness_count_extents(span, BARSPAN_REASON_NONE), FEW_AREAS);
	give_up();
	renew_few(FEW_AREAS);
	barspan_unmap(span);
	tear_down();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("limit");

	if (harness_map_limit() < MIN_LIMIT || harness_map_limit() > MAX_LIMIT)
		return harness_skip("vm.max_map_count is %zu: not between %d and %d",
				    harness_map_limit(), MIN_LIMIT, MAX_LIMIT);
	harness_add(
		suite, "limit",
		(const TTest *const[]){ areas_beyond_the_limit_are_holes,
					independent_extents_beyond_the_limit_are_holes,
					strict_fails_with_enomem_beyond_the_limit,
					mapped_areas_are_kept_if_others_cannot_be_mapped,
					a_span_is_resumed_without_free_mappings,
					a_resume_that_failed_can_be_tried_again_with_few_mappings,
					areas_that_are_mapped_late_are_found_by_address, NULL });
	return harness_run(suite);
}
