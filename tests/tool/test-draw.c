/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "hexdump.h"
#include "picture.h"
#include "suite.h"
#include "svg.h"
#include "svg-scale.h"

enum { MAX_EXTENTS = 64 };

/* Extents that alternate between direct and hole, with these lengths. */
struct drawing {
	struct survey survey;
	struct barspan_extent extents[MAX_EXTENTS];
	char *text;
	const char *bar, *labels; /* lines of the text, with their indentation */
};

static void add_extent(struct drawing *drawing, uint64_t length, enum barspan_reason reason)
{
	struct survey *survey = &drawing->survey;

	survey->extents = drawing->extents;
	survey->extents[survey->n_extents++] = (struct barspan_extent){
		survey->region.size,
		length,
		reason ? BARSPAN_HOLE : BARSPAN_DIRECT,
		reason,
	};
	survey->region.size += length;
	survey->by_reason[reason] += length;
}

static void draw_picture(struct drawing *drawing, unsigned int width)
{
	const struct picture_style style = { width, false };
	size_t length;
	FILE *out = open_memstream(&drawing->text, &length);

	ck_assert_ptr_nonnull(out);
	ck_assert_int_eq(picture_draw(out, &drawing->survey, &style), 0);
	fclose(out);
	drawing->bar = strtok(drawing->text, "\n");
	drawing->labels = strtok(NULL, "\n");
	ck_assert_uint_eq(strlen(drawing->bar), width);
	ck_assert_uint_eq(strlen(drawing->labels), width);
}

START_TEST(a_picture_is_to_scale_and_fills_the_width)
{
	struct drawing drawing = { 0 };

	add_extent(&drawing, 0x1000, BARSPAN_REASON_NONE);
	add_extent(&drawing, 0x2000, BARSPAN_REASON_SPARSE);
	add_extent(&drawing, 0x1000, BARSPAN_REASON_NONE);
	draw_picture(&drawing, 62);
	ck_assert_str_eq(drawing.bar,
			 "  ###############........... sparse ...........###############");
	ck_assert_str_eq(drawing.labels,
			 "  |0x0           |0x1000                       |0x3000 0x4000|");
	free(drawing.text);
}
END_TEST

START_TEST(an_offset_without_room_is_left_out)
{
	struct drawing drawing = { 0 };

	add_extent(&drawing, 0x1000, BARSPAN_REASON_NONE);
	add_extent(&drawing, 0x2000, BARSPAN_REASON_MSIX);
	add_extent(&drawing, 0x1000, BARSPAN_REASON_NONE);
	draw_picture(&drawing, 42);
	ck_assert_str_eq(drawing.bar, "  ##########....... msix .......##########");
	ck_assert_str_eq(drawing.labels, "  |0x0      |0x1000                0x4000|");
	free(drawing.text);
}
END_TEST

START_TEST(an_extent_smaller_than_a_character_is_visible)
{
	struct drawing drawing = { 0 };

	add_extent(&drawing, UINT64_C(1) << 39, BARSPAN_REASON_SPARSE);
	add_extent(&drawing, 0x1000, BARSPAN_REASON_NONE);
	add_extent(&drawing, (UINT64_C(1) << 39) - 0x1000, BARSPAN_REASON_SPARSE);
	draw_picture(&drawing, 62);
	ck_assert_str_eq(drawing.bar,
			 "  ........... sparse ...........+.......... sparse ...........");
	free(drawing.text);

	drawing = (struct drawing){ 0 };
	add_extent(&drawing, 1, BARSPAN_REASON_PAGE);
	add_extent(&drawing, 998, BARSPAN_REASON_NONE);
	add_extent(&drawing, 1, BARSPAN_REASON_PAGE);
	draw_picture(&drawing, 22);
	ck_assert_str_eq(drawing.bar, "  +##################+");
	free(drawing.text);
}
END_TEST

