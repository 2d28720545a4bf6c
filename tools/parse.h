/* SPDX-License-Identifier: BSD-3-Clause */
/* What is written on the command line, made into numbers. Pure: no output, no
 * device. */
#ifndef PARSE_H
#define PARSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <barspan/soft.h>

/* What is wrong, in words that follow "NAME 'TEXT': ". */
enum { COMPLAINT_SIZE = 160 };

/* A number in decimal, or in hex after 0x, with K, M, G or T for powers of
 * 1024. Returns NULL, or what is wrong. */
const char *parse_number(uint64_t *out, const char *text);

/* A region's index, or its name in any case: BAR0 to BAR5, ROM, CONFIG. Returns
 * NULL, or what is wrong. */
const char *parse_region(unsigned int *out, const char *text);

/* The width of an access: 8, 16, 32 or 64 bits. Returns NULL, or what is
 * wrong. */
const char *parse_width(unsigned int *out, const char *text);

/* A number that fits `width` bits. Returns NULL, or what is wrong. */
const char *parse_value(uint64_t *out, const char *text, unsigned int width);

/* Whether `text` looks like a PCI address, "0000:01:00.0" or "01:00.0". */
bool parse_is_pci_address(const char *text);

/* The regions of a software device. */
struct soft_layout {
	struct barspan_soft_region *regions;
	size_t n;
};

/* The layout after "soft:": SIZE[@ACCESS][:[AREA[,AREA]...]], with ';' between
 * regions; an AREA is OFFSET+LENGTH, ACCESS some of the letters r, w, m. False:
 * a complaint, and nothing to free; else soft_layout_free() it. */
bool parse_soft_layout(struct soft_layout *out, const char *text, char complaint[COMPLAINT_SIZE]);
void soft_layout_free(struct soft_layout *layout);

#endif
