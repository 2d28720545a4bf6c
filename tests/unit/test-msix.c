/* SPDX-License-Identifier: BSD-3-Clause */
#include <endian.h>
#include <errno.h>
#include <linux/pci_regs.h>

#include "support/harness.h"
#include "layout/msix.h"

static uint8_t config[256];
static unsigned int reads;

static int read_config(void *context, uint64_t offset, void *buffer, size_t length)
{
	(void)context;
	reads++;
	ck_assert_uint_le(offset + length, sizeof(config));
	memcpy(buffer, config + offset, length);
	return 0;
}

static int read_fails(void *context, uint64_t offset, void *buffer, size_t length)
{
	(void)buffer;
	(void)length;
	return offset >= *(const uint64_t *)context ? -EIO
						    : read_config(NULL, offset, buffer, length);
}

static void put_capability(uint8_t at, uint8_t id, uint8_t next)
{
	config[PCI_STATUS] = PCI_STATUS_CAP_LIST;
	config[at] = id;
	config[at + 1] = next;
}

static void put_msix(uint8_t at, uint16_t entries, uint32_t table)
{
	uint16_t control = htole16((uint16_t)(entries - 1));

	table = htole32(table);
	put_capability(at, PCI_CAP_ID_MSIX, 0);
	memcpy(config + at + PCI_MSIX_FLAGS, &control, sizeof(control));
	memcpy(config + at + PCI_MSIX_TABLE, &table, sizeof(table));
}

static void set_up(void)
{
	memset(config, 0, sizeof(config));
	reads = 0;
}

START_TEST(the_table_is_found_after_other_capabilities)
{
	struct msix_table table;

	config[PCI_CAPABILITY_LIST] = 0x40;
	put_capability(0x40, PCI_CAP_ID_PM, 0x50);
	put_capability(0x50, PCI_CAP_ID_MSI, 0x70);
	put_msix(0x70, 33, 0x2000 | 4);
	ck_assert_zero(msix_find(&table, read_config, NULL));
	ck_assert_uint_eq(table.bar, 4);
	ck_assert_uint_eq(table.offset, 0x2000);
	ck_assert_uint_eq(table.length, 33 * 16);
}
END_TEST

START_TEST(the_largest_table_has_2048_entries)
{
	struct msix_table table;

	config[PCI_CAPABILITY_LIST] = 0x40;
	put_msix(0x40, 0, 0);
	ck_assert_zero(msix_find(&table, read_config, NULL));
	ck_assert_uint_eq(table.length, 2048 * 16);
}
END_TEST

START_TEST(a_device_without_a_list_is_read_once)
{
	struct msix_table table = { 1, 1, 1 };

	config[PCI_CAPABILITY_LIST] = 0x40;
	ck_assert_zero(msix_find(&table, read_config, NULL));
	ck_assert_uint_eq(table.length, 0);
	ck_assert_uint_eq(reads, 1);
}
END_TEST

START_TEST(a_list_without_msix_has_no_table)
{
	struct msix_table table;

	config[PCI_CAPABILITY_LIST] = 0x40;
	put_capability(0x40, PCI_CAP_ID_PM, 0);
	ck_assert_zero(msix_find(&table, read_config, NULL));
	ck_assert_uint_eq(table.length, 0);
}
END_TEST

START_TEST(a_list_that_loops_is_refused)
{
	struct msix_table table;

	config[PCI_CAPABILITY_LIST] = 0x40;
	put_capability(0x40, PCI_CAP_ID_PM, 0x50);
	put_capability(0x50, PCI_CAP_ID_MSI, 0x40);
	ck_assert_int_eq(msix_find(&table, read_config, NULL), -EPROTO);
}
END_TEST

START_TEST(the_low_bits_of_pointers_are_reserved)
{
	struct msix_table table;

	config[PCI_CAPABILITY_LIST] = 0x43;
	put_msix(0x40, 1, 0x1000);
	ck_assert_zero(msix_find(&table, read_config, NULL));
	ck_assert_uint_eq(table.offset, 0x1000);
}
END_TEST

START_TEST(an_error_of_the_device_is_returned)
{
	struct msix_table table;

	config[PCI_CAPABILITY_LIST] = 0x40;
	put_msix(0x40, 1, 0x1000);
	for (uint64_t from = 0; from <= 0x44; from++)
		ck_assert_int_eq(msix_find(&table, read_fails, &from), -EIO);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("msix");

	harness_add_with(suite, "msix", set_up, NULL,
			 (const TTest *const[]){ the_table_is_found_after_other_capabilities,
						 the_largest_table_has_2048_entries,
						 a_device_without_a_list_is_read_once,
						 a_list_without_msix_has_no_table,
						 a_list_that_loops_is_refused,
						 the_low_bits_of_pointers_are_reserved,
						 an_error_of_the_device_is_returned, NULL });
	return harness_run(suite);
}