START_TEST(a_region_of_fewer_bytes_than_characters_is_drawn)
{
	struct drawing drawing = { 0 };

	add_extent(&drawing, 1, BARSPAN_REASON_NONE);
	add_extent(&drawing, 1, BARSPAN_REASON_UNMAPPABLE);
	draw_picture(&drawing, 22);
	ck_assert_str_eq(drawing.bar, "  ##########..........");
	ck_assert_str_eq(drawing.labels, "  |0x0      |0x1  0x2|");
	free(drawing.text);
}
END_TEST

/* For random lengths: the picture has the requested width, and shows each kind
 * that exists. */
START_TEST(pictures_of_all_widths_show_both_kinds)
{
	for (unsigned int width = 20; width < 300; width += 7)
		for (unsigned int shift = 0; shift < 48; shift += 5) {
			struct drawing drawing = { 0 };

			for (size_t i = 0; i < MAX_EXTENTS / 2; i++) {
				add_extent(&drawing, 1 + (i * 7919 % 13 << shift),
					   BARSPAN_REASON_NONE);
				add_extent(&drawing, 1 + (i * 104729 % 5 << shift),
					   BARSPAN_REASON_SPARSE);
			}
			draw_picture(&drawing, width);
			ck_assert(strpbrk(drawing.bar, "#+") && strpbrk(drawing.bar, ".+"));
			free(drawing.text);
		}
}
END_TEST

START_TEST(widths_are_in_proportion_if_all_are_wide_enough)
{
	const struct barspan_extent extents[] = { { .length = 1 },
						  { .length = 2 },
						  { .length = 1 } };
	double widths[3];

	ck_assert(svg_scale(widths, extents, 3, 400, 100));
	ck_assert_double_eq_tol(widths[0], 100, 0.01);
	ck_assert_double_eq_tol(widths[1], 200, 0.01);
	ck_assert_double_eq_tol(widths[2], 100, 0.01);
}
END_TEST

START_TEST(a_narrow_width_is_widened_at_the_cost_of_the_others)
{
	const struct barspan_extent extents[] = { { .length = 1 },
						  { .length = 1ull << 60 },
						  { .length = 1024 } };
	double widths[3];

	ck_assert(!svg_scale(widths, extents, 3, 400, 100));
	ck_assert_double_eq_tol(widths[0], 100, 0.01);
	ck_assert_double_eq_tol(widths[1], 200, 0.01);
	ck_assert_double_eq_tol(widths[2], 100, 0.01);

	/* In proportion, the second extent would have the least width, 10. The
	 * first takes 10 of the room, so the second has to be widened, too. */
	const struct barspan_extent tight[] = { { .length = 1 },
						{ .length = 10 },
						{ .length = 89 } };

	ck_assert(!svg_scale(widths, tight, 3, 100, 10));
	ck_assert_double_eq_tol(widths[0], 10, 0.01);
	ck_assert_double_eq_tol(widths[1], 10, 0.01);
	ck_assert_double_eq_tol(widths[2], 80, 0.01);
}
END_TEST

static char *read_all(const char *path)
{
	static char text[1 << 18];
	FILE *file = fopen(path, "re");
	size_t n;

	ck_assert_ptr_nonnull(file);
	n = fread(text, 1, sizeof(text) - 1, file);
	fclose(file);
	text[n] = '\0';
	return text;
}

/* Each reason has a hatching and a line in the legend. Other reasons have
 * none. */
START_TEST(an_svg_hatches_each_reason)
{
	char path[] = "test-draw-XXXXXX", pattern[64];
	struct drawing drawing = { 0 };
	char *text;
	int fd = mkstemp(path);

	ck_assert_int_ge(fd, 0);
	for (int reason = BARSPAN_REASON_NONE; reason < BARSPAN_REASON_SUSPENDED; reason++)
		add_extent(&drawing, 0x1000, (enum barspan_reason)reason);
	ck_assert_int_eq(svg_write(path, "a <device> & \"more\"", &drawing.survey, 1), 0);
	text = read_all(path);
	for (int reason = BARSPAN_REASON_SPARSE; reason < BARSPAN_REASON_SUSPENDED; reason++) {
		snprintf(pattern, sizeof(pattern), "<pattern id=\"barspan-%s\"",
			 barspan_reason_name((enum barspan_reason)reason));
		ck_assert_ptr_nonnull(strstr(text, pattern));
		ck_assert_ptr_nonnull(strstr(text, words_reason((enum barspan_reason)reason)));
	}
	ck_assert_ptr_null(strstr(text, "barspan-suspended"));
	ck_assert_ptr_nonnull(strstr(text, "a &#60;device&#62; &#38; &#34;more&#34;"));
	ck_assert_ptr_null(strstr(text, "<device>"));
	remove(path);
	fclose(fdopen(fd, "r"));
}
END_TEST

