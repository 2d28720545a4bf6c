/* SPDX-License-Identifier: BSD-3-Clause */
/* Mappings that fail late, as on Linux, and foreign mappings that take the gap
 * at that moment. */
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "support/fixture.h"
#include "util/sys.h"

/* The kind of the foreign mapping, and the part of the gap that it covers. */
enum kind { PATTERN, READ_ONLY, NO_ACCESS, NO_ACCESS_NO_RESERVE, NOT_DUMPED, FILE_PAGES, KINDS };
enum cover { NOTHING, ALL, FIRST_PAGE, LAST_PAGE, COVERS };

static struct {
	enum kind kind;
	enum cover cover;
	int fails;  /* the n-th mapping of a device from now on fails */
	bool early; /* the call unmaps nothing */
	bool seen;
	uint8_t *address;
	size_t length;
	char *maps; /* its lines in /proc/self/maps */
} foreign;

static struct barspan_device *device;
static struct barspan *span;

static int prot_of(enum kind kind)
{
	if (kind == PATTERN)
		return PROT_READ | PROT_WRITE;
	return kind == NO_ACCESS || kind == NO_ACCESS_NO_RESERVE ? PROT_NONE : PROT_READ;
}

static void choose_range(uint8_t *gap, size_t length)
{
	size_t page = sys_page_size();

	foreign.address = foreign.cover == LAST_PAGE ? gap + length - page : gap;
	foreign.length = foreign.cover == FIRST_PAGE || foreign.cover == LAST_PAGE ? page : length;
}

static void move_in(uint8_t *gap, size_t length)
{
	int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, fd = -1;
	void *got;

	if (foreign.kind == NO_ACCESS_NO_RESERVE)
		flags |= MAP_NORESERVE;
	if (foreign.kind == FILE_PAGES) {
		flags = MAP_PRIVATE | MAP_FIXED_NOREPLACE;
		fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	}
	choose_range(gap, length);
	got = mmap(foreign.address, foreign.length, prot_of(foreign.kind), flags, fd, 0);
	if (fd >= 0)
		close(fd);
	ck_assert_ptr_eq(got, foreign.address);
	if (foreign.kind == PATTERN)
		memset(foreign.address, 0xa5, foreign.length);
	/* Like a reservation, except for the access. */
	if (foreign.kind == NOT_DUMPED)
		ck_assert_zero(madvise(foreign.address, foreign.length, MADV_DONTDUMP));
	foreign.maps = harness_maps_of(foreign.address, foreign.length);
}

/* At the time of the failure, the kernel has unmapped the target range. */
static int fail_late(uint8_t *address, size_t length)
{
	foreign.seen = true;
	/* At an address that the kernel chooses there was no mapping. */
	if (foreign.early || !address)
		return -EIO;
	ck_assert_zero(munmap(address, length));
	if (foreign.cover != NOTHING)
		move_in(address, length);
	return -EIO;
}

static int late_mmap(void **out, void *address, size_t length, int prot, int flags, int fd,
		     uint64_t offset)
{
	if (flags & MAP_SHARED && --foreign.fails == 0)
		return fail_late(address, length);
	return real_sys_mmap(out, address, length, prot, flags, fd, offset);
}

static int late_move(void *from, size_t length, void *to)
{
	if (--foreign.fails == 0)
		return fail_late(to, length);
	return real_sys_move_mapping(from, length, to);
}

/* Checks that the foreign mapping is unchanged, and unmaps it. */
static void check_foreign(void)
{
	char *maps;

	if (!foreign.maps)
		return;
	maps = harness_maps_of(foreign.address, foreign.length);
	ck_assert_str_eq(maps, foreign.maps);
	for (size_t i = 0; foreign.kind == PATTERN && i < foreign.length; i++)
		harness_assert_msg(foreign.address[i] == 0xa5,
				   "byte %zu of the foreign mapping was changed", i);
	if (prot_of(foreign.kind) == PROT_NONE) {
		ck_assert_zero(mprotect(foreign.address, foreign.length, PROT_READ));
		for (size_t i = 0; i < foreign.length; i++)
			harness_assert_msg(!foreign.address[i],
					   "byte %zu of the foreign mapping was changed", i);
	}
	munmap(foreign.address, foreign.length);
	free(maps);
	free(foreign.maps);
	foreign.maps = NULL;
}

