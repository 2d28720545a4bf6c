/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Each region is a bar of boxes, one for each extent. A box is at least as wide
 * as the offset below its left edge, and a bar has as many rows as its boxes
 * take. So labels never overlap, and a page is visible beside a terabyte.
 */
#include "svg.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

#include "svg-scale.h"

/* In pixels. */
enum {
	WIDTH = 960,
	MARGIN = 48,
	ROOM = WIDTH - 2 * MARGIN,
	HEADER = 56,
	TITLE = 38,
	BAR = 56,
	ROW = BAR + 42,
	GAP = 14,
	LEGEND_LINE = 26,
	FOOT = 18,
	MONO = 8,
	SANS_WIDTH = 7, /* average of a character */
	MIN_BOX = 58,
};

enum { MAX_IN_ROW = ROOM / MIN_BOX, MAX_TITLE = 84 };

#define SANS "Inter, 'Helvetica Neue', Helvetica, Arial, 'DejaVu Sans', sans-serif"
#define MONOSPACE "'SF Mono', Menlo, Consolas, 'DejaVu Sans Mono', monospace"

static const struct style {
	const char *back, *line, *path, *transform;
	int tile, thickness;
} styles[REASONS] = {
	[BARSPAN_REASON_NONE] = { "#0f766e", "#0f766e", "", "", 8, 0 },
	[BARSPAN_REASON_SPARSE] = { "#f8fafc", "#a8b4c4", "M0 0V8", "rotate(45)", 8, 3 },
	[BARSPAN_REASON_MSIX] = { "#fffbeb", "#e0a030", "M0 0V9M0 0H9", "rotate(45)", 9, 2 },
	[BARSPAN_REASON_PAGE] = { "#f5f3ff", "#a78bfa", "M0 0V6", "", 6, 3 },
	[BARSPAN_REASON_UNMAPPABLE] = { "#f1f5f9", "#94a3b8", "M0 0H7", "", 7, 3 },
	[BARSPAN_REASON_FAILED] = { "#fef2f2", "#ef7070", "M0 0V8", "rotate(-45)", 8, 4 },
	[BARSPAN_REASON_REQUESTED] = { "#ecfeff", "#38b2c8", "M3 3H6", "rotate(30)", 8, 3 },
	[BARSPAN_REASON_SUSPENDED] = { "#fefce8", "#b8a038", "M0 3H5", "rotate(-30)", 9, 2 },
};

struct rows {
	size_t n;     /* rows of a region's bar */
	size_t each;  /* extents in one */
	double least; /* width of a box */
};

static struct rows rows_of(const struct survey *survey)
{
	int label = snprintf(NULL, 0, "0x%" PRIx64, survey->region.size) * MONO + 12;
	struct rows rows = { .least = label > MIN_BOX ? label : MIN_BOX };
	size_t most = (size_t)(ROOM / rows.least);

	rows.n = (survey->n_extents + most - 1) / most;
	rows.each = (survey->n_extents + rows.n - 1) / rows.n;
	rows.n = (survey->n_extents + rows.each - 1) / rows.each;
	return rows;
}

static void print_escaped(FILE *out, const char *text, size_t most)
{
	for (size_t i = 0; text[i]; i++) {
		if (i == most) {
			fputs("…", out);
			return;
		}
		if (text[i] == '&' || text[i] == '<' || text[i] == '>' || text[i] == '"')
			fprintf(out, "&#%d;", text[i]);
		else
			fputc((unsigned char)text[i] < ' ' ? '?' : text[i], out);
	}
}

static void print_hatch(FILE *out, enum barspan_reason reason)
{
	const struct style *style = &styles[reason];

	fprintf(out,
		"<pattern id=\"barspan-%s\" width=\"%d\" height=\"%d\" patternUnits=\"userSpaceOnUse\"",
		barspan_reason_name(reason), style->tile, style->tile);
	if (*style->transform)
		fprintf(out, " patternTransform=\"%s\"", style->transform);
	fprintf(out, "><rect width=\"%d\" height=\"%d\" fill=\"%s\"/>", style->tile, style->tile,
		style->back);
	fprintf(out, "<path d=\"%s\" stroke=\"%s\" stroke-width=\"%d\"/></pattern>\n", style->path,
		style->line, style->thickness);
}