static void expect_dump(bool all, uint64_t offset, const char *bytes, size_t length, size_t piece,
			const char *expected)
{
	struct hexdump dump;
	char *text;
	size_t n;
	FILE *out = open_memstream(&text, &n);

	ck_assert_ptr_nonnull(out);
	hexdump_start(&dump, out, all, offset, offset + length);
	for (size_t done = 0, now; done < length; done += now) {
		now = length - done < piece ? length - done : piece;
		hexdump_add(&dump, (const uint8_t *)bytes + done, now);
	}
	hexdump_end(&dump);
	fclose(out);
	ck_assert_str_eq(text, expected);
	free(text);
}

START_TEST(a_dump_has_the_form_of_hexdump_canonical)
{
	static const char text[] = "0123456789abcdef~\x7f\x80\xff\n ";
	static const char expected[] =
		"00000013  30 31 32 33 34 35 36 37  38 39 61 62 63 64 65 66  |0123456789abcdef|\n"
		"00000023  7e 7f 80 ff 0a 20                                 |~.... |\n"
		"00000029\n";

	for (size_t piece = 1; piece < 30; piece++)
		expect_dump(false, 0x13, text, sizeof(text) - 1, piece, expected);
}
END_TEST

START_TEST(a_dump_squeezes_lines_that_repeat)
{
	static const char zeros[16 * 5 + 3];

	expect_dump(
		false, 0, zeros, 16 * 5 + 3, 7,
		"00000000  00 00 00 00 00 00 00 00  00 00 00 00 00 00 00 00  |................|\n"
		"*\n"
		"00000050  00 00 00                                          |...|\n"
		"00000053\n");
	expect_dump(
		true, 0, zeros, 32, 32,
		"00000000  00 00 00 00 00 00 00 00  00 00 00 00 00 00 00 00  |................|\n"
		"00000010  00 00 00 00 00 00 00 00  00 00 00 00 00 00 00 00  |................|\n"
		"00000020\n");
}
END_TEST

START_TEST(offsets_past_32_bits_have_all_their_digits)
{
	expect_dump(false, UINT64_C(0x1fffffff0), "0123456789abcdef", 16, 16,
		    "00000001fffffff0  30 31 32 33 34 35 36 37  38 39 61 62 63 64 65 66  "
		    "|0123456789abcdef|\n"
		    "0000000200000000\n");
}
END_TEST

START_TEST(sizes_are_printed_without_rounding)
{
	char text[WORDS_SIZE];

	ck_assert_str_eq(words_size(text, 0), "0");
	ck_assert_str_eq(words_size(text, 1023), "1023");
	ck_assert_str_eq(words_size(text, 1025), "1025");
	ck_assert_str_eq(words_size(text, 1024), "1K");
	ck_assert_str_eq(words_size(text, 1536 * 1024), "1536K");
	ck_assert_str_eq(words_size(text, UINT64_C(1) << 50), "1024T");
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		a_picture_is_to_scale_and_fills_the_width,
		an_offset_without_room_is_left_out,
		an_extent_smaller_than_a_character_is_visible,
		a_region_of_fewer_bytes_than_characters_is_drawn,
		pictures_of_all_widths_show_both_kinds,
		widths_are_in_proportion_if_all_are_wide_enough,
		a_narrow_width_is_widened_at_the_cost_of_the_others,
		an_svg_hatches_each_reason,
		a_dump_has_the_form_of_hexdump_canonical,
		a_dump_squeezes_lines_that_repeat,
		offsets_past_32_bits_have_all_their_digits,
		sizes_are_printed_without_rounding,
		NULL,
	};

	return suite_run("draw", tests);
}
