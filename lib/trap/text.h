/* SPDX-License-Identifier: BSD-3-Clause */
/* Text for signal handlers, which cannot use stdio. Excess text is dropped. */
#ifndef TRAP_TEXT_H
#define TRAP_TEXT_H

#include <stddef.h>
#include <stdint.h>

struct text {
	size_t length;
	char bytes[1024]; /* not null-terminated */
};

void text_add(struct text *text, const char *string);
void text_hex(struct text *text, uint64_t value); /* with 0x */
void text_decimal(struct text *text, uint64_t value);

/* Adds a newline and writes the text. 0 or -errno. */
int text_write_line(struct text *text, int fd);

#endif
