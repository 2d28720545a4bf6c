/* SPDX-License-Identifier: BSD-3-Clause */
#include "trap/text.h"

#include "util/sys.h"

void text_add(struct text *text, const char *string)
{
	/* One byte is kept for the newline. */
	while (*string && text->length < sizeof(text->bytes) - 1)
		text->bytes[text->length++] = *string++;
}

static void add_number(struct text *text, uint64_t value, unsigned int base)
{
	char digits[24], *p = digits + sizeof(digits) - 1;

	*p = '\0';
	do
		*--p = "0123456789abcdef"[value % base];
	while (value /= base);
	text_add(text, p);
}

void text_hex(struct text *text, uint64_t value)
{
	text_add(text, "0x");
	add_number(text, value, 16);
}

void text_decimal(struct text *text, uint64_t value)
{
	add_number(text, value, 10);
}

int text_write_line(struct text *text, int fd)
{
	text->bytes[text->length++] = '\n';
	return sys_write(fd, text->bytes, text->length);
}
