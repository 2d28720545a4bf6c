/* SPDX-License-Identifier: BSD-3-Clause */
/* Layouts by example. tests/robust/test-property.c checks thousands of random
 * ones. */
#include <errno.h>
#include <sys/mman.h>

#include "support/harness.h"
#include "layout/layout.h"
#include "util/sys.h"

enum {
	RW = BARSPAN_REGION_READ | BARSPAN_REGION_WRITE,
	MAPPABLE = RW | BARSPAN_REGION_MMAP,
	SPARSE = MAPPABLE | BARSPAN_REGION_SPARSE
};

static struct layout_request request;
static struct barspan_extent *extents;
static size_t n_extents;

/* A request for a whole region. */
static void ask_for(uint64_t size, uint32_t flags, uint32_t n, const struct barspan_range *areas)
{
	request = (struct layout_request){
		.device = "test",
		.index = 2,
		.page_size = 0x1000,
		.length = size,
		.prot = PROT_READ | PROT_WRITE,
		.region = { size, flags, n, areas },
	};
	harness_listen();
}

static void lay_out(void)
{
	sys_free(extents);
	extents = NULL;
	ck_assert_zero(layout(&extents, &n_extents, &request));
}

/* Compares the layout with a text such as "0+1000 none, 1000+2000 sparse", in
 * hexadecimal. */
static void expect_layout(const char *text)
{
	char made[1024] = "";

	lay_out();
	for (size_t i = 0; i < n_extents; i++) {
		size_t used = strlen(made);

		snprintf(made + used, sizeof(made) - used, "%s%llx+%llx %s", i ? ", " : "",
			 (unsigned long long)extents[i].offset,
			 (unsigned long long)extents[i].length,
			 barspan_reason_name(extents[i].reason));
		ck_assert_int_eq(extents[i].kind, extents[i].reason == BARSPAN_REASON_NONE
							  ? BARSPAN_DIRECT
							  : BARSPAN_HOLE);
	}
	ck_assert_str_eq(made, text);
	sys_free(extents);
	extents = NULL;
}

#define AREAS(...) \
	(sizeof((const struct barspan_range[]){ __VA_ARGS__ }) / sizeof(struct barspan_range)), \
		(const struct barspan_range[]) \
	{ \
		__VA_ARGS__ \
	}

START_TEST(a_region_without_the_capability_is_all_direct)
{
	ask_for(0x4000, MAPPABLE, 0, NULL);
	expect_layout("0+4000 none");
}
END_TEST

START_TEST(ranges_that_are_not_advertised_are_holes)
{
	ask_for(0x4000, SPARSE, AREAS({ 0, 0x1000 }, { 0x3000, 0x1000 }));
	expect_layout("0+1000 none, 1000+2000 sparse, 3000+1000 none");
	ck_assert_uint_eq(harness_messages[BARSPAN_LOG_WARNING], 0);
}
END_TEST

START_TEST(a_capability_without_areas_is_one_hole)
{
	ask_for(0x4000, SPARSE, 0, NULL);
	expect_layout("0+4000 sparse");
}
END_TEST

START_TEST(a_region_that_cannot_be_mapped_is_one_hole)
{
	ask_for(0x4000, RW, 0, NULL);
	expect_layout("0+4000 unmappable");
	ask_for(0x4000, RW | BARSPAN_REGION_SPARSE, AREAS({ 0, 0x1000 }));
	expect_layout("0+4000 unmappable");
	ask_for(0x4000, BARSPAN_REGION_MMAP, 0, NULL);
	request.prot = 0;
	expect_layout("0+4000 unmappable");
}
END_TEST

START_TEST(areas_may_touch_and_be_in_any_order)
{
	ask_for(0x6000, SPARSE, AREAS({ 0x4000, 0x1000 }, { 0, 0x1000 }, { 0x1000, 0x1000 }));
	expect_layout("0+2000 none, 2000+2000 sparse, 4000+1000 none, 5000+1000 sparse");
	ck_assert_uint_eq(harness_messages[BARSPAN_LOG_WARNING], 0);
}
END_TEST

