/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fake.h"
#include "harness.h"
#include "marked.h"
#include "place.h"

static size_t page;

static uint8_t *reserve(size_t length)
{
	struct place_wish wish = { .length = length, .alignment = page };
	uint8_t *address = NULL;

	ck_assert_zero(place_reserve(&address, &wish));
	return address;
}

START_TEST(a_reservation_cannot_be_touched)
{
	uint8_t *address = reserve(4 * page);
	char *maps = harness_maps_of(address, 4 * page);

	ck_assert_ptr_nonnull(strstr(maps, "---p"));
	ck_assert_ptr_null(strstr(maps, "r--"));
	ck_assert(marked(address, 4 * page, true));
	ck_assert(!harness_can_read(address));
	ck_assert(!harness_can_read(address + 4 * page - 1));
	free(maps);
	place_release(address, 4 * page);
}
END_TEST

START_TEST(alignment_and_phase_are_kept)
{
	for (size_t alignment = page; alignment <= 64 << 20; alignment *= 4) {
		struct place_wish wish = { .length = 3 * page, .alignment = alignment, .phase = 5 * page };
		char *before = harness_snapshot(), *after;
		uint8_t *address;

		ck_assert_zero(place_reserve(&address, &wish));
		ck_assert_uint_eq(((uintptr_t)address - 5 * page) % alignment, 0);
		place_release(address, wish.length);
		after = harness_snapshot();
		ck_assert_str_eq(before, after);
		free(before);
		free(after);
	}
}
END_TEST

START_TEST(an_address_is_kept_or_refused)
{
	uint8_t *address = reserve(4 * page), *got = NULL;
	struct place_wish wish = { .length = 2 * page, .address = address + page };

	ck_assert_int_eq(place_reserve(&got, &wish), -EEXIST);
	ck_assert_ptr_null(got);
	ck_assert(marked(address, 4 * page, true));
	wish.replace = true;
	ck_assert_zero(place_reserve(&got, &wish));
	ck_assert_ptr_eq(got, address + page);
	place_release(address, 4 * page);
	wish.replace = false;
	ck_assert_zero(place_reserve(&got, &wish));
	ck_assert_ptr_eq(got, address + page);
	place_release(got, 2 * page);
}
END_TEST

START_TEST(more_than_there_is_is_refused)
{
	struct place_wish wish = { .length = SIZE_MAX - page + 1, .alignment = 2 * page };
	uint8_t *got = NULL;

	ck_assert_int_eq(place_reserve(&got, &wish), -ENOMEM);
	wish.alignment = page;
	/* Linux says ENOMEM; valgrind, which answers in its place, EINVAL. */
	ck_assert_int_lt(place_reserve(&got, &wish), 0);
	ck_assert_ptr_null(got);
}
END_TEST

START_TEST(a_gap_is_taken_back)
{
	uint8_t *address = reserve(4 * page);

	ck_assert_zero(munmap(address + page, 2 * page));
	ck_assert(place_retake(address + page, 2 * page, false));
	ck_assert(marked(address, 4 * page, true));
	place_release(address, 4 * page);
}
END_TEST

START_TEST(an_untouched_reservation_is_recognised)
{
	uint8_t *address = reserve(4 * page);

	ck_assert(place_retake(address + page, 2 * page, false));
	ck_assert(place_retake(address, 4 * page, false));
	place_release(address, 4 * page);
}
END_TEST

/* What may have moved into a gap. */
static void move_in(uint8_t *address, size_t length, int prot)
{
	ck_assert_zero(munmap(address, length));
	ck_assert_ptr_eq(mmap(address, length, prot, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0), address);
}

START_TEST(a_mapping_that_moved_in_is_not_ours)
{
	uint8_t *address = reserve(4 * page);

	move_in(address + page, 2 * page, PROT_READ | PROT_WRITE);
	address[page] = 42;
	ck_assert(!place_retake(address + page, 2 * page, false));
	ck_assert_uint_eq(address[page], 42);
	place_release(address, 4 * page);
}
END_TEST

