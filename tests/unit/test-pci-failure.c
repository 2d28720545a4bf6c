/* SPDX-License-Identifier: BSD-3-Clause */
/* Devices that cannot be opened by address: each cause has its own error and
 * message. */
#include <errno.h>

#include "support/harness.h"
#include "support/pci-world.h"

#define OTHER_TOKEN "11234567-89ab-cdef-0123-456789abcdef"

/* A machine, the options (if any field is set), and the expected error and
 * message. */
struct failure {
	struct pci_world world;
	int error;
	const char *message;
	uint32_t flags;
	const char *token;
};

/* A part is missing or fails. */
static const struct failure missing[] = {
	{ { .has = GROUP_WORKS & ~HAS_DEVICE }, -ENODEV, .message = "no such PCI device" },
	{ { .has = GROUP_WORKS & ~HAS_GROUP_LINK }, -EOPNOTSUPP, .message = "no IOMMU group" },
	{ { .has = GROUP_WORKS & ~HAS_GROUP_LINK & ~HAS_DRIVER },
	  -ENXIO,
	  .message = "bound to no driver, and in no IOMMU group: bind it to vfio-pci" },
	{ { .has = GROUP_WORKS & ~HAS_GROUP_NODE, .driver = "e1000e" },
	  -ENXIO,
	  .message = "bound to e1000e, which does not provide a VFIO device" },
	{ { .has = GROUP_WORKS & ~HAS_GROUP_NODE & ~HAS_DRIVER },
	  -ENXIO,
	  .message = "bound to no driver" },
	/* Another device of the group is bound to a foreign driver. */
	{ { .has = GROUP_WORKS & ~IS_IN_GROUP, .driver = "e1000e" },
	  -ENXIO,
	  .message = "bound to e1000e, which does not provide a VFIO device" },
	{ { .has = GROUP_WORKS, .group_error = -EACCES },
	  -EACCES,
	  .message = "cannot open /dev/vfio/26: EACCES: no permission" },
	{ { .has = GROUP_WORKS, .group_error = -EBUSY },
	  -EBUSY,
	  .message = "cannot open /dev/vfio/26: EBUSY: in use" },
	{ { .has = GROUP_WORKS & ~IS_VIABLE }, -EBUSY, .message = "IOMMU group 26 is not viable" },
	{ { .has = GROUP_WORKS & ~HAS_CONTAINER }, -ENXIO, .message = "/dev/vfio/vfio does not exist" },
	{ { .has = GROUP_WORKS & ~HAS_TYPE1 & ~HAS_TYPE1V2 },
	  -ENODEV,
	  .message = "VFIO_SET_IOMMU: ENODEV" },
	{ { .has = GROUP_WORKS, .type_error = -EPERM },
	  -EPERM,
	  .message = "allow_unsafe_interrupts=1" },
	{ { .has = ONLY_CDEV_WORKS & ~HAS_IOMMUFD }, -ENXIO, .message = "/dev/iommu does not exist" },
	{ { .has = ONLY_CDEV_WORKS & ~HAS_CDEV_NODE },
	  -ENXIO,
	  .message = "bound to vfio-pci, but neither /dev/vfio/26 nor a character device exists" },
};

/* The character device would work, but the error of the group ends the
 * search. */
static const struct failure final[] = {
	{ { .has = BOTH_WORK, .group_error = -EBUSY },
	  -EBUSY,
	  .message = "cannot open /dev/vfio/26: EBUSY: in use" },
	{ { .has = BOTH_WORK & ~IS_VIABLE }, -EBUSY, .message = "not viable" },
	{ { .has = BOTH_WORK, .group_error = -EMFILE },
	  -EMFILE,
	  .message = "cannot open /dev/vfio/26: EMFILE" },
};

/* Both ways fail: the library reports the more useful error. */
static const struct failure both[] = {
	{ { .has = BOTH_WORK & ~HAS_IOMMUFD, .group_error = -EACCES },
	  -EACCES,
	  .message = "cannot open /dev/vfio/26: EACCES: no permission" },
	{ { .has = BOTH_WORK & ~HAS_CONTAINER, .cdev_error = -EACCES },
	  -EACCES,
	  .message = "cannot open /dev/vfio/devices/vfio3: EACCES: no permission" },
	{ { .has = BOTH_WORK & ~HAS_CONTAINER & ~HAS_IOMMUFD },
	  -ENXIO,
	  .message = "/dev/vfio/vfio does not exist: is module vfio loaded?" },
	{ { .has = BOTH_WORK, .group_error = -EACCES, .bind_error = -EBUSY },
	  -EBUSY,
	  .message = "in use" },
	{ { .has = BOTH_WORK & ~HAS_CDEV_NODE, .group_error = -EACCES },
	  -EACCES,
	  .message = "cannot open /dev/vfio/26: EACCES: no permission" },
};

/* The character device refuses to be bound, because it is in use or for another
 * reason. */
static const struct failure bind[] = {
	{ { .has = ONLY_CDEV_WORKS, .bind_error = -EINVAL, .enable = "1\n" },
	  -EBUSY,
	  .message = "VFIO_DEVICE_BIND_IOMMUFD: EINVAL: the device is in use" },
	{ { .has = ONLY_CDEV_WORKS, .bind_error = -EBUSY },
	  -EBUSY,
	  .message = "VFIO_DEVICE_BIND_IOMMUFD: EBUSY: the device is in use" },
	{ { .has = ONLY_CDEV_WORKS, .bind_error = -EINVAL, .enable = "0\n" },
	  -EINVAL,
	  .message = "VFIO_DEVICE_BIND_IOMMUFD: EINVAL" },
	{ { .has = ONLY_CDEV_WORKS, .bind_error = -EINVAL, .enable = "" },
	  -EINVAL,
	  .message = "VFIO_DEVICE_BIND_IOMMUFD: EINVAL" },
	{ { .has = ONLY_CDEV_WORKS, .bind_error = -EINVAL },
	  -EINVAL,
	  .message = "VFIO_DEVICE_BIND_IOMMUFD: EINVAL" },
};

