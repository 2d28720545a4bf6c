/* SPDX-License-Identifier: BSD-3-Clause */
/* Devices with registers. Direct and trapped accesses must read the same
 * values. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "device.h"

/* QEMU, docs/specs/edu.txt. */
enum {
	EDU_IDENTITY = 0x00, /* 0x010000ed */
	EDU_INVERSE = 0x04,  /* reads the inverse of the value written */
	EDU_FACTORIAL = 0x08,
	EDU_STATUS = 0x20, /* bit 0: the factorial is not ready */
	EDU_SOURCE = 0x80, /* 64 bits */
};

/* QEMU, docs/specs/ivshmem-spec.txt. */
enum { IVSHMEM_MASK = 0x00, IVSHMEM_SIZE = 0x100 };

/* NVM Express 1.4, section 3.1. */
enum { NVME_VERSION = 0x08, NVME_ADMIN_QUEUE = 0x28 };

/* Intel 82574 datasheet, sections 10.2.1.2 and 10.2.2. */
enum { E1000E_STATUS = 0x08, E1000E_IOADDR = 0x00, E1000E_IODATA = 0x04 };

/* PCI_CAPABILITY_LIST, PCI_CAP_ID_MSIX, <linux/pci_regs.h> */
enum { CAPABILITIES = 0x34, MSIX = 0x11 };

static void expect_kind(const struct barspan *span, uint64_t offset, uint64_t length,
			const char *kind)
{
	bool direct = !strcmp(kind, "direct");

	EXPECT(barspan_is_direct(span, offset, length) == direct, "0x%" PRIx64 " is not %s", offset,
	       kind);
	EXPECT((barspan_pointer(span, offset, length) != NULL) == direct,
	       "0x%" PRIx64 ": wrong pointer", offset);
}

static void check_factorial(struct barspan *span)
{
	unsigned int patience = 1000000;

	barspan_write32(span, EDU_FACTORIAL, 10);
	while (barspan_read32(span, EDU_STATUS) & 1 && --patience)
		;
	EXPECT(patience, "the factorial is never ready");
	EXPECT_EQUAL(barspan_read32(span, EDU_FACTORIAL), 3628800);
}

/* A trapped access of 64 bits may be split. The upper half then goes to an
 * offset without a register. */
static void check_wide(struct barspan *span, bool direct)
{
	const uint64_t value = UINT64_C(0x123456789abcdef0);
	uint64_t got;

	barspan_write64(span, EDU_SOURCE, value);
	got = barspan_read64(span, EDU_SOURCE);
	printf("64 bits: 0x%" PRIx64 "\n", got);
	EXPECT(got == value || (!direct && got == (value | UINT64_C(0xffffffff00000000))),
	       "they read 0x%" PRIx64, got);
	EXPECT_EQUAL(barspan_read32(span, EDU_SOURCE), (uint32_t)value);
}

void case_edu(char **argv)
{
	static const uint32_t values[] = { 0, 1, 0x80000000, 0x12345678, 0xdeadbeef, 0xffffffff };
	struct barspan_device *device = open_device(argv[1]);
	struct barspan *span = map_region(device, BARSPAN_BAR0, NULL);

	expect_kind(span, EDU_INVERSE, 4, argv[2]);
	EXPECT_EQUAL(barspan_read32(span, EDU_IDENTITY), 0x010000ed);
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		uint32_t trapped;

		barspan_write32(span, EDU_INVERSE, values[i]);
		EXPECT_EQUAL(barspan_read32(span, EDU_INVERSE), ~values[i]);
		EXPECT_ERROR(barspan_device_read(device, BARSPAN_BAR0, EDU_INVERSE, &trapped, 4),
			     "0");
		EXPECT_EQUAL(trapped, ~values[i]);
		EXPECT_ERROR(barspan_write(span, EDU_INVERSE, &trapped, 4), "0");
		EXPECT_EQUAL(barspan_read32_relaxed(span, EDU_INVERSE), values[i]);
	}
	check_factorial(span);
	check_wide(span, !strcmp(argv[2], "direct"));
	EXPECT_ERROR(barspan_take_error(span, NULL), "0");
	barspan_unmap(span);
	barspan_device_close(device);
}

/* A region smaller than a page: all of it is direct, and no access reaches past
 * its end. */
void case_small(char **argv)
{
	struct barspan_device *device = open_device(argv[1]);
	struct barspan *span = map_region(device, BARSPAN_BAR0, NULL);
	uint32_t trapped;

	EXPECT_EQUAL(barspan_length(span), IVSHMEM_SIZE);
	expect_kind(span, 0, IVSHMEM_SIZE, "direct");
	expect_kind(span, IVSHMEM_SIZE - 4, 8, "hole");
	barspan_write32(span, IVSHMEM_MASK, 0x5a);
	EXPECT_EQUAL(barspan_read32(span, IVSHMEM_MASK), 0x5a);
	EXPECT_ERROR(barspan_device_read(device, BARSPAN_BAR0, IVSHMEM_MASK, &trapped, 4), "0");
	EXPECT_EQUAL(trapped, 0x5a);
	EXPECT_ERROR(barspan_take_error(span, NULL), "0");
	EXPECT_EQUAL(barspan_read32(span, IVSHMEM_SIZE), UINT32_MAX);
	EXPECT_ERROR(barspan_take_error(span, NULL), "ERANGE");
	EXPECT_ERROR(barspan_read(span, IVSHMEM_SIZE - 2, &trapped, 4), "ERANGE");
	barspan_unmap(span);
	barspan_device_close(device);
}