static void print_fill(FILE *out, enum barspan_reason reason)
{
	if (reason == BARSPAN_REASON_NONE)
		fprintf(out, "fill=\"%s\"", styles[reason].back);
	else
		fprintf(out, "fill=\"url(#barspan-%s)\"", barspan_reason_name(reason));
}

static void print_header(FILE *out, const char *device, double height, const uint64_t used[REASONS])
{
	fprintf(out,
		"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%.0f\" viewBox=\"0 0 %d %.0f\" "
		"role=\"img\" font-family=\"" SANS "\">\n<title>Layout of ",
		WIDTH, height, WIDTH, height);
	print_escaped(out, device, MAX_TITLE);
	fputs("</title>\n<defs>\n", out);
	for (enum barspan_reason reason = BARSPAN_REASON_NONE + 1; reason < REASONS; reason++)
		if (used[reason])
			print_hatch(out, reason);
	fprintf(out, "</defs>\n<rect width=\"%d\" height=\"%.0f\" fill=\"#ffffff\"/>\n", WIDTH,
		height);
	fprintf(out,
		"<text x=\"%d\" y=\"38\" font-family=\"" MONOSPACE
		"\" font-size=\"15\" fill=\"#475569\">",
		MARGIN);
	print_escaped(out, device, MAX_TITLE);
	fputs("</text>\n", out);
}

static void print_title(FILE *out, const struct survey *survey, double y, const char *scale)
{
	char name[WORDS_SIZE], size[WORDS_SIZE], flags[WORDS_SIZE];

	fprintf(out,
		"<text x=\"%d\" y=\"%.0f\" font-size=\"19\" font-weight=\"bold\" fill=\"#0f172a\">%s"
		"<tspan dx=\"12\" font-size=\"15\">%s</tspan>"
		"<tspan dx=\"12\" font-size=\"14\" font-weight=\"normal\" fill=\"#64748b\">%s</tspan></text>\n",
		MARGIN, y + 24, words_region(name, survey->index),
		words_size(size, survey->region.size), words_flags(flags, survey->region.flags));
	fprintf(out,
		"<text x=\"%d\" y=\"%.0f\" font-size=\"12\" font-style=\"italic\" text-anchor=\"end\" "
		"fill=\"#64748b\">%s</text>\n",
		WIDTH - MARGIN, y + 24, scale);
}

static double text_width(const char *text)
{
	return (double)strlen(text) * SANS_WIDTH + 8;
}

static void print_in_box(FILE *out, const char *text, double middle, double y,
			 const char *attributes)
{
	fprintf(out,
		"<text x=\"%.1f\" y=\"%.1f\" font-size=\"13\" text-anchor=\"middle\" %s>%s</text>\n",
		middle, y, attributes, text);
}

/* Prints the kind or reason of an extent and its size, if there is room. On a
 * hatched box, they get a plain background. */
static void print_words(FILE *out, const struct barspan_extent *extent, double middle, double y,
			double room)
{
	bool direct = extent->kind == BARSPAN_DIRECT;
	const char *what = direct ? "direct" : barspan_reason_name(extent->reason);
	double width = text_width(what);
	char size[WORDS_SIZE];

	words_size(size, extent->length);
	if (width < text_width(size))
		width = text_width(size);
	if (width > room)
		return;
	if (!direct)
		fprintf(out,
			"<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"42\" rx=\"4\" fill=\"#ffffff\" "
			"fill-opacity=\"0.93\"/>\n",
			middle - width / 2, y + 7, width);
	print_in_box(out, what, middle, y + 24,
		     direct ? "font-weight=\"bold\" fill=\"#ffffff\""
			    : "font-weight=\"bold\" fill=\"#1e293b\"");
	print_in_box(out, size, middle, y + 42, direct ? "fill=\"#ffffff\"" : "fill=\"#1e293b\"");
}

static void print_box(FILE *out, const struct barspan_extent *extent, double x, double y,
		      double width)
{
	fprintf(out, "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%d\" stroke=\"#334155\" ",
		x, y, width, BAR);
	fputs("stroke-width=\"1.5\" ", out);
	print_fill(out, extent->reason);
	fprintf(out, "><title>0x%" PRIx64 " + 0x%" PRIx64 "</title></rect>\n", extent->offset,
		extent->length);
	print_words(out, extent, x + width / 2, y, width - 6);
}