/* Checks that no foreign page is in the span. */
static void check_apart(void)
{
	uintptr_t base = (uintptr_t)barspan_base(span), other = (uintptr_t)foreign.address;

	if (base && foreign.maps)
		ck_assert(other + foreign.length <= base || other >= base + barspan_length(span));
}

static void begin_case(enum kind kind, enum cover cover, int fails)
{
	memset(&foreign, 0, sizeof(foreign));
	foreign.kind = kind;
	foreign.cover = cover;
	foreign.fails = fails;
	span = FIXTURE_UNTOUCHED;
	fake_reset();
	ck_assert_zero(fixture_open_soft(&device));
}

static void end_case(const char *before)
{
	char *after;

	ck_assert(foreign.seen);
	if (span != FIXTURE_UNTOUCHED)
		barspan_unmap(span);
	barspan_device_close(device);
	fake_reset();
	check_foreign();
	after = harness_snapshot();
	ck_assert_str_eq(after, before);
	free(after);
}

/* One barspan_map() whose n-th mapping fails late. Returns its result. */
static int map_with(const struct barspan_options *options)
{
	int r;

	fake_hooks.mmap = late_mmap;
	r = barspan_map(&span, device, 1, options);
	fake_hooks.mmap = NULL;
	if (r)
		ck_assert_ptr_eq(span, FIXTURE_UNTOUCHED);
	return r;
}

/* Runs `test` for each kind of foreign mapping, each part of the gap and each
 * of the fixture's four extents. */
static void for_each_gap(void (*test)(void))
{
	char *before = harness_snapshot();

	for (int kind = 0; kind < KINDS; kind++)
		for (int cover = NOTHING; cover < COVERS; cover++)
			for (int n = 1; n <= 4; n++) {
				begin_case((enum kind)kind, (enum cover)cover, n);
				test();
				end_case(before);
			}
	free(before);
}

static void place_elsewhere(void)
{
	/* The first extent has two areas, which are then tried one by one and
	 * can be mapped. */
	size_t failed = foreign.fails == 1 ? 0 : 1;

	ck_assert_zero(map_with(NULL));
	check_apart();
	fixture_check(span);
	ck_assert_uint_eq(harness_count_extents(span, BARSPAN_REASON_FAILED), failed);
}

START_TEST(the_span_is_mapped_at_another_address)
{
	for_each_gap(place_elsewhere);
}
END_TEST

static void at_address(unsigned int flags)
{
	struct barspan_options options = { .size = sizeof(options),
					   .address = fixture_address(),
					   .flags = flags };
	bool lost = foreign.cover != NOTHING;

	ck_assert_int_eq(map_with(&options), !lost ? 0 : -EEXIST);
	if (!lost)
		fixture_check(span);
}

static void fail_at_address(void)
{
	at_address(0);
}

START_TEST(a_map_at_a_fixed_address_fails)
{
	for_each_gap(fail_at_address);
}
END_TEST

static void fail_replacing(void)
{
	void *old = mmap(fixture_address(), FIXTURE_PAGES * sys_page_size(), PROT_NONE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);

	ck_assert_ptr_eq(old, fixture_address());
	at_address(BARSPAN_FIXED);
}

START_TEST(a_map_over_a_replaced_range_fails)
{
	for_each_gap(fail_replacing);
}
END_TEST

static void fail_strict(void)
{
	struct barspan_options options = { .size = sizeof(options), .flags = BARSPAN_STRICT };

	ck_assert_int_eq(map_with(&options), -EIO);
}

START_TEST(a_strict_map_fails)
{
	for_each_gap(fail_strict);
}
END_TEST

static void map_independent(void)
{
	struct barspan_options options = { .size = sizeof(options), .flags = BARSPAN_INDEPENDENT };

	ck_assert_zero(map_with(&options));
	fixture_check(span);
	/* All extents that are not lost are mapped, at addresses that the
	 * kernel chose. */
	fake_reset();
	ck_assert_zero(barspan_suspend(span));
	ck_assert_zero(barspan_resume(span));
	fixture_check(span);
	char *low = harness_maps_of(NULL, 1 << 20);

	ck_assert_str_eq(low, "");
	free(low);
}

