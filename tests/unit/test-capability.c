/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <linux/vfio.h>

#include "layout/capability.h"
#include "support/harness.h"

enum { FIRST = sizeof(struct vfio_region_info), LENGTH = 512 };

static uint8_t buffer[LENGTH];
static struct capabilities found;
static size_t bad;

static void put_header(size_t at, uint16_t id, uint16_t version, uint32_t next)
{
	struct vfio_info_cap_header header = { .id = id, .version = version, .next = next };

	memcpy(buffer + at, &header, sizeof(header));
}

static void put_sparse(size_t at, uint32_t next, uint32_t n, const struct barspan_range *areas)
{
	struct vfio_region_info_cap_sparse_mmap sparse = { .nr_areas = n };

	memcpy(buffer + at, &sparse, sizeof(sparse));
	put_header(at, VFIO_REGION_INFO_CAP_SPARSE_MMAP, 1, next);
	if (areas)
		memcpy(buffer + at + sizeof(sparse), areas, n * sizeof(*areas));
}

static int parse_buffer(size_t length, uint32_t first)
{
	return capabilities_parse(&found, buffer, length, first, &bad);
}

static void set_up(void)
{
	memset(buffer, 0, sizeof(buffer));
}

static const struct barspan_range two[] = { { 0, 0x1000 }, { 0x3000, 0x1000 } };

START_TEST(an_empty_chain_has_no_capability)
{
	ck_assert_zero(parse_buffer(LENGTH, 0));
	ck_assert(!found.sparse && !found.msix_mappable);
}
END_TEST

START_TEST(areas_are_read_from_the_chain)
{
	put_sparse(FIRST, 0, 2, two);
	ck_assert_zero(parse_buffer(LENGTH, FIRST));
	ck_assert(found.sparse);
	ck_assert_uint_eq(found.n_areas, 2);
	ck_assert_uint_eq(capabilities_area(&found, buffer, 1).offset, 0x3000);
	ck_assert_uint_eq(capabilities_area(&found, buffer, 1).length, 0x1000);
}
END_TEST

START_TEST(a_sparse_capability_may_have_no_area)
{
	put_sparse(FIRST, 0, 0, NULL);
	ck_assert_zero(parse_buffer(LENGTH, FIRST));
	ck_assert(found.sparse);
	ck_assert_uint_eq(found.n_areas, 0);
}
END_TEST

START_TEST(unknown_ids_and_versions_are_skipped)
{
	put_header(FIRST, 0x7777, 1, FIRST + 8);
	put_header(FIRST + 8, VFIO_REGION_INFO_CAP_SPARSE_MMAP, 2, FIRST + 16);
	put_header(FIRST + 16, VFIO_REGION_INFO_CAP_MSIX_MAPPABLE, 9, FIRST + 24);
	put_sparse(FIRST + 24, 0, 2, two);
	ck_assert_zero(parse_buffer(LENGTH, FIRST));
	ck_assert_uint_eq(found.n_areas, 2);
	ck_assert(!found.msix_mappable);
}
END_TEST

START_TEST(msix_mappable_is_found_after_areas)
{
	put_sparse(FIRST, 200, 2, two);
	put_header(200, VFIO_REGION_INFO_CAP_MSIX_MAPPABLE, 1, 0);
	ck_assert_zero(parse_buffer(LENGTH, FIRST));
	ck_assert(found.sparse && found.msix_mappable);
}
END_TEST

START_TEST(headers_need_no_alignment)
{
	put_header(FIRST, 0x7777, 1, FIRST + 11);
	put_sparse(FIRST + 11, 0, 2, two);
	ck_assert_zero(parse_buffer(LENGTH, FIRST));
	ck_assert_uint_eq(capabilities_area(&found, buffer, 1).offset, 0x3000);
}
END_TEST