/* Prints an offset below its edge. A long one moves to stay inside of the
 * picture. */
static void print_offset(FILE *out, uint64_t offset, double x, double y)
{
	double half = snprintf(NULL, 0, "0x%" PRIx64, offset) * MONO / 2.0, middle = x;

	if (middle < half)
		middle = half;
	if (middle > WIDTH - half)
		middle = WIDTH - half;
	fprintf(out, "<path d=\"M%.1f %.1fv8\" stroke=\"#334155\" stroke-width=\"1.5\"/>\n", x, y);
	fprintf(out,
		"<text x=\"%.1f\" y=\"%.1f\" font-family=\"" MONOSPACE "\" font-size=\"12\" "
		"text-anchor=\"middle\" fill=\"#0f172a\">0x%" PRIx64 "</text>\n",
		middle, y + 21, offset);
}

static void print_row(FILE *out, const struct barspan_extent *extents, size_t n,
		      const double *widths, double y)
{
	double x = MARGIN;

	for (size_t i = 0; i < n; i++) {
		print_box(out, &extents[i], x, y, widths[i]);
		print_offset(out, extents[i].offset, x, y + BAR);
		x += widths[i];
	}
	print_offset(out, extents[n - 1].offset + extents[n - 1].length, x, y + BAR);
}

/* Draws a region. Returns the y coordinate of the next one. */
static double print_region(FILE *out, const struct survey *survey, double y)
{
	struct rows rows = rows_of(survey);
	bool to_scale = true;
	double widths[MAX_IN_ROW], title = y;

	y += TITLE;
	for (size_t first = 0; first < survey->n_extents; first += rows.each, y += ROW) {
		size_t n = survey->n_extents - first < rows.each ? survey->n_extents - first
								 : rows.each;

		to_scale &= svg_scale(widths, survey->extents + first, n, ROOM, rows.least);
		print_row(out, survey->extents + first, n, widths, y);
	}
	print_title(out, survey, title,
		    !to_scale	 ? "not to scale: small extents are widened"
		    : rows.n > 1 ? "each row has its own scale"
				 : "to scale");
	return y + GAP;
}

static void print_legend(FILE *out, const uint64_t used[REASONS], double y)
{
	for (enum barspan_reason reason = BARSPAN_REASON_NONE; reason < REASONS; reason++) {
		bool direct = reason == BARSPAN_REASON_NONE;

		if (!used[reason])
			continue;
		fprintf(out,
			"<rect x=\"%d\" y=\"%.0f\" width=\"30\" height=\"16\" stroke=\"#334155\" ",
			MARGIN, y);
		print_fill(out, reason);
		fprintf(out,
			"/>\n<text x=\"%d\" y=\"%.0f\" font-size=\"13\" fill=\"#334155\">"
			"<tspan font-weight=\"bold\">%s%s</tspan><tspan dx=\"8\">%s</tspan></text>\n",
			MARGIN + 42, y + 13, direct ? "direct" : "hole, ",
			direct ? "" : barspan_reason_name(reason), words_reason(reason));
		y += LEGEND_LINE;
	}
}

void svg_print(FILE *out, const char *device, const struct survey *surveys, size_t n)
{
	uint64_t used[REASONS] = { 0 };
	double height = HEADER + FOOT, y = HEADER;

	for (size_t i = 0; i < n; i++) {
		height += TITLE + (double)rows_of(&surveys[i]).n * ROW + GAP;
		for (size_t reason = 0; reason < REASONS; reason++)
			used[reason] |= surveys[i].by_reason[reason];
	}
	for (size_t reason = 0; reason < REASONS; reason++)
		height += used[reason] ? LEGEND_LINE : 0;

	print_header(out, device, height, used);
	for (size_t i = 0; i < n; i++)
		y = print_region(out, &surveys[i], y);
	print_legend(out, used, y);
	fputs("</svg>\n", out);
}

int svg_write(const char *path, const char *device, const struct survey *surveys, size_t n)
{
	FILE *out = fopen(path, "we");
	bool failed;
	int r;

	if (!out)
		return -errno;
	svg_print(out, device, surveys, n);
	failed = fflush(out) || ferror(out);
	r = failed && errno ? -errno : failed ? -EIO : 0;
	if (fclose(out) && !r)
		r = -errno;
	return r;
}