START_TEST(areas_that_overlap_are_merged)
{
	ask_for(0x4000, SPARSE, AREAS({ 0, 0x2000 }, { 0x1000, 0x2000 }, { 0, 0x1000 }));
	expect_layout("0+3000 none, 3000+1000 sparse");
	ck_assert_str_eq(harness_message, "test region 2: areas overlap at 0x0: merged");
}
END_TEST

START_TEST(areas_are_trimmed_inward)
{
	ask_for(0x5000, SPARSE, AREAS({ 0x800, 0x2000 }, { 0x4000, 0x10 }));
	expect_layout("0+800 sparse, 800+800 page, 1000+1000 none, 2000+800 page, "
		      "2800+1800 sparse, 4000+10 page, 4010+ff0 sparse");
	ck_assert_uint_eq(harness_messages[BARSPAN_LOG_WARNING], 2);
	ck_assert_ptr_nonnull(
		strstr(harness_message, "area 1 at 0x4000 + 0x10 is not page-aligned"));
}
END_TEST

START_TEST(areas_that_fill_a_page_together_make_it_direct)
{
	ask_for(0x2000, SPARSE, AREAS({ 0, 0x800 }, { 0x800, 0x800 }));
	expect_layout("0+1000 none, 1000+1000 sparse");
}
END_TEST

START_TEST(an_empty_area_is_ignored)
{
	ask_for(0x2000, SPARSE, AREAS({ 0x1000, 0 }, { 0, 0x1000 }));
	request.strict = true;
	expect_layout("0+1000 none, 1000+1000 sparse");
	ck_assert_ptr_nonnull(strstr(harness_message, "area 0 at 0x1000 + 0x0 is empty"));
}
END_TEST

START_TEST(an_area_past_the_end_is_cut)
{
	ask_for(0x2000, SPARSE, AREAS({ 0x1000, 0x8000 }, { 0x2000, 0x1000 }));
	expect_layout("0+1000 sparse, 1000+1000 none");
	ck_assert_uint_eq(harness_messages[BARSPAN_LOG_WARNING], 2);
	ck_assert_ptr_nonnull(strstr(
		harness_message,
		"area 0 at 0x1000 + 0x8000 exceeds the region (region size 0x2000): truncated"));
	ck_assert_ptr_nonnull(
		strstr(harness_message, "area 1 at 0x2000 + 0x1000 is past the end of the region"));
}
END_TEST

START_TEST(an_area_that_overflows_is_ignored)
{
	ask_for(0x2000, SPARSE, AREAS({ 0x1000, UINT64_MAX }, { 0, 0x1000 }));
	expect_layout("0+1000 none, 1000+1000 sparse");
	ck_assert_ptr_nonnull(
		strstr(harness_message, "area 0 at 0x1000 + 0xffffffffffffffff overflows"));
}
END_TEST

/* A caller that sets the log to errors alone must learn the cause. */
static void expect_strict_refusal(uint32_t n, const struct barspan_range *areas, const char *cause)
{
	ask_for(0x2000, SPARSE, n, areas);
	request.strict = true;
	ck_assert_int_eq(layout(&extents, &n_extents, &request), -EPROTO);
	ck_assert_uint_eq(harness_messages[BARSPAN_LOG_ERROR], 1);
	ck_assert_ptr_nonnull(strstr(harness_message, cause));
	ck_assert_ptr_nonnull(strstr(harness_message, ": refused by BARSPAN_STRICT"));
}

START_TEST(strict_refuses_malformed_areas)
{
	const struct barspan_range past = { 0x1000, 0x2000 }, overflow = { 0x1000, UINT64_MAX };
	const struct barspan_range overlap[] = { { 0, 0x1800 }, { 0x1000, 0x1000 } };

	expect_strict_refusal(1, &past, "area 0 at 0x1000 + 0x2000 exceeds the region");
	expect_strict_refusal(1, &overflow, "area 0 at 0x1000 + 0xffffffffffffffff overflows");
	expect_strict_refusal(2, overlap, "areas overlap at 0x1000");
}
END_TEST

