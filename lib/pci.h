/* SPDX-License-Identifier: BSD-3-Clause */
/* PCI addresses. Pure. */
#ifndef PCI_H
#define PCI_H

enum { PCI_ADDRESS_LENGTH = 17 };	/* of "00010000:01:00.0", with its end */

/* Writes "1:0.0", "01:00.0" or "0000:01:00.0" in full, lower case. -EINVAL: not a PCI address. */
int pci_parse_address(char out[PCI_ADDRESS_LENGTH], const char *text);

#endif
