/* SPDX-License-Identifier: BSD-3-Clause */
/* Opening by address: the group, the character device, addresses and
 * options. */
#include <errno.h>
#include <linux/vfio.h>

#include "device/pci-address.h"
#include "support/fake.h"
#include "support/harness.h"
#include "support/pci-world.h"

static const struct barspan_pci_options with_token = {
	.size = sizeof(with_token),
	.vf_token = PCI_WORLD_TOKEN,
};
static const struct barspan_pci_options without_iommu = {
	.size = sizeof(without_iommu),
	.flags = BARSPAN_PCI_NO_IOMMU,
};

static struct barspan_device *device;

START_TEST(a_device_is_opened_through_its_group)
{
	ck_assert_zero(barspan_device_open_pci(&device, "0000:01:00.0", NULL));
	ck_assert_str_eq(barspan_device_name(device), "0000:01:00.0");
	ck_assert_int_eq(barspan_device_fd(device), pci_world_result.device_fd);
	ck_assert_int_ge(barspan_device_iommu_fd(device, NULL), 0);
	ck_assert_int_eq(pci_world_result.type, VFIO_TYPE1v2_IOMMU);
	ck_assert_uint_eq(pci_world_result.opened, 3);
	barspan_device_close(device);
}
END_TEST

START_TEST(type_1_of_the_first_version_is_used_if_there_is_no_second)
{
	pci_world.has &= ~(unsigned int)HAS_TYPE1V2;
	ck_assert_zero(barspan_device_open_pci(&device, "0000:01:00.0", NULL));
	ck_assert_int_eq(pci_world_result.type, VFIO_TYPE1_IOMMU);
	barspan_device_close(device);
}
END_TEST

START_TEST(without_groups_the_character_device_is_used)
{
	uint32_t ioas = 0;

	pci_world.has = ONLY_CDEV_WORKS;
	ck_assert_zero(barspan_device_open_pci(&device, "0000:01:00.0", NULL));
	ck_assert_int_eq(barspan_device_iommu_fd(device, &ioas), pci_world_result.bound_to);
	ck_assert_uint_eq(ioas, 77);
	ck_assert_uint_eq(pci_world_result.attached, 77);
	ck_assert_int_eq(barspan_device_fd(device), pci_world_result.device_fd);
	ck_assert_uint_eq(pci_world_result.opened, 2);
	barspan_device_close(device);
}
END_TEST

/* Machines on which the library uses the character device, without a
 * message. */
static const struct {
	struct pci_world world;
	const struct barspan_pci_options *options;
} cdev[] = {
	/* A node of the group is missing or fails. */
	{ { .has = BOTH_WORK, .group_error = -EACCES }, NULL },
	{ { .has = BOTH_WORK, .group_error = -EPERM }, NULL },
	{ { .has = BOTH_WORK, .group_error = -ENXIO }, NULL },
	{ { .has = BOTH_WORK, .group_error = -ENODEV }, NULL },
	{ { .has = BOTH_WORK, .container_error = -EACCES }, NULL },
	{ { .has = BOTH_WORK, .container_error = -EPERM }, NULL },
	{ { .has = BOTH_WORK, .container_error = -ENXIO }, NULL },
	{ { .has = BOTH_WORK, .container_error = -ENODEV }, NULL },
	{ { .has = BOTH_WORK & ~HAS_CONTAINER }, NULL },
	{ { .has = BOTH_WORK & ~HAS_TYPE1 & ~HAS_TYPE1V2 }, NULL },
	/* There is an IOMMU, although the caller permits to go without. */
	{ { .has = ONLY_CDEV_WORKS }, &without_iommu },
	{ { .has = ONLY_CDEV_WORKS | KNOWS_TOKEN | TAKES_TOKEN, .token = PCI_WORLD_TOKEN },
	  &with_token },
};
enum { CDEV_ROWS = sizeof(cdev) / sizeof(cdev[0]) };

START_TEST(the_character_device_is_used)
{
	uint32_t ioas = 0;

	pci_world = cdev[_i].world;
	ck_assert_zero(barspan_device_open_pci(&device, "0000:01:00.0", cdev[_i].options));
	ck_assert_int_eq(barspan_device_iommu_fd(device, &ioas), pci_world_result.bound_to);
	ck_assert_uint_eq(ioas, 77);
	ck_assert_str_eq(harness_message, "");
	barspan_device_close(device);
}
END_TEST

START_TEST(a_device_without_an_iommu_opens_with_the_noiommu_option)
{
	pci_world.has = (GROUP_WORKS & ~HAS_GROUP_NODE) | HAS_NOIOMMU_NODE;
	ck_assert_zero(barspan_device_open_pci(&device, "0000:01:00.0", &without_iommu));
	ck_assert_int_eq(pci_world_result.type, VFIO_NOIOMMU_IOMMU);
	ck_assert_int_ge(barspan_device_iommu_fd(device, NULL), 0);
	ck_assert_str_eq(harness_message,
			 "0000:01:00.0: no IOMMU: the device's DMA is unprotected");
	ck_assert_uint_eq(harness_messages[BARSPAN_LOG_WARNING], 1);
	barspan_device_close(device);
}
END_TEST