START_TEST(strict_accepts_unaligned_areas)
{
	ask_for(0x3000, SPARSE, AREAS({ 0x800, 0x2000 }));
	request.strict = true;
	expect_layout("0+800 sparse, 800+800 page, 1000+1000 none, 2000+800 page, 2800+800 sparse");
}
END_TEST

START_TEST(an_area_up_to_the_regions_end_fills_its_last_page)
{
	ask_for(0x100, MAPPABLE, 0, NULL);
	expect_layout("0+100 none");
	ask_for(0x1800, SPARSE, AREAS({ 0x1000, 0x800 }));
	expect_layout("0+1000 sparse, 1000+800 none");
	ask_for(0x100, SPARSE, AREAS({ 0, 0x80 }));
	expect_layout("0+80 page, 80+80 sparse");
}
END_TEST

START_TEST(larger_pages_make_direct_extents_smaller)
{
	ask_for(0x40000, SPARSE, AREAS({ 0x1000, 0x1f000 }));
	request.page_size = 0x4000;
	expect_layout("0+1000 sparse, 1000+3000 page, 4000+1c000 none, 20000+20000 sparse");
	request.page_size = 0x10000;
	expect_layout("0+1000 sparse, 1000+f000 page, 10000+10000 none, 20000+20000 sparse");
	ask_for(0x4000, SPARSE, AREAS({ 0, 0x1000 }, { 0x3000, 0x1000 }));
	request.page_size = 0x10000;
	expect_layout("0+1000 page, 1000+2000 sparse, 3000+1000 page");
	ask_for(0x4000, MAPPABLE, 0, NULL);
	request.page_size = 0x10000;
	expect_layout("0+4000 none");
}
END_TEST

START_TEST(an_msix_table_is_a_hole_of_whole_pages)
{
	ask_for(0x4000, MAPPABLE, 0, NULL);
	request.msix = (struct msix_table){ .bar = 2, .offset = 0x1100, .length = 0x200 };
	expect_layout("0+1000 none, 1000+100 page, 1100+200 msix, 1300+d00 page, 2000+2000 none");
	request.msix.bar = 3;
	expect_layout("0+4000 none");
	request.msix.bar = 2;
	request.region.flags |= BARSPAN_REGION_MSIX_MAPPABLE;
	expect_layout("0+4000 none");
}
END_TEST

START_TEST(an_msix_table_past_the_end_is_cut)
{
	ask_for(0x2000, MAPPABLE, 0, NULL);
	request.msix = (struct msix_table){ .bar = 2, .offset = 0x1800, .length = 0x8000 };
	expect_layout("0+1000 none, 1000+800 page, 1800+800 msix");
	request.msix.offset = 0x10000;
	expect_layout("0+2000 none");
}
END_TEST

START_TEST(the_callers_holes_are_holes)
{
	const struct barspan_range holes[] = { { 0x3000, 0x1000 }, { 0x1010, 4 }, { 0x2000, 0 } };

	ask_for(0x4000, MAPPABLE, 0, NULL);
	request.holes = holes;
	request.n_holes = 3;
	expect_layout("0+1000 none, 1000+10 page, 1010+4 requested, 1014+fec page, "
		      "2000+1000 none, 3000+1000 requested");
}
END_TEST

START_TEST(a_callers_hole_outside_the_region_is_refused)
{
	const struct barspan_range past = { 0x3000, 0x1001 }, overflow = { 0x1000, UINT64_MAX },
				   far = { 0x4001, 0 };

	ask_for(0x4000, MAPPABLE, 0, NULL);
	request.n_holes = 1;
	request.holes = &past;
	ck_assert_int_eq(layout(&extents, &n_extents, &request), -ERANGE);
	ck_assert_ptr_nonnull(strstr(harness_message, "0x3000 + 0x1001"));
	request.holes = &overflow;
	ck_assert_int_eq(layout(&extents, &n_extents, &request), -ERANGE);
	request.holes = &far;
	ck_assert_int_eq(layout(&extents, &n_extents, &request), -ERANGE);
}
END_TEST

