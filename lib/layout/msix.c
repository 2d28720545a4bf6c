/* SPDX-License-Identifier: BSD-3-Clause */
/* Format: PCI Local Bus Specification 3.0, sections 6.1 (header), 6.7
 * (capability list) and 6.8.2 (MSI-X). */
#include "layout/msix.h"

#include <endian.h>
#include <errno.h>
#include <linux/pci_regs.h>
#include <string.h>

enum {
	ENTRY_SIZE = 16,
	MAX_CAPABILITIES = (256 - PCI_STD_HEADER_SIZEOF) / 4,
};

static int read_le16(msix_read_config *read, void *context, uint64_t offset, uint16_t *value)
{
	int r = read(context, offset, value, sizeof(*value));

	*value = le16toh(*value);
	return r;
}

static int read_le32(msix_read_config *read, void *context, uint64_t offset, uint32_t *value)
{
	int r = read(context, offset, value, sizeof(*value));

	*value = le32toh(*value);
	return r;
}

static int read_table(struct msix_table *out, msix_read_config *read, void *context,
		      unsigned int at)
{
	uint16_t control = 0;
	uint32_t table = 0;
	int r = read_le16(read, context, at + PCI_MSIX_FLAGS, &control);

	if (!r)
		r = read_le32(read, context, at + PCI_MSIX_TABLE, &table);
	if (r)
		return r;
	out->bar = table & PCI_MSIX_TABLE_BIR;
	out->offset = table & PCI_MSIX_TABLE_OFFSET;
	out->length = ((control & PCI_MSIX_FLAGS_QSIZE) + UINT64_C(1)) * ENTRY_SIZE;
	return 0;
}

int msix_find(struct msix_table *out, msix_read_config *read, void *context)
{
	uint16_t status = 0, capability = 0;
	int r = read_le16(read, context, PCI_STATUS, &status);

	memset(out, 0, sizeof(*out));
	if (r || !(status & PCI_STATUS_CAP_LIST))
		return r;

	/* The low byte at PCI_CAPABILITY_LIST is the offset of the first
	 * capability. A capability begins with its ID and the offset of the
	 * next one. */
	r = read_le16(read, context, PCI_CAPABILITY_LIST, &capability);
	unsigned int at = capability & 0xfc;

	for (int i = 0; !r && at; i++) {
		if (i == MAX_CAPABILITIES)
			return -EPROTO;
		r = read_le16(read, context, at, &capability);
		if (!r && (capability & 0xff) == PCI_CAP_ID_MSIX)
			return read_table(out, read, context, at);
		at = (capability >> 8) & 0xfc;
	}
	return r;
}
