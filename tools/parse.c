/* SPDX-License-Identifier: BSD-3-Clause */
#include "parse.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const char not_a_number[] =
	"not a number; expected decimal, or hex after 0x, with K, M, G or T for powers of 1024";
static const char too_large[] = "too large; expected at most 64 bits";

static int digit_of(char c)
{
	if (isdigit((unsigned char)c))
		return c - '0';
	return isxdigit((unsigned char)c) ? tolower((unsigned char)c) - 'a' + 10 : 16;
}

/* Returns the number of bits that a suffix shifts by, -1 if it is unknown. */
static int shift_of(const char *suffix)
{
	static const char letters[] = "KMGT";
	const char *found;

	if (!*suffix)
		return 0;
	found = strchr(letters, toupper((unsigned char)*suffix));
	return found && !suffix[1] ? 10 * (int)(found - letters + 1) : -1;
}

const char *parse_number(uint64_t *out, const char *text)
{
	bool hex = text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
	const char *at = hex ? text + 2 : text;
	unsigned int base = hex ? 16 : 10;
	uint64_t value = 0;
	int shift;

	if (*text == '-')
		return "negative; expected a number from 0";
	if (digit_of(*at) >= (int)base)
		return not_a_number;
	for (; digit_of(*at) < (int)base; at++)
		if (__builtin_mul_overflow(value, base, &value) ||
		    __builtin_add_overflow(value, (uint64_t)digit_of(*at), &value))
			return too_large;
	shift = shift_of(at);
	if (shift < 0)
		return not_a_number;
	if (value << shift >> shift != value)
		return too_large;
	*out = value << shift;
	return NULL;
}

const char *parse_region(unsigned int *out, const char *text)
{
	const char *complaint;
	uint64_t number;

	if (!strcasecmp(text, "rom"))
		*out = BARSPAN_ROM;
	else if (!strcasecmp(text, "config"))
		*out = BARSPAN_CONFIG;
	else if (!strncasecmp(text, "bar", 3) && text[3] >= '0' && text[3] <= '5' && !text[4])
		*out = (unsigned int)(text[3] - '0');
	else {
		complaint = parse_number(&number, text);
		if (complaint || number > UINT32_MAX)
			return "no such region; expected BAR0-BAR5, ROM, CONFIG or a number";
		*out = (unsigned int)number;
	}
	return NULL;
}

const char *parse_width(unsigned int *out, const char *text)
{
	uint64_t number;

	if (parse_number(&number, text) ||
	    (number != 8 && number != 16 && number != 32 && number != 64))
		return "no such width; expected 8, 16, 32 or 64 bits";
	*out = (unsigned int)number;
	return NULL;
}

const char *parse_value(uint64_t *out, const char *text, unsigned int width)
{
	const char *complaint = parse_number(out, text);

	if (complaint || width >= 64 || !(*out >> width))
		return complaint;
	return width == 8    ? "too large; expected at most 0xff, 8 bits"
	       : width == 16 ? "too large; expected at most 0xffff, 16 bits"
			     : "too large; expected at most 0xffffffff, 32 bits";
}

static const char *skip_hex(const char *text, int most)
{
	int n = 0;

	while (isxdigit((unsigned char)text[n]))
		n++;
	return n >= 1 && n <= most ? text + n : NULL;
}

bool parse_is_pci_address(const char *text)
{
	const char *colon = strchr(text, ':');

	if (colon && strchr(colon + 1, ':')) {
		text = skip_hex(text, 8);
		if (!text || *text++ != ':')
			return false;
	}
	text = skip_hex(text, 2);
	if (!text || *text++ != ':')
		return false;
	text = skip_hex(text, 2);
	return text && text[0] == '.' && text[1] >= '0' && text[1] <= '7' && !text[2];
}

/* Cuts the text at the first `end`. Returns the text after it, NULL if the text
 * has no `end`. */
static char *cut_text(char *text, char end)
{
	char *found = strchr(text, end);

	if (found)
		*found++ = '\0';
	return found;
}