START_TEST(the_noiommu_option_changes_nothing_for_a_device_with_an_iommu)
{
	ck_assert_zero(barspan_device_open_pci(&device, "0000:01:00.0", &without_iommu));
	ck_assert_int_eq(pci_world_result.type, VFIO_TYPE1v2_IOMMU);
	ck_assert_str_eq(harness_message, "");
	barspan_device_close(device);
}
END_TEST

START_TEST(a_token_is_passed_with_the_name)
{
	pci_world.token = PCI_WORLD_TOKEN;
	ck_assert_zero(barspan_device_open_pci(&device, "0000:01:00.0", &with_token));
	barspan_device_close(device);
}
END_TEST

START_TEST(malformed_addresses_are_refused)
{
	static const char *const bad[] = {
		"",
		":",
		"01",
		"01:00",
		"01:00.",
		"01:00.8",
		"01:20.0",
		"g1:00.0",
		"001:00.0",
		"01:000.0",
		"01:00.00",
		" 01:00.0",
		"01:00.0 ",
		":01:00.0",
		"000000000:01:00.0",
		"0000:01:00:0",
		"-1:00.0",
		"0x1:00.0",
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (barspan_device_open_pci(&device, bad[i], NULL) != -EINVAL)
			ck_abort_msg("'%s' is taken for an address", bad[i]);
	ck_assert_uint_eq(fake_total(), 0);
}
END_TEST

START_TEST(short_addresses_are_completed)
{
	char out[PCI_ADDRESS_LENGTH];

	ck_assert_zero(pci_parse_address(out, "1:2.3"));
	ck_assert_str_eq(out, "0000:01:02.3");
	ck_assert_zero(pci_parse_address(out, "abcd:EF:1f.7"));
	ck_assert_str_eq(out, "abcd:ef:1f.7");
	ck_assert_zero(pci_parse_address(out, "10000:01:00.0"));
	ck_assert_str_eq(out, "10000:01:00.0");
}
END_TEST

START_TEST(options_are_checked)
{
	static const char *const bad[] = {
		"",
		"0123456789abcdef0123456789abcdef",
		"01234567-89ab-cdef-0123-456789abcde",
		"01234567-89ab-cdef-0123-456789abcdef0",
		"01234567-89ab-cdef-0123-456789abcdeg",
		"0123456-789ab-cdef-0123-456789abcdef",
		"01234567+89ab-cdef-0123-456789abcdef",
		"{1234567-89ab-cdef-0123-456789abcde}",
	};
	struct {
		struct barspan_pci_options options;
		int later;
	} given = { { .size = sizeof(given.options) }, 0 };

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		given.options.vf_token = bad[i];
		ck_assert_int_eq(barspan_device_open_pci(&device, "01:00.0", &given.options),
				 -EINVAL);
	}
	ck_assert_ptr_nonnull(strstr(harness_message, "is not a UUID"));
	given.options.vf_token = NULL;
	given.options.flags = 4 | BARSPAN_PCI_NO_IOMMU;
	ck_assert_int_eq(barspan_device_open_pci(&device, "01:00.0", &given.options), -EINVAL);
	ck_assert_ptr_nonnull(
		strstr(harness_message, "0000:01:00.0: options.flags 0x5 has unknown bits 0x4"));
	given.options.flags = 0;
	given.options.size = 0;
	ck_assert_int_eq(barspan_device_open_pci(&device, "01:00.0", &given.options), -EINVAL);
	ck_assert_ptr_nonnull(
		strstr(harness_message, "0000:01:00.0: options: size 0 is less than 8"));
	given.options.size = sizeof(given);
	given.later = 1;
	ck_assert_int_eq(barspan_device_open_pci(&device, "01:00.0", &given.options), -E2BIG);
	ck_assert_uint_eq(fake_total(), 0);
	given.later = 0;
	ck_assert_zero(barspan_device_open_pci(&device, "01:00.0", &given.options));
	barspan_device_close(device);
}
END_TEST

START_TEST(tokens_become_bytes_in_the_order_of_their_digits)
{
	uint8_t bytes[PCI_TOKEN_BYTES];

	ck_assert_zero(pci_parse_token(bytes, PCI_WORLD_TOKEN));
	ck_assert_int_eq(memcmp(bytes, pci_world_token_bytes, sizeof(bytes)), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("pci");

	harness_add_with(
		suite, "open", pci_world_set_up, pci_world_tear_down,
		(const TTest *const[]){ a_device_is_opened_through_its_group,
					type_1_of_the_first_version_is_used_if_there_is_no_second,
					without_groups_the_character_device_is_used, NULL });
	harness_add_rows(suite, "character-device", pci_world_set_up, pci_world_tear_down,
			 the_character_device_is_used, CDEV_ROWS);
	harness_add_with(suite, "address", pci_world_set_up, pci_world_tear_down,
			 (const TTest *const[]){ malformed_addresses_are_refused,
						 short_addresses_are_completed, NULL });
	harness_add_with(suite, "options", pci_world_set_up, pci_world_tear_down,
			 (const TTest *const[]){
				 a_device_without_an_iommu_opens_with_the_noiommu_option,
				 the_noiommu_option_changes_nothing_for_a_device_with_an_iommu,
				 a_token_is_passed_with_the_name, options_are_checked,
				 tokens_become_bytes_in_the_order_of_their_digits, NULL });
	return harness_run(suite);
}
