/* SPDX-License-Identifier: BSD-3-Clause */
/* PCI addresses and VF tokens. Pure. */
#ifndef PCI_ADDRESS_H
#define PCI_ADDRESS_H

#include <stdint.h>

enum {
	PCI_ADDRESS_LENGTH = 17, /* "00010000:01:00.0" and a null byte */
	/* "01234567-89ab-cdef-0123-456789abcdef" and a null byte */
	PCI_TOKEN_LENGTH = 37,
	PCI_TOKEN_BYTES = 16,
};

/* Writes "1:0.0", "01:00.0" or "0000:01:00.0" in full and in lower case.
 * -EINVAL: not a PCI address. */
int pci_parse_address(char out[PCI_ADDRESS_LENGTH], const char *text);

/* Converts a UUID as RFC 4122 writes it, in upper or lower case, to bytes in
 * the order of its digits. -EINVAL: not a UUID. */
int pci_parse_token(uint8_t out[PCI_TOKEN_BYTES], const char *text);

#endif
