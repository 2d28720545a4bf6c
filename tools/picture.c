/* SPDX-License-Identifier: BSD-3-Clause */
#include "picture.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { INDENT = 2 };

/* Meanings of a cell. Any other value is the character itself. */
enum symbol { DIRECT = 1, HOLE, MIXED, TICK, LAST_TICK, SYMBOLS };

static const char *const glyphs[2][SYMBOLS] = {
	{ "", "#", ".", "+", "|", "|" },
	{ "", "█", "░", "▒", "└", "┘" },
};

struct canvas {
	const struct survey *survey;
	unsigned int n; /* cells */
	char *bar;
	char *labels;
	size_t *owner; /* the extent at each cell's middle */
};

/* The offset at a cell's middle. */
static uint64_t middle_of(const struct canvas *canvas, unsigned int cell)
{
	return (uint64_t)((unsigned __int128)canvas->survey->region.size * (2 * cell + 1) /
			  (2 * canvas->n));
}

static unsigned int cell_of(const struct canvas *canvas, uint64_t offset)
{
	return (unsigned int)((unsigned __int128)offset * canvas->n / canvas->survey->region.size);
}

static bool same_kind(const struct canvas *canvas, size_t a, size_t b)
{
	return canvas->survey->extents[a].kind == canvas->survey->extents[b].kind;
}

/* Each cell shows the extent at its middle. */
static void draw_middles(struct canvas *canvas)
{
	const struct barspan_extent *extents = canvas->survey->extents;
	size_t e = 0;

	for (unsigned int i = 0; i < canvas->n; i++) {
		uint64_t at = middle_of(canvas, i);

		while (e + 1 < canvas->survey->n_extents && extents[e + 1].offset <= at)
			e++;
		canvas->owner[i] = e;
		canvas->bar[i] = extents[e].kind == BARSPAN_DIRECT ? DIRECT : HOLE;
	}
}

/* An extent that draw_middles() leaves out makes a cell mixed. */
static void draw_small(struct canvas *canvas)
{
	const struct barspan_extent *extents = canvas->survey->extents;

	for (size_t e = 0; e < canvas->survey->n_extents; e++) {
		unsigned int cell = cell_of(canvas, extents[e].offset + extents[e].length / 2);
		bool seen = canvas->owner[cell] == e || (cell && canvas->owner[cell - 1] == e) ||
			    (cell + 1 < canvas->n && canvas->owner[cell + 1] == e);

		if (!seen && !same_kind(canvas, canvas->owner[cell], e))
			canvas->bar[cell] = MIXED;
	}
}

/* Writes the reason into the cells of a hole, if there are enough. */
static void draw_reasons(struct canvas *canvas)
{
	for (unsigned int first = 0, end; first < canvas->n; first = end) {
		const struct barspan_extent *extent =
			&canvas->survey->extents[canvas->owner[first]];
		const char *reason = barspan_reason_name(extent->reason);
		size_t length = strlen(reason);

		for (end = first + 1; end < canvas->n; end++)
			if (canvas->owner[end] != canvas->owner[first] ||
			    canvas->bar[end] != canvas->bar[first])
				break;
		if (canvas->bar[first] != HOLE || end - first < length + 4)
			continue;

		unsigned int at = first + (unsigned int)(end - first - length) / 2;

		memcpy(canvas->bar + at, reason, length);
		canvas->bar[at - 1] = ' ';
		canvas->bar[at + length] = ' ';
	}
}

/* The first cell that shows an extent. */
static unsigned int start_of(const struct canvas *canvas, size_t e)
{
	const struct barspan_extent *extent = &canvas->survey->extents[e];
	unsigned int cell = cell_of(canvas, extent->offset);

	if (cell + 1 < canvas->n && canvas->owner[cell] != e && canvas->owner[cell + 1] == e)
		cell++;
	return cell;
}

/* Writes offsets below the bar, as many as fit: first the last one, which is
 * the size, then from the left. */
static void draw_labels(struct canvas *canvas)
{
	char text[24];
	size_t length =
		(size_t)snprintf(text, sizeof(text), "0x%" PRIx64, canvas->survey->region.size);
	size_t room = canvas->n - length - 1, used = 0;

	memset(canvas->labels, ' ', canvas->n);
	memcpy(canvas->labels + room, text, length);
	canvas->labels[canvas->n - 1] = LAST_TICK;
	for (size_t e = 0; e < canvas->survey->n_extents; e++) {
		unsigned int at = start_of(canvas, e);

		length = (size_t)snprintf(text, sizeof(text), "0x%" PRIx64,
					  canvas->survey->extents[e].offset);
		if ((e && at < used + 1) || at + 1 + length + 1 > room)
			continue;
		canvas->labels[at] = TICK;
		memcpy(canvas->labels + at + 1, text, length);
		used = at + 1 + length;
	}
}

static void print_line(FILE *out, const char *line, unsigned int n, bool unicode)
{
	fprintf(out, "%*s", INDENT, "");
	for (unsigned int i = 0; i < n; i++)
		if (line[i] > 0 && line[i] < SYMBOLS)
			fputs(glyphs[unicode][(int)line[i]], out);
		else
			fputc(line[i], out);
	fputc('\n', out);
}

static void print_legend(FILE *out, const struct canvas *canvas, bool unicode)
{
	const char *const *glyph = glyphs[unicode];

	fprintf(out, "%*s%s direct  %s hole", INDENT, "", glyph[DIRECT], glyph[HOLE]);
	if (memchr(canvas->bar, MIXED, canvas->n))
		fprintf(out, "  %s both", glyph[MIXED]);
	fputc('\n', out);
}

int picture_draw(FILE *out, const struct survey *survey, const struct picture_style *style)
{
	struct canvas canvas = { .survey = survey, .n = style->width - INDENT };
	int r = -ENOMEM;

	canvas.bar = calloc(canvas.n, 1);
	canvas.labels = calloc(canvas.n, 1);
	canvas.owner = calloc(canvas.n, sizeof(*canvas.owner));
	if (!canvas.bar || !canvas.labels || !canvas.owner)
		goto err_free;
	draw_middles(&canvas);
	draw_small(&canvas);
	draw_labels(&canvas);
	draw_reasons(&canvas);
	print_line(out, canvas.bar, canvas.n, style->unicode);
	print_line(out, canvas.labels, canvas.n, style->unicode);
	print_legend(out, &canvas, style->unicode);
	r = 0;

err_free:
	free(canvas.bar);
	free(canvas.labels);
	free(canvas.owner);
	return r;
}
