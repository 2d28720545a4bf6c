/* SPDX-License-Identifier: BSD-3-Clause */
#include <inttypes.h>
#include <string.h>

#include "parse.h"
#include "suite.h"

static uint64_t parsed_number(const char *text)
{
	uint64_t value = 0xdead;
	const char *complaint = parse_number(&value, text);

	ck_assert_msg(!complaint, "%s: %s", text, complaint);
	return value;
}

START_TEST(numbers_are_decimal_or_hex_with_suffixes)
{
	ck_assert_uint_eq(parsed_number("0"), 0);
	ck_assert_uint_eq(parsed_number("010"), 10);
	ck_assert_uint_eq(parsed_number("18446744073709551615"), UINT64_MAX);
	ck_assert_uint_eq(parsed_number("0xffffffffffffffff"), UINT64_MAX);
	ck_assert_uint_eq(parsed_number("0XaBc"), 0xabc);
	ck_assert_uint_eq(parsed_number("3K"), 3072);
	ck_assert_uint_eq(parsed_number("3k"), 3072);
	ck_assert_uint_eq(parsed_number("0x10M"), UINT64_C(16) << 20);
	ck_assert_uint_eq(parsed_number("5G"), UINT64_C(5) << 30);
	ck_assert_uint_eq(parsed_number("16777215T"), UINT64_C(16777215) << 40);
}
END_TEST

static void refuse_number(const char *text, const char *why)
{
	uint64_t value = 42;
	const char *complaint = parse_number(&value, text);

	ck_assert_msg(complaint && strstr(complaint, why), "'%s': %s", text,
		      complaint ? complaint : "accepted");
	ck_assert_uint_eq(value, 42);
}

START_TEST(invalid_numbers_are_refused_with_a_reason)
{
	refuse_number("", "not a number");
	refuse_number("K", "not a number");
	refuse_number("0x", "not a number");
	refuse_number("0xK", "not a number");
	refuse_number("ff", "not a number");
	refuse_number(" 1", "not a number");
	refuse_number("1 ", "not a number");
	refuse_number("+1", "not a number");
	refuse_number("1KB", "not a number");
	refuse_number("1P", "not a number");
	refuse_number("1.5", "not a number");
	refuse_number("-1", "negative");
	refuse_number("18446744073709551616", "64 bits");
	refuse_number("0x10000000000000000", "64 bits");
	refuse_number("16777216T", "64 bits");
	refuse_number("99999999999999999999999", "64 bits");
}
END_TEST

START_TEST(regions_are_numbers_or_names)
{
	static const struct {
		const char *text;
		unsigned int index;
	} good[] = {
		{ "0", 0 },   { "0x9", 9 }, { "BAR0", 0 },   { "bar5", 5 },
		{ "ROM", 6 }, { "rom", 6 }, { "Config", 7 },
	};
	static const char *const bad[] = { "",	   "BAR", "BAR6", "BAR01",
					   "ROMS", "x",	  "-1",	  "0x100000000" };
	unsigned int index;

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		index = 77;
		ck_assert_ptr_null(parse_region(&index, good[i].text));
		ck_assert_uint_eq(index, good[i].index);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_msg(parse_region(&index, bad[i]) != NULL, "'%s' accepted", bad[i]);
}
END_TEST

START_TEST(a_width_is_8_16_32_or_64_bits)
{
	static const char *const bad[] = { "", "0", "1", "4", "24", "128", "32x", "-8" };
	unsigned int width = 0;

	ck_assert(!parse_width(&width, "8") && width == 8);
	ck_assert(!parse_width(&width, "16") && width == 16);
	ck_assert(!parse_width(&width, "0x20") && width == 32);
	ck_assert(!parse_width(&width, "64") && width == 64);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_msg(parse_width(&width, bad[i]) != NULL, "'%s' accepted", bad[i]);
}
END_TEST

START_TEST(a_value_that_exceeds_the_width_is_refused)
{
	uint64_t value = 0;

	ck_assert(!parse_value(&value, "0xff", 8) && value == 0xff);
	ck_assert_ptr_nonnull(parse_value(&value, "0x100", 8));
	ck_assert(!parse_value(&value, "0xffff", 16) && value == 0xffff);
	ck_assert_ptr_nonnull(parse_value(&value, "64K", 16));
	ck_assert(!parse_value(&value, "0xffffffff", 32) && value == UINT32_MAX);
	ck_assert_ptr_nonnull(parse_value(&value, "4G", 32));
	ck_assert(!parse_value(&value, "0xffffffffffffffff", 64) && value == UINT64_MAX);
	ck_assert_ptr_nonnull(parse_value(&value, "x", 64));
}
END_TEST

