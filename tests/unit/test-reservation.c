/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#include "support/fake.h"
#include "support/harness.h"
#include "span/maps.h"
#include "span/reservation.h"
#include "util/sys.h"

static size_t page;

static uint8_t *make_reservation(size_t length)
{
	const struct reservation_request request = { .length = length, .alignment = page };
	struct reservation made;

	ck_assert_zero(reservation_create(&made, &request));
	ck_assert_ptr_eq(made.start, made.base);
	ck_assert_uint_eq(made.length, length);
	return made.base;
}

static bool is_whole(const uint8_t *address, size_t length)
{
	return maps_has_one((uintptr_t)address, (uintptr_t)address + length);
}

START_TEST(a_reservation_cannot_be_accessed)
{
	uint8_t *address = make_reservation(4 * page);
	char *maps = harness_maps_of(address, 4 * page);

	ck_assert_ptr_nonnull(strstr(maps, "---p"));
	ck_assert_ptr_null(strstr(maps, "r--"));
	ck_assert(is_whole(address, 4 * page));
	ck_assert(!harness_can_read(address));
	ck_assert(!harness_can_read(address + 4 * page - 1));
	free(maps);
	reservation_release(address, 4 * page);
}
END_TEST

START_TEST(alignment_and_phase_are_as_requested)
{
	for (size_t alignment = page; alignment <= 64 << 20; alignment *= 4) {
		const struct reservation_request request = {
			.length = 3 * page,
			.alignment = alignment,
			.phase = 5 * page,
		};
		char *before = harness_snapshot();
		struct reservation made;

		ck_assert_zero(reservation_create(&made, &request));
		ck_assert_uint_eq(((uintptr_t)made.base - 5 * page) % alignment, 0);
		ck_assert(made.start <= made.base &&
			  made.base + 3 * page <= made.start + made.length);
		ck_assert_zero(reservation_trim(&made, 3 * page));
		ck_assert_ptr_eq(made.start, made.base);
		ck_assert_uint_eq(made.length, 3 * page);
		reservation_release(made.start, made.length);
		harness_expect_unchanged(&before);
	}
}
END_TEST

START_TEST(a_neighbour_is_reserved_on_request)
{
	const struct reservation_request request = { .length = page,
						     .alignment = page,
						     .with_neighbour = true };
	struct reservation made;

	ck_assert_zero(reservation_create(&made, &request));
	ck_assert_uint_eq(made.length, 2 * page);
	ck_assert_zero(reservation_trim(&made, page));
	ck_assert_uint_eq(made.length, page);
	reservation_release(made.start, made.length);
}
END_TEST

START_TEST(a_requested_address_is_used_or_refused)
{
	uint8_t *address = make_reservation(4 * page);
	struct reservation_request request = { .length = 2 * page,
					       .alignment = page,
					       .address = address + page };
	struct reservation got = { 0 };

	ck_assert_int_eq(reservation_create(&got, &request), -EEXIST);
	ck_assert_ptr_null(got.start);
	ck_assert(is_whole(address, 4 * page));
	request.replace = true;
	ck_assert_zero(reservation_create(&got, &request));
	ck_assert_ptr_eq(got.base, address + page);
	reservation_release(address, 4 * page);
	request.replace = false;
	ck_assert_zero(reservation_create(&got, &request));
	ck_assert_ptr_eq(got.base, address + page);
	reservation_release(got.base, 2 * page);
}
END_TEST

START_TEST(a_reservation_larger_than_the_address_space_is_refused)
{
	struct reservation_request request = { .length = SIZE_MAX - page + 1,
					       .alignment = 2 * page };
	struct reservation got = { 0 };

	ck_assert_int_eq(reservation_create(&got, &request), -ENOMEM);
	request.alignment = page;
	/* Linux returns ENOMEM; valgrind, which handles the call, returns
	 * EINVAL. */
	ck_assert_int_lt(reservation_create(&got, &request), 0);
	ck_assert_ptr_null(got.start);
}
END_TEST

START_TEST(a_gap_in_a_reservation_is_reclaimed)
{
	uint8_t *address = make_reservation(4 * page);

	ck_assert_zero(munmap(address + page, 2 * page));
	ck_assert(reservation_reclaim(address + page, 2 * page, address));
	ck_assert(is_whole(address, 4 * page));
	reservation_release(address, 4 * page);
}
END_TEST

START_TEST(an_untouched_reservation_is_recognised)
{
	uint8_t *address = make_reservation(6 * page) + page;

	/* The kernel may otherwise fill a gap between two mappings exactly. */
	reservation_release(address - page, page);
	reservation_release(address + 4 * page, page);
	ck_assert(reservation_reclaim(address + page, 2 * page, address));
	ck_assert(reservation_reclaim(address + page, 2 * page, address + 3 * page));
	/* There is no such page: the call tests a page beside the range. */
	ck_assert(reservation_reclaim(address, 4 * page, NULL));
	ck_assert_uint_eq(harness_count_maps(address, 4 * page), 1);
	reservation_release(address, 4 * page);
}
END_TEST

/* A mapping that another thread could make in a gap. */
static void move_in(uint8_t *address, size_t length, int prot)
{
	ck_assert_zero(munmap(address, length));
	ck_assert_ptr_eq(mmap(address, length, prot,
			      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0),
			 address);
}

START_TEST(a_foreign_mapping_in_the_range_is_recognised)
{
	uint8_t *address = make_reservation(4 * page);

	move_in(address + page, 2 * page, PROT_READ | PROT_WRITE);
	address[page] = 42;
	ck_assert(!reservation_reclaim(address + page, 2 * page, address));
	ck_assert_uint_eq(address[page], 42);
	reservation_release(address, 4 * page);
}
END_TEST

