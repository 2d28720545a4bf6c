/* SPDX-License-Identifier: BSD-3-Clause */
#include "device/pci-address.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

static unsigned int digit_value(char digit)
{
	if (isdigit((unsigned char)digit))
		return (unsigned int)(digit - '0');
	return (unsigned int)(tolower((unsigned char)digit) - 'a' + 10);
}

/* Reads 1 to `digits` hexadecimal digits up to the character `end`. Returns the
 * text after `end`, or NULL if the text is malformed. */
static const char *parse_hex(const char *text, int digits, char end, unsigned int *value)
{
	*value = 0;
	for (int i = 0; isxdigit((unsigned char)*text); i++, text++) {
		if (i == digits)
			return NULL;
		*value = *value * 16 + digit_value(*text);
	}
	return *text == end ? text + (end != '\0') : NULL;
}

int pci_parse_address(char out[PCI_ADDRESS_LENGTH], const char *text)
{
	unsigned int domain = 0, bus, slot, function;
	const char *colon = strchr(text, ':');

	if (colon && strchr(colon + 1, ':'))
		text = text == colon ? NULL : parse_hex(text, 8, ':', &domain);
	if (text)
		text = isxdigit((unsigned char)*text) ? parse_hex(text, 2, ':', &bus) : NULL;
	if (text)
		text = isxdigit((unsigned char)*text) ? parse_hex(text, 2, '.', &slot) : NULL;
	if (text)
		text = isxdigit((unsigned char)*text) ? parse_hex(text, 1, '\0', &function) : NULL;
	if (!text || slot > 0x1f || function > 7)
		return -EINVAL;
	snprintf(out, PCI_ADDRESS_LENGTH, "%04x:%02x:%02x.%x", domain, bus & 0xff, slot, function);
	return 0;
}

int pci_parse_token(uint8_t out[PCI_TOKEN_BYTES], const char *text)
{
	static const char form[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
	unsigned int n = 0;

	if (strlen(text) != strlen(form))
		return -EINVAL;
	for (size_t i = 0; form[i]; i++)
		if (form[i] == 'x' ? !isxdigit((unsigned char)text[i]) : text[i] != form[i])
			return -EINVAL;
	for (size_t i = 0; form[i]; i += 2) {
		i += form[i] == '-';
		out[n++] = (uint8_t)(digit_value(text[i]) << 4 | digit_value(text[i + 1]));
	}
	return 0;
}