START_TEST(pci_addresses_are_recognised)
{
	static const char *const good[] = { "0000:01:00.0", "01:00.7", "10000:ff:1f.3",
					    "0000:1:2.3" };
	static const char *const bad[] = {
		"",
		":",
		"::",
		"0000:01:00",
		"0000:01:00.8",
		"0000:01:00.0x",
		"1",
		"x:01:00.0",
		"0000:001:00.0",
		"0000:01:000.0",
		":01:00.0",
		"000000001:01:00.0",
		"01:.0",
	};

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		ck_assert_msg(parse_is_pci_address(good[i]), "'%s' refused", good[i]);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_msg(!parse_is_pci_address(bad[i]), "'%s' accepted", bad[i]);
}
END_TEST

START_TEST(a_layout_has_regions_access_and_areas)
{
	const uint32_t rw = BARSPAN_REGION_READ | BARSPAN_REGION_WRITE,
		       rwm = rw | BARSPAN_REGION_MMAP;
	char complaint[COMPLAINT_SIZE];
	struct soft_layout layout;

	ck_assert(parse_soft_layout(&layout, "0x4000:0+0x1000,12K+4K;64K;1M:;256@rw;0@;4K@rm:1+2",
				    complaint));
	ck_assert_uint_eq(layout.n, 6);
	ck_assert_uint_eq(layout.regions[0].size, 0x4000);
	ck_assert_uint_eq(layout.regions[0].flags, rwm | BARSPAN_REGION_SPARSE);
	ck_assert_uint_eq(layout.regions[0].n_areas, 2);
	ck_assert_uint_eq(layout.regions[0].areas[0].offset, 0);
	ck_assert_uint_eq(layout.regions[0].areas[0].length, 0x1000);
	ck_assert_uint_eq(layout.regions[0].areas[1].offset, 0x3000);
	ck_assert_uint_eq(layout.regions[0].areas[1].length, 0x1000);
	ck_assert_uint_eq(layout.regions[1].size, 0x10000);
	ck_assert_uint_eq(layout.regions[1].flags, rwm);
	ck_assert_uint_eq(layout.regions[2].flags, rwm | BARSPAN_REGION_SPARSE);
	ck_assert_uint_eq(layout.regions[2].n_areas, 0);
	ck_assert_uint_eq(layout.regions[3].flags, rw);
	ck_assert_uint_eq(layout.regions[4].flags, 0);
	ck_assert_uint_eq(layout.regions[5].flags,
			  BARSPAN_REGION_READ | BARSPAN_REGION_MMAP | BARSPAN_REGION_SPARSE);
	ck_assert_uint_eq(layout.regions[5].n_areas, 1);
	soft_layout_free(&layout);
	ck_assert_ptr_null(layout.regions);
}
END_TEST

START_TEST(a_bad_layout_is_refused_with_the_bad_part)
{
	static const struct {
		const char *text, *part;
	} bad[] = {
		{ "", "size ''" },
		{ "x", "size 'x'" },
		{ "4K;", "size ''" },
		{ "4K:0", "area '0'" },
		{ "4K:0+", "length ''" },
		{ "4K:+1", "offset ''" },
		{ "4K:1+x", "length 'x'" },
		{ "4K:0+1,", "area ''" },
		{ "4K@q", "access 'q'" },
		{ "4K:0+-1", "length '-1'" },
		{ "4K;8K:y+1", "offset 'y'" },
		{ "4K:0+1:2", "length '1:2'" },
	};
	char complaint[COMPLAINT_SIZE];
	struct soft_layout layout;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		ck_assert_msg(!parse_soft_layout(&layout, bad[i].text, complaint), "'%s' accepted",
			      bad[i].text);
		ck_assert_msg(strstr(complaint, bad[i].part), "'%s': %s", bad[i].text, complaint);
		ck_assert_ptr_null(layout.regions);
	}
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		numbers_are_decimal_or_hex_with_suffixes,
		invalid_numbers_are_refused_with_a_reason,
		regions_are_numbers_or_names,
		a_width_is_8_16_32_or_64_bits,
		a_value_that_exceeds_the_width_is_refused,
		pci_addresses_are_recognised,
		a_layout_has_regions_access_and_areas,
		a_bad_layout_is_refused_with_the_bad_part,
		NULL,
	};

	return suite_run("parse", tests);
}
