/* SPDX-License-Identifier: BSD-3-Clause */
/* Bytes in hex, as hexdump -C writes them. */
#ifndef HEXDUMP_H
#define HEXDUMP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum { HEXDUMP_LINE = 16 };

struct hexdump {
	FILE *out;
	bool all;    /* print every line; else lines that equal the one before become "*" */
	uint64_t at; /* the offset of the line that is being filled */
	int digits;  /* of an offset */
	uint8_t line[HEXDUMP_LINE], previous[HEXDUMP_LINE];
	size_t n; /* bytes of the line */
	bool has_previous, skipping;
};

/* Starts a dump of bytes [offset, end). */
void hexdump_start(struct hexdump *dump, FILE *out, bool all, uint64_t offset, uint64_t end);

void hexdump_add(struct hexdump *dump, const uint8_t *bytes, size_t length);

/* Prints the last line, which may be short, and the offset of its end. */
void hexdump_end(struct hexdump *dump);

#endif
