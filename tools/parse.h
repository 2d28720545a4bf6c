/* SPDX-License-Identifier: BSD-3-Clause */
/* Conversions of command line arguments. Pure: no output, no device. */
#ifndef PARSE_H
#define PARSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <barspan/soft.h>

/* A complaint says why a text is refused and which values are expected. It
 * follows "NAME 'TEXT': " in a message. */
enum { COMPLAINT_SIZE = 200 };

/* A number in decimal, or in hex after 0x, with K, M, G or T for powers of
 * 1024. Returns NULL or a complaint. */
const char *parse_number(uint64_t *out, const char *text);

/* The index of a region, or its name in any case: BAR0 to BAR5, ROM, CONFIG.
 * Returns NULL or a complaint. */
const char *parse_region(unsigned int *out, const char *text);

/* The width of an access: 8, 16, 32 or 64 bits. Returns NULL or a complaint. */
const char *parse_width(unsigned int *out, const char *text);

/* A number that fits `width` bits. Returns NULL or a complaint. */
const char *parse_value(uint64_t *out, const char *text, unsigned int width);

/* Whether `text` looks like a PCI address, "0000:01:00.0" or "01:00.0". */
bool parse_is_pci_address(const char *text);

/* The regions of a software device. */
struct soft_layout {
	struct barspan_soft_region *regions;
	size_t n;
};

/* Parses the layout after "soft:": SIZE[@ACCESS][:[AREA[,AREA]...]], with ';'
 * between regions. AREA is OFFSET+LENGTH; ACCESS consists of the letters r, w
 * and m. On success, release the layout with soft_layout_free(). On failure,
 * writes a complaint and returns false. */
bool parse_soft_layout(struct soft_layout *out, const char *text, char complaint[COMPLAINT_SIZE]);
void soft_layout_free(struct soft_layout *layout);

#endif
