/* SPDX-License-Identifier: BSD-3-Clause */
#include "hexdump.h"

#include <inttypes.h>
#include <string.h>

enum { MIN_DIGITS = 8, MAX_DIGITS = 16 };

void hexdump_start(struct hexdump *dump, FILE *out, bool all, uint64_t offset, uint64_t end)
{
	*dump = (struct hexdump){ .out = out, .all = all, .at = offset };
	dump->digits = end > UINT32_MAX ? MAX_DIGITS : MIN_DIGITS;
}

static void print_line(const struct hexdump *dump, const uint8_t *bytes, size_t length)
{
	char text[HEXDUMP_LINE + 1] = "";

	fprintf(dump->out, "%0*" PRIx64 " ", dump->digits, dump->at);
	for (size_t i = 0; i < HEXDUMP_LINE; i++) {
		if (i % 8 == 0)
			fputc(' ', dump->out);
		if (i < length)
			fprintf(dump->out, "%02x ", bytes[i]);
		else
			fputs("   ", dump->out);
	}
	/* Not isprint(): a byte of UTF-8 is no character by itself. */
	for (size_t i = 0; i < length; i++)
		text[i] = bytes[i] >= ' ' && bytes[i] <= '~' ? (char)bytes[i] : '.';
	fprintf(dump->out, " |%s|\n", text);
}

static void end_line(struct hexdump *dump)
{
	bool same = !dump->all && dump->has_previous && dump->n == HEXDUMP_LINE &&
		    !memcmp(dump->line, dump->previous, HEXDUMP_LINE);

	if (!same)
		print_line(dump, dump->line, dump->n);
	else if (!dump->skipping)
		fputs("*\n", dump->out);
	dump->skipping = same;
	memcpy(dump->previous, dump->line, dump->n);
	dump->has_previous = true;
	dump->at += dump->n;
	dump->n = 0;
}

void hexdump_add(struct hexdump *dump, const uint8_t *bytes, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		dump->line[dump->n++] = bytes[i];
		if (dump->n == HEXDUMP_LINE)
			end_line(dump);
	}
}

void hexdump_end(struct hexdump *dump)
{
	if (dump->n)
		end_line(dump);
	fprintf(dump->out, "%0*" PRIx64 "\n", dump->digits, dump->at);
}