START_TEST(a_foreign_mapping_without_access_is_recognised)
{
	uint8_t *address = make_reservation(4 * page);

	move_in(address + page, 2 * page, PROT_NONE);
	ck_assert(!reservation_reclaim(address + page, 2 * page, address));
	reservation_release(address, 4 * page);
}
END_TEST

START_TEST(a_foreign_mapping_in_a_part_of_the_range_is_recognised)
{
	uint8_t *address = make_reservation(6 * page);

	ck_assert_zero(munmap(address + page, 4 * page));
	for (size_t at = 1; at < 5; at++) {
		void *foreign = mmap(address + at * page, page, PROT_READ,
				     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);

		ck_assert(!reservation_reclaim(address + page, 4 * page, address));
		ck_assert(harness_can_read(foreign));
		ck_assert_zero(munmap(foreign, page));
	}
	reservation_release(address, page);
	reservation_release(address + 5 * page, page);
}
END_TEST

/* The page beside the range ends the mapping in one case, and the reservation
 * in the other. */
START_TEST(an_untouched_range_at_an_edge_is_recognised)
{
	uint8_t *address = make_reservation(4 * page);

	ck_assert(reservation_reclaim(address, 3 * page, address + 3 * page));
	ck_assert(reservation_reclaim(address + page, 3 * page, address));
	move_in(address + 3 * page, page, PROT_NONE);
	ck_assert(reservation_reclaim(address, 2 * page, address + 2 * page));
	ck_assert(!reservation_reclaim(address + 2 * page, 2 * page, address + page));
	ck_assert_uint_eq(harness_count_maps(address, 4 * page), 2);
	reservation_release(address, 4 * page);
}
END_TEST

START_TEST(a_foreign_mapping_beside_free_addresses_is_recognised)
{
	uint8_t *address = make_reservation(6 * page), *all;

	/* Free addresses on both sides. */
	ck_assert_zero(munmap(address, page));
	ck_assert_zero(munmap(address + 5 * page, page));
	move_in(address + page, 4 * page, PROT_NONE);
	ck_assert(!reservation_reclaim(address + page, 4 * page, NULL));
	ck_assert_uint_eq(harness_count_maps(address, 6 * page), 1);
	munmap(address + page, 4 * page);
	/* Free addresses on neither side. */
	all = mmap(NULL, 6 * page, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	address = all + page;
	move_in(address, 4 * page, PROT_NONE);
	ck_assert_zero(madvise(address, 4 * page, MADV_DONTDUMP));
	ck_assert(!reservation_reclaim(address, 4 * page, NULL));
	munmap(all, 6 * page);
}
END_TEST

/* There are free addresses after the range, into which it could grow. */
START_TEST(reclaiming_a_whole_reservation_changes_no_mapping)
{
	uint8_t *address = make_reservation(1024 * page);
	char *before;

	ck_assert_zero(munmap(address + 8 * page, 1016 * page));
	before = harness_snapshot();
	ck_assert(reservation_reclaim(address, 7 * page, address + 7 * page));
	harness_expect_unchanged(&before);
	reservation_release(address, 8 * page);
}
END_TEST

START_TEST(reclaiming_needs_no_proc)
{
	uint8_t *address = make_reservation(3 * page);

	if (sys_under_valgrind())
		return;
	fake_reset();
	fake_fail_call(FAKE_OPEN, 1, -EACCES);
	ck_assert(reservation_reclaim(address, 2 * page, address + 2 * page));
	ck_assert_uint_eq(fake_count(FAKE_OPEN), 0);
	fake_reset();
	reservation_release(address, 3 * page);
}
END_TEST

START_TEST(a_failed_reservation_leaves_nothing_behind)
{
	char *before = harness_snapshot();

	for (unsigned long n = 1; n <= 4; n++) {
		const struct reservation_request request = { .length = 3 * page,
							     .alignment = 1 << 20,
							     .phase = page };
		struct reservation got = { 0 };

		fake_reset();
		fake_fail(n, -EPERM, 1);
		if (!reservation_create(&got, &request))
			reservation_release(got.start, got.length);
		else
			ck_assert_ptr_null(got.start);
	}
	fake_reset();
	harness_expect_unchanged(&before);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("reservation");

	page = (size_t)sysconf(_SC_PAGESIZE);
	harness_add(suite, "create",
		    (const TTest *const[]){ a_reservation_cannot_be_accessed,
					    alignment_and_phase_are_as_requested,
					    a_neighbour_is_reserved_on_request,
					    a_requested_address_is_used_or_refused,
					    a_reservation_larger_than_the_address_space_is_refused,
					    a_failed_reservation_leaves_nothing_behind, NULL });
	harness_add(suite, "reclaim",
		    (const TTest *const[]){ a_gap_in_a_reservation_is_reclaimed,
					    an_untouched_reservation_is_recognised,
					    an_untouched_range_at_an_edge_is_recognised,
					    a_foreign_mapping_in_the_range_is_recognised,
					    a_foreign_mapping_without_access_is_recognised,
					    a_foreign_mapping_in_a_part_of_the_range_is_recognised,
					    a_foreign_mapping_beside_free_addresses_is_recognised,
					    reclaiming_a_whole_reservation_changes_no_mapping,
					    reclaiming_needs_no_proc, NULL });
	return harness_run(suite);
}