START_TEST(a_chain_may_go_backwards_once)
{
	put_header(300, 0x7777, 1, FIRST);
	put_sparse(FIRST, 0, 2, two);
	ck_assert_zero(parse_buffer(LENGTH, 300));
	ck_assert_uint_eq(found.n_areas, 2);
}
END_TEST

START_TEST(a_loop_is_refused)
{
	put_header(FIRST, 0x7777, 1, 100);
	put_header(100, 0x7778, 1, FIRST);
	ck_assert_int_eq(parse_buffer(LENGTH, FIRST), -EPROTO);
	ck_assert_str_eq(found.cause, "chain has a loop");
	put_header(FIRST, 0x7777, 1, FIRST);
	ck_assert_int_eq(parse_buffer(LENGTH, FIRST), -EPROTO);
}
END_TEST

START_TEST(a_second_sparse_capability_is_refused)
{
	put_sparse(FIRST, 200, 2, two);
	put_sparse(200, 0, 2, two);
	ck_assert_int_eq(parse_buffer(LENGTH, FIRST), -EPROTO);
	ck_assert_uint_eq(bad, 200);
	ck_assert_str_eq(found.cause, "second sparse capability");
}
END_TEST

START_TEST(a_header_outside_the_buffer_is_refused)
{
	ck_assert_int_eq(parse_buffer(LENGTH, LENGTH), -EPROTO);
	ck_assert_int_eq(parse_buffer(LENGTH, LENGTH - 7), -EPROTO);
	ck_assert_int_eq(parse_buffer(LENGTH, UINT32_MAX), -EPROTO);
	ck_assert_str_eq(found.cause, "header outside of the answer");
	put_header(LENGTH - 8, 0x7777, 1, 0);
	ck_assert_zero(parse_buffer(LENGTH, LENGTH - 8));
	ck_assert_int_eq(parse_buffer(0, FIRST), -EPROTO);
}
END_TEST

START_TEST(a_header_inside_the_fixed_part_is_refused)
{
	ck_assert_int_eq(parse_buffer(LENGTH, FIRST - 1), -EPROTO);
	ck_assert_int_eq(parse_buffer(LENGTH, 1), -EPROTO);
}
END_TEST

START_TEST(areas_outside_the_buffer_are_refused)
{
	put_sparse(FIRST, 0, 2, two);
	ck_assert_zero(parse_buffer(FIRST + 16 + 32, FIRST));
	ck_assert_int_eq(parse_buffer(FIRST + 16 + 31, FIRST), -EPROTO);
	ck_assert_str_eq(found.cause, "areas exceed the answer");
	ck_assert_int_eq(parse_buffer(FIRST + 15, FIRST), -EPROTO);
	ck_assert_str_eq(found.cause, "sparse capability exceeds the answer");
	ck_assert_uint_eq(bad, FIRST);
}
END_TEST

START_TEST(a_count_that_overflows_is_refused)
{
	put_sparse(FIRST, 0, UINT32_MAX, NULL);
	ck_assert_int_eq(parse_buffer(LENGTH, FIRST), -EPROTO);
	put_sparse(FIRST, 0, 0x10000000, NULL);
	ck_assert_int_eq(parse_buffer(LENGTH, FIRST), -EPROTO);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("capability");

	harness_add_with(suite, "good", set_up, NULL,
			 (const TTest *const[]){
				 an_empty_chain_has_no_capability, areas_are_read_from_the_chain,
				 a_sparse_capability_may_have_no_area,
				 unknown_ids_and_versions_are_skipped,
				 msix_mappable_is_found_after_areas, headers_need_no_alignment,
				 a_chain_may_go_backwards_once, NULL });
	harness_add_with(suite, "hostile", set_up, NULL,
			 (const TTest *const[]){ a_loop_is_refused,
						 a_second_sparse_capability_is_refused,
						 a_header_outside_the_buffer_is_refused,
						 a_header_inside_the_fixed_part_is_refused,
						 areas_outside_the_buffer_are_refused,
						 a_count_that_overflows_is_refused, NULL });
	return harness_run(suite);
}