static const struct failure noiommu[] = {
	{ { .has = (GROUP_WORKS & ~HAS_GROUP_NODE) | HAS_NOIOMMU_NODE },
	  -EOPNOTSUPP,
	  .message = "no IOMMU: BARSPAN_PCI_NO_IOMMU opens the device" },
	{ { .has = (GROUP_WORKS & ~HAS_GROUP_NODE) | HAS_NOIOMMU_NODE, .group_error = -EPERM },
	  -EPERM,
	  .message = "cannot open /dev/vfio/noiommu-26: EPERM: no permission",
	  .flags = BARSPAN_PCI_NO_IOMMU },
};

/* The device needs a token that the options lack or that is wrong, or it does
 * not take the token in the options. */
static const struct failure token[] = {
	{ { .has = GROUP_WORKS, .token = PCI_WORLD_TOKEN },
	  -EACCES,
	  .message = "VFIO_GROUP_GET_DEVICE_FD: EACCES: the device may require a VF token" },
	{ { .has = GROUP_WORKS, .token = OTHER_TOKEN },
	  -EACCES,
	  .message = "EACCES: the VF token may be wrong",
	  .token = PCI_WORLD_TOKEN },
	{ { .has = GROUP_WORKS },
	  -EINVAL,
	  .message = "EINVAL: the device may take no VF token",
	  .token = PCI_WORLD_TOKEN },
	{ { .has = ONLY_CDEV_WORKS | KNOWS_TOKEN | TAKES_TOKEN, .token = PCI_WORLD_TOKEN },
	  -EACCES,
	  .message = "VFIO_DEVICE_BIND_IOMMUFD: EACCES: the device may require a VF token" },
	{ { .has = ONLY_CDEV_WORKS | KNOWS_TOKEN | TAKES_TOKEN, .token = PCI_WORLD_TOKEN },
	  -EACCES,
	  .message = "the VF token may be wrong",
	  .token = "01234567-89ab-cdef-0123-456789abcdee" },
	{ { .has = ONLY_CDEV_WORKS, .enable = "0\n" },
	  -EOPNOTSUPP,
	  .message = "Linux 6.17",
	  .token = PCI_WORLD_TOKEN },
	{ { .has = ONLY_CDEV_WORKS | KNOWS_TOKEN },
	  -EOPNOTSUPP,
	  .message = "Linux 6.17",
	  .token = PCI_WORLD_TOKEN },
	{ { .has = ONLY_CDEV_WORKS, .enable = "1\n" },
	  -EBUSY,
	  .message = "in use",
	  .token = PCI_WORLD_TOKEN },
};

static void expect(const struct failure *failure)
{
	const struct barspan_pci_options options = {
		.size = sizeof(options),
		.flags = failure->flags,
		.vf_token = failure->token,
	};
	struct barspan_device *device = NULL;
	int r;

	pci_world = failure->world;
	r = barspan_device_open_pci(&device, "01:00.0",
				    failure->flags || failure->token ? &options : NULL);
	ck_assert_msg(r == failure->error, "not %d but %d: '%s'", failure->error, r,
		      failure->message);
	ck_assert_ptr_null(device);
	ck_assert_ptr_nonnull(strstr(harness_message, "0000:01:00.0"));
	ck_assert_msg(strstr(harness_message, failure->message), "'%s' does not say '%s'",
		      harness_message, failure->message);
}

START_TEST(a_missing_part_has_its_own_error)
{
	expect(&missing[_i]);
}
END_TEST

START_TEST(an_error_of_the_group_can_end_the_search)
{
	expect(&final[_i]);
}
END_TEST

START_TEST(the_more_useful_error_is_reported)
{
	expect(&both[_i]);
}
END_TEST

START_TEST(a_character_device_that_refuses_has_its_own_error)
{
	expect(&bind[_i]);
}
END_TEST

START_TEST(a_device_without_an_iommu_has_its_own_error)
{
	expect(&noiommu[_i]);
	ck_assert_uint_eq(pci_world_result.opened, 0);
}
END_TEST

START_TEST(a_missing_or_wrong_token_has_its_own_error)
{
	expect(&token[_i]);
}
END_TEST

#define ROWS(array) ((int)(sizeof(array) / sizeof((array)[0])))

int main(void)
{
	const struct {
		const TTest *test;
		int n;
	} tables[] = {
		{ a_missing_part_has_its_own_error, ROWS(missing) },
		{ an_error_of_the_group_can_end_the_search, ROWS(final) },
		{ the_more_useful_error_is_reported, ROWS(both) },
		{ a_character_device_that_refuses_has_its_own_error, ROWS(bind) },
		{ a_device_without_an_iommu_has_its_own_error, ROWS(noiommu) },
		{ a_missing_or_wrong_token_has_its_own_error, ROWS(token) },
	};
	Suite *suite = suite_create("pci-failure");

	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++)
		harness_add_rows(suite, "failure", pci_world_set_up, pci_world_tear_down,
				 tables[i].test, tables[i].n);
	return harness_run(suite);
}