START_TEST(an_independent_map_leaves_the_extent_out)
{
	for_each_gap(map_independent);
}
END_TEST

/* The reservation is unchanged, and the library recognises it. */
START_TEST(an_early_failure_is_one_hole)
{
	char *before = harness_snapshot();

	for (int n = 1; n <= 4; n++) {
		begin_case(PATTERN, NOTHING, n);
		foreign.early = true;
		ck_assert_zero(map_with(NULL));
		fixture_check(span);
		ck_assert_uint_eq(harness_count_extents(span, BARSPAN_REASON_FAILED),
				  n == 1 ? 0 : 1);
		end_case(before);
	}
	free(before);
}
END_TEST

static int refuse_device(void **out, void *address, size_t length, int prot, int flags, int fd,
			 uint64_t offset)
{
	return fd >= 0 ? -EPERM : real_sys_mmap(out, address, length, prot, flags, fd, offset);
}

/* Only an area that could not be mapped before is moved into a span in use. */
static void map_without_areas(void)
{
	fake_hooks.mmap = refuse_device;
	ck_assert_zero(barspan_map(&span, device, 1, NULL));
	ck_assert_uint_eq(harness_count_extents(span, BARSPAN_REASON_NONE), 0);
	fake_hooks.mmap = NULL;
	ck_assert_zero(barspan_suspend(span));
}

static void lose_on_resume(void)
{
	uint8_t byte;

	map_without_areas();
	fake_hooks.move_mapping = late_move;
	if (foreign.cover == NOTHING) {
		ck_assert_zero(barspan_resume(span));
		fixture_check(span);
		return;
	}
	ck_assert_int_eq(barspan_resume(span), -EEXIST);
	ck_assert_int_eq(barspan_resume(span), -EEXIST);
	ck_assert_zero(barspan_suspend(span));
	ck_assert_uint_eq(harness_count_extents(span, BARSPAN_REASON_NONE), 0);
	for (uint64_t at = 0; at < barspan_length(span); at += sys_page_size() / 2) {
		ck_assert_zero(barspan_read(span, at, &byte, 1));
		ck_assert_uint_eq(byte, fixture_byte(1, at));
	}
}

START_TEST(a_suspended_span_that_lost_a_part_stays_suspended)
{
	for_each_gap(lose_on_resume);
}
END_TEST

static void move_early(void)
{
	map_without_areas();
	foreign.early = true;
	fake_hooks.move_mapping = late_move;
	ck_assert_zero(barspan_resume(span));
	ck_assert_uint_eq(harness_count_extents(span, BARSPAN_REASON_FAILED), 1);
	fixture_check(span);
}

START_TEST(an_early_failure_of_a_move_is_one_hole)
{
	char *before = harness_snapshot();

	for (int n = 1; n <= 4; n++) {
		begin_case(PATTERN, NOTHING, n);
		move_early();
		end_case(before);
	}
	free(before);
}
END_TEST

/* Existing mappings get their access back in place: nothing is mapped over
 * them, and no gap arises. */
START_TEST(a_resume_moves_nothing_that_was_mapped)
{
	static const unsigned int flags[] = { 0, BARSPAN_STRICT, BARSPAN_INDEPENDENT };

	for (size_t i = 0; i < 3; i++) {
		const struct barspan_options options = { .size = sizeof(options),
							 .flags = flags[i] };

		begin_case(PATTERN, ALL, 1);
		ck_assert_zero(barspan_map(&span, device, 1, &options));
		ck_assert_zero(barspan_suspend(span));
		fake_hooks.move_mapping = late_move;
		ck_assert_zero(barspan_resume(span));
		ck_assert(!foreign.seen);
		fixture_check(span);
		barspan_unmap(span);
		barspan_device_close(device);
		fake_reset();
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("gap");

	harness_add(suite, "gap",
		    (const TTest *const[]){
			    the_span_is_mapped_at_another_address, a_map_at_a_fixed_address_fails,
			    a_map_over_a_replaced_range_fails, a_strict_map_fails,
			    an_independent_map_leaves_the_extent_out, an_early_failure_is_one_hole,
			    a_suspended_span_that_lost_a_part_stays_suspended,
			    an_early_failure_of_a_move_is_one_hole,
			    a_resume_moves_nothing_that_was_mapped, NULL });
	return harness_run(suite);
}