START_TEST(not_even_one_without_access_as_ours_are)
{
	uint8_t *address = reserve(4 * page);

	move_in(address + page, 2 * page, PROT_NONE);
	ck_assert(!place_retake(address + page, 2 * page, false));
	place_release(address, 4 * page);
}
END_TEST

START_TEST(nor_one_that_fills_a_part)
{
	uint8_t *address = reserve(6 * page);

	ck_assert_zero(munmap(address + page, 4 * page));
	for (size_t at = 1; at < 5; at++) {
		void *foreign = mmap(address + at * page, page, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);

		ck_assert(!place_retake(address + page, 4 * page, false));
		ck_assert(harness_can_read(foreign));
		ck_assert_zero(munmap(foreign, page));
	}
	place_release(address, page);
	place_release(address + 5 * page, page);
}
END_TEST

START_TEST(what_is_marked_but_accessible_is_not_ours)
{
	uint8_t *address = reserve(2 * page);

	move_in(address, page, PROT_READ);
	ck_assert_zero(madvise(address, page, MADV_DONTDUMP));
	ck_assert(!marked(address, page, true));
	ck_assert(!marked(address, 2 * page, true));
	ck_assert(marked(address + page, page, true));
	place_release(address, 2 * page);
}
END_TEST

/* A device's driver may leave its mapping out of core dumps; a file stands for it here. */
START_TEST(a_device_without_access_is_ours_only_when_suspended)
{
	uint8_t *address = reserve(3 * page);
	int fd = memfd_create("device", MFD_CLOEXEC);

	ck_assert_ptr_eq(mmap(address + page, page, PROT_NONE, MAP_SHARED | MAP_FIXED, fd, 0), address + page);
	close(fd);
	ck_assert(!place_retake(address + page, page, true));
	ck_assert_zero(madvise(address + page, page, MADV_DONTDUMP));
	ck_assert(!place_retake(address + page, page, false));
	ck_assert(place_retake(address + page, page, true));
	place_release(address, 3 * page);
}
END_TEST

START_TEST(without_proc_nothing_is_taken_for_ours)
{
	uint8_t *address = reserve(2 * page);

	fake_reset();
	fake_fail_call(FAKE_OPEN, 1, -EACCES);
	ck_assert(!place_retake(address, 2 * page, false));
	ck_assert(place_retake(address, 2 * page, false));
	fake_reset();
	place_release(address, 2 * page);
}
END_TEST

START_TEST(a_failed_reservation_leaves_nothing)
{
	char *before = harness_snapshot(), *after;
	uint8_t *got = NULL;

	for (unsigned long n = 1; n <= 4; n++) {
		struct place_wish wish = { .length = 3 * page, .alignment = 1 << 20, .phase = page };

		fake_reset();
		fake_fail(n, -EPERM, 1);
		if (!place_reserve(&got, &wish))
			place_release(got, wish.length);
		else
			ck_assert_ptr_null(got);
		got = NULL;
	}
	fake_reset();
	after = harness_snapshot();
	ck_assert_str_eq(before, after);
	free(before);
	free(after);
}
END_TEST

START_TEST(the_lock_knows_its_holder)
{
	ck_assert_zero(place_lock());
	ck_assert_int_eq(place_lock(), -EDEADLK);
	place_unlock();
	ck_assert_zero(place_lock());
	place_unlock();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("place");

	page = (size_t)sysconf(_SC_PAGESIZE);
	harness_add(suite, "reserve", (const TTest *const[]){
		a_reservation_cannot_be_touched, alignment_and_phase_are_kept, an_address_is_kept_or_refused,
		more_than_there_is_is_refused, a_failed_reservation_leaves_nothing, the_lock_knows_its_holder, NULL });
	harness_add(suite, "retake", (const TTest *const[]){
		a_gap_is_taken_back, an_untouched_reservation_is_recognised, a_mapping_that_moved_in_is_not_ours,
		not_even_one_without_access_as_ours_are, nor_one_that_fills_a_part, what_is_marked_but_accessible_is_not_ours,
		a_device_without_access_is_ours_only_when_suspended, without_proc_nothing_is_taken_for_ours, NULL });
	return harness_run(suite);
}