static bool write_complaint(char complaint[COMPLAINT_SIZE], const char *name, const char *text,
			    const char *why)
{
	snprintf(complaint, COMPLAINT_SIZE, "%s '%.40s': %s", name, text, why);
	return false;
}

static bool read_area(struct barspan_range *area, char *text, char complaint[COMPLAINT_SIZE])
{
	char *length = cut_text(text, '+');
	const char *wrong;

	if (!length)
		return write_complaint(complaint, "area", text, "expected OFFSET+LENGTH");
	wrong = parse_number(&area->offset, text);
	if (wrong)
		return write_complaint(complaint, "area offset", text, wrong);
	wrong = parse_number(&area->length, length);
	return wrong ? write_complaint(complaint, "area length", length, wrong) : true;
}

static bool read_areas(struct barspan_soft_region *region, char *text,
		       char complaint[COMPLAINT_SIZE])
{
	uint32_t n = 1;
	struct barspan_range *areas;

	region->flags |= BARSPAN_REGION_SPARSE;
	if (!*text)
		return true;
	for (const char *at = text; *at; at++)
		n += *at == ',';
	areas = calloc(n, sizeof(*areas));
	if (!areas)
		return write_complaint(complaint, "areas", text, "out of memory");
	region->areas = areas;
	region->n_areas = n;
	for (char *next; text; text = next) {
		next = cut_text(text, ',');
		if (!read_area(areas++, text, complaint))
			return false;
	}
	return true;
}

static bool read_access(struct barspan_soft_region *region, const char *text,
			char complaint[COMPLAINT_SIZE])
{
	region->flags = 0;
	for (const char *at = text; *at; at++) {
		uint32_t flag = *at == 'r'   ? BARSPAN_REGION_READ
				: *at == 'w' ? BARSPAN_REGION_WRITE
				: *at == 'm' ? BARSPAN_REGION_MMAP
					     : 0;

		if (!flag)
			return write_complaint(complaint, "access", text,
					       "unknown letter; expected r, w and m");
		region->flags |= flag;
	}
	return true;
}

static bool read_soft_region(struct barspan_soft_region *region, char *text,
			     char complaint[COMPLAINT_SIZE])
{
	char *areas = cut_text(text, ':');
	char *access = cut_text(text, '@');
	const char *wrong = parse_number(&region->size, text);

	if (wrong)
		return write_complaint(complaint, "size", text, wrong);
	region->flags = BARSPAN_REGION_READ | BARSPAN_REGION_WRITE | BARSPAN_REGION_MMAP;
	if (access && !read_access(region, access, complaint))
		return false;
	return areas ? read_areas(region, areas, complaint) : true;
}

static bool read_soft_regions(struct soft_layout *out, char *text, char complaint[COMPLAINT_SIZE])
{
	size_t n = 1;

	for (const char *at = text; *at; at++)
		n += *at == ';';
	out->regions = calloc(n, sizeof(*out->regions));
	if (!out->regions)
		return write_complaint(complaint, "regions", text, "out of memory");
	for (char *next; text; text = next) {
		next = cut_text(text, ';');
		if (!read_soft_region(&out->regions[out->n++], text, complaint))
			return false;
	}
	return true;
}

bool parse_soft_layout(struct soft_layout *out, const char *text, char complaint[COMPLAINT_SIZE])
{
	char *copy = strdup(text);
	bool good;

	*out = (struct soft_layout){ NULL, 0 };
	good = copy ? read_soft_regions(out, copy, complaint)
		    : write_complaint(complaint, "layout", text, "out of memory");
	if (!good)
		soft_layout_free(out);
	free(copy);
	return good;
}

void soft_layout_free(struct soft_layout *layout)
{
	for (size_t i = 0; i < layout->n; i++) {
		/* Allocated in read_areas(); only the library's struct says
		 * const. */
		union {
			const struct barspan_range *given;
			struct barspan_range *own;
		} areas = { layout->regions[i].areas };

		free(areas.own);
	}
	free(layout->regions);
	*layout = (struct soft_layout){ NULL, 0 };
}