/* I/O ports cannot be mapped. Through them the device shows the registers of
 * its first BAR. */
void case_ports(char **argv)
{
	struct barspan_device *device = open_device(argv[1]);
	struct barspan *memory = map_region(device, BARSPAN_BAR0, NULL),
		       *ports = map_region(device, 2, NULL);
	struct barspan_extent extent = need_extent(ports, 0);

	EXPECT(extent.kind == BARSPAN_HOLE && extent.reason == BARSPAN_REASON_UNMAPPABLE &&
		       extent.length == 32,
	       "0x%" PRIx64 " %s", extent.length, barspan_reason_name(extent.reason));
	expect_kind(memory, E1000E_STATUS, 4, "direct");
	barspan_write32(ports, E1000E_IOADDR, E1000E_STATUS);
	EXPECT_EQUAL(barspan_read32(ports, E1000E_IOADDR), E1000E_STATUS);
	EXPECT_EQUAL(barspan_read32(ports, E1000E_IODATA), barspan_read32(memory, E1000E_STATUS));
	EXPECT(barspan_read32(memory, E1000E_STATUS) != UINT32_MAX, "the device does not answer");
	EXPECT_ERROR(barspan_take_error(ports, NULL), "0");
	EXPECT_ERROR(barspan_take_error(memory, NULL), "0");
	barspan_unmap(memory);
	barspan_unmap(ports);
	barspan_device_close(device);
}

/* A sparse region without areas works by trapped access alone. */
void case_no_area(char **argv)
{
	struct barspan_device *device = open_device(argv[1]);
	struct barspan *span = map_region(device, BARSPAN_BAR0, NULL);
	const uint64_t queue = UINT64_C(0x123456789abcd000);

	expect_kind(span, NVME_VERSION, 4, "hole");
	EXPECT_EQUAL(barspan_read32(span, NVME_VERSION) >> 16, 1);
	barspan_write64(span, NVME_ADMIN_QUEUE, queue);
	EXPECT_EQUAL(barspan_read64(span, NVME_ADMIN_QUEUE), queue);
	EXPECT_EQUAL(barspan_read32(span, NVME_ADMIN_QUEUE + 4), queue >> 32);
	EXPECT_ERROR(barspan_take_error(span, NULL), "0");
	barspan_unmap(span);
	barspan_device_close(device);
}

/* Reads from configuration space where the MSI-X table is. */
static unsigned int find_msix(struct barspan_device *device, uint64_t *offset)
{
	uint8_t at = 0, capability[8];
	uint32_t table;

	EXPECT_ERROR(barspan_device_read(device, BARSPAN_CONFIG, CAPABILITIES, &at, 1), "0");
	for (unsigned int n = 0; at && n < 48; n++, at = capability[1]) {
		EXPECT_ERROR(barspan_device_read(device, BARSPAN_CONFIG, at, capability, 8), "0");
		if (capability[0] != MSIX)
			continue;
		memcpy(&table, capability + 4, 4);
		*offset = table & ~7U;
		return table & 7;
	}
	NEED(false, "%s has no MSI-X capability", barspan_device_name(device));
	return 0;
}

/* The kernel keeps trapped accesses away from the table: they read all ones,
 * and their writes are lost. */
static void check_hidden(struct barspan *span, struct barspan *table_trapped, uint64_t table)
{
	uint32_t address = 0xfee00000;

	barspan_write32(span, table, address);
	EXPECT_EQUAL(barspan_read32(span, table), address);
	expect_kind(table_trapped, table, 16, "hole");
	EXPECT_EQUAL(barspan_read32(table_trapped, table), UINT32_MAX);
	barspan_write32(table_trapped, table, 0x12345678);
	EXPECT_EQUAL(barspan_read32(span, table), address);
	barspan_write32(span, table, 0);
	EXPECT_EQUAL(barspan_read32(span, table + 12), 1); /* vector control: masked */
}

void case_msix(char **argv)
{
	struct barspan_device *device = open_device(argv[1]);
	uint64_t table;
	unsigned int index = find_msix(device, &table);
	struct barspan_range hole = { table, 16 };
	struct barspan_options options = { .size = sizeof(options), .holes = &hole, .n_holes = 1 };
	struct barspan *span = map_region(device, index, NULL),
		       *table_trapped = map_region(device, index, &options);
	struct barspan_region region;

	printf("table at 0x%" PRIx64 " of region %u\n", table, index);
	EXPECT_ERROR(barspan_device_region(device, index, &region), "0");
	EXPECT(region.flags & BARSPAN_REGION_MSIX_MAPPABLE,
	       "the kernel does not say that the table can be mapped");
	expect_kind(span, 0, region.size, "direct");
	EXPECT_EQUAL(need_extent(table_trapped, table).reason, BARSPAN_REASON_REQUESTED);
	check_hidden(span, table_trapped, table);
	EXPECT_ERROR(barspan_take_error(span, NULL), "0");
	EXPECT_ERROR(barspan_take_error(table_trapped, NULL), "0");
	barspan_unmap(span);
	barspan_unmap(table_trapped);
	barspan_device_close(device);
}