START_TEST(the_strongest_reason_of_a_hole_is_kept)
{
	const struct barspan_range hole = { 0, 0x4000 };

	ask_for(0x4000, SPARSE, AREAS({ 0x1000, 0x3000 }));
	request.msix = (struct msix_table){ .bar = 2, .offset = 0x800, .length = 0x1000 };
	request.holes = &hole;
	request.n_holes = 1;
	expect_layout("0+1000 sparse, 1000+800 msix, 1800+2800 requested");
}
END_TEST

START_TEST(a_window_cuts_extents)
{
	ask_for(0x6000, SPARSE, AREAS({ 0x1000, 0x2000 }, { 0x4000, 0x2000 }));
	request.offset = 0x2000;
	request.length = 0x2800;
	expect_layout("0+1000 none, 1000+1000 sparse, 2000+800 none");
	request.length = 0x10;
	expect_layout("0+10 none");
}
END_TEST

START_TEST(a_region_of_almost_2_64_bytes_has_a_layout)
{
	ask_for(UINT64_MAX, SPARSE, AREAS({ 0x1000, 0x1000 }, { UINT64_MAX - 0xfff, 0xfff }));
	expect_layout("0+1000 sparse, 1000+1000 none, 2000+ffffffffffffd000 sparse, "
		      "fffffffffffff000+fff none");
}
END_TEST

START_TEST(too_many_areas_are_refused_unread)
{
	const struct barspan_range one[] = { { 0, 0x1000 } };
	static const uint32_t too_many[] = { BARSPAN_MAX_AREAS + 1, UINT32_MAX - 1, UINT32_MAX };
	uint64_t *cuts = NULL;
	size_t n = 5;

	for (size_t i = 0; i < sizeof(too_many) / sizeof(too_many[0]); i++) {
		ask_for(0x4000, SPARSE, too_many[i], one);
		ck_assert_int_eq(layout(&extents, &n_extents, &request), -EPROTO);
		ck_assert_int_eq(layout_cuts(&cuts, &n, &request), -EPROTO);
	}
	ck_assert_ptr_null(cuts);
	ck_assert_uint_eq(n, 5);
}
END_TEST

START_TEST(cuts_are_the_edges_of_areas)
{
	uint64_t *cuts;
	size_t n;

	ask_for(0x8000, SPARSE, AREAS({ 0x4000, 0x2000 }, { 0x1000, 0x3000 }, { 0x6000, 0x800 }));
	request.offset = 0x1000;
	ck_assert_zero(layout_cuts(&cuts, &n, &request));
	ck_assert_uint_eq(n, 2);
	ck_assert_uint_eq(cuts[0], 0x3000);
	ck_assert_uint_eq(cuts[1], 0x5000);
	sys_free(cuts);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("layout");

	harness_add(suite, "areas",
		    (const TTest *const[]){ a_region_without_the_capability_is_all_direct,
					    ranges_that_are_not_advertised_are_holes,
					    a_capability_without_areas_is_one_hole,
					    a_region_that_cannot_be_mapped_is_one_hole,
					    areas_may_touch_and_be_in_any_order,
					    areas_that_overlap_are_merged, areas_are_trimmed_inward,
					    areas_that_fill_a_page_together_make_it_direct,
					    an_empty_area_is_ignored, an_area_past_the_end_is_cut,
					    an_area_that_overflows_is_ignored,
					    strict_refuses_malformed_areas,
					    strict_accepts_unaligned_areas,
					    an_area_up_to_the_regions_end_fills_its_last_page,
					    larger_pages_make_direct_extents_smaller,
					    a_region_of_almost_2_64_bytes_has_a_layout, NULL });
	harness_add(suite, "holes",
		    (const TTest *const[]){
			    an_msix_table_is_a_hole_of_whole_pages,
			    an_msix_table_past_the_end_is_cut, the_callers_holes_are_holes,
			    a_callers_hole_outside_the_region_is_refused,
			    the_strongest_reason_of_a_hole_is_kept, a_window_cuts_extents,
			    too_many_areas_are_refused_unread, cuts_are_the_edges_of_areas, NULL });
	return harness_run(suite);
}
