/* SPDX-License-Identifier: BSD-3-Clause */
#include "report.h"

#include <inttypes.h>
#include <string.h>

/* In columns. A total is followed by the meaning of its reason if the terminal
 * is wide enough. */
enum { MIN_SIZE_WIDTH = 6, ROOM_FOR_TOTAL = 31, LONGEST_REASON = 49 };

static int width_of(uint64_t size)
{
	return snprintf(NULL, 0, "0x%" PRIx64, size);
}

/* The columns for sizes of a region's parts. A size in bytes, which is rare,
 * may be wider. */
static int size_width(uint64_t size)
{
	int width = size % 1024 ? snprintf(NULL, 0, "%" PRIu64, size)
				: snprintf(NULL, 0, "%" PRIu64 "K", size / 1024);

	return width > MIN_SIZE_WIDTH ? width : MIN_SIZE_WIDTH;
}

void report_extent(FILE *out, const struct barspan_extent *extent, uint64_t size)
{
	char offset[WORDS_SIZE], length[WORDS_SIZE], words[WORDS_SIZE];
	int width = width_of(size);
	const char *reason =
		extent->kind == BARSPAN_HOLE ? barspan_reason_name(extent->reason) : "";

	snprintf(offset, sizeof(offset), "0x%" PRIx64, extent->offset);
	snprintf(length, sizeof(length), "0x%" PRIx64, extent->length);
	fprintf(out, "  %*s + %-*s  %*s  %s%s\n", width, offset, width, length, size_width(size),
		words_size(words, extent->length), *reason ? "hole   " : "direct", reason);
}

static void report_total(FILE *out, const struct survey *survey, const char *name, uint64_t bytes,
			 const char *meaning)
{
	char words[WORDS_SIZE];

	double percent = 100.0 * (double)bytes / (double)survey->region.size;

	fprintf(out, "  %-12s %*s %5.1f %%%s%s\n", name, size_width(survey->region.size),
		words_size(words, bytes), percent, meaning ? "  " : "", meaning ? meaning : "");
}

static void report_totals(FILE *out, const struct survey *survey, unsigned int width)
{
	unsigned int extra = (unsigned int)(size_width(survey->region.size) - MIN_SIZE_WIDTH);
	bool room = width >= ROOM_FOR_TOTAL + LONGEST_REASON + extra;

	report_total(out, survey, "direct", survey_direct(survey), NULL);
	report_total(out, survey, "hole", survey_holes(survey), NULL);
	for (enum barspan_reason reason = BARSPAN_REASON_NONE + 1; reason < REASONS; reason++) {
		char name[WORDS_SIZE];

		if (!survey->by_reason[reason])
			continue;
		snprintf(name, sizeof(name), "  %s", barspan_reason_name(reason));
		report_total(out, survey, name, survey->by_reason[reason],
			     room ? words_reason(reason) : NULL);
	}
}

int report_region(FILE *out, const struct survey *survey, const struct picture_style *style)
{
	char name[WORDS_SIZE], size[WORDS_SIZE], flags[WORDS_SIZE];
	int r, used = fprintf(out, "%s  %s (0x%" PRIx64 ")", words_region(name, survey->index),
			      words_size(size, survey->region.size), survey->region.size);

	words_flags(flags, survey->region.flags);
	fprintf(out, "%s%s\n",
		(unsigned int)used + 2 + strlen(flags) > style->width ? "\n  " : "  ", flags);
	r = picture_draw(out, survey, style);
	if (r)
		return r;
	fputc('\n', out);
	for (size_t i = 0; i < survey->n_extents; i++)
		report_extent(out, &survey->extents[i], survey->region.size);
	fputc('\n', out);
	report_totals(out, survey, style->width);
	return 0;
}
