/* SPDX-License-Identifier: BSD-3-Clause */
/* Opening by address, with a /sys, a /dev and a kernel that the test plays. */
#include <errno.h>
#include <linux/vfio.h>
#include <unistd.h>

#include "fake.h"
#include "harness.h"
#include "pci.h"

/* Numbers of the character device's requests, as kernels since 6.6 have them. */
enum { BIND_IOMMUFD = 0x3b76, ATTACH_PT = 0x3b77, IOAS_ALLOC = 0x3b81 };

static struct {
	bool device, group_link, driver, group_node, container_node, cdev, cdev_node, iommufd_node;
	int group_error;
	bool viable, in_group, type1v2, iommu_fails;
	unsigned int opened;
	int type;
	int device_fd, bound_to;
	uint32_t attached;
} world;

static bool ends_with(const char *text, const char *end)
{
	size_t length = strlen(text), tail = strlen(end);

	return length >= tail && !strcmp(text + length - tail, end);
}

static int play_readlink(const char *path, char *buffer, size_t length)
{
	const char *target = NULL;

	if (strncmp(path, "/sys/bus/pci/devices/0000:01:00.0", 33) || !world.device)
		return -ENOENT;
	if (ends_with(path, "0000:01:00.0"))
		target = "../../../devices/pci0000:00/0000:01:00.0";
	else if (ends_with(path, "/iommu_group") && world.group_link)
		target = "../../../kernel/iommu_groups/26";
	else if (ends_with(path, "/driver") && world.driver)
		target = "../../../bus/pci/drivers/e1000e";
	if (!target)
		return -ENOENT;
	snprintf(buffer, length, "%s", target);
	return 0;
}

static int play_find_entry(const char *directory, const char *prefix, char *buffer, size_t length)
{
	ck_assert_str_eq(directory, "/sys/bus/pci/devices/0000:01:00.0/vfio-dev");
	ck_assert_str_eq(prefix, "vfio");
	snprintf(buffer, length, "vfio3");
	return world.cdev ? 0 : -ENOENT;
}

/* A descriptor that can be told from others and be closed. */
static int some_fd(void)
{
	world.opened++;
	return dup(STDERR_FILENO);
}

static int play_open(const char *path, int flags)
{
	bool there = (world.group_node && !strcmp(path, "/dev/vfio/26")) ||
		     (world.container_node && !strcmp(path, "/dev/vfio/vfio")) ||
		     (world.cdev_node && !strcmp(path, "/dev/vfio/devices/vfio3")) ||
		     (world.iommufd_node && !strcmp(path, "/dev/iommu"));

	(void)flags;
	if (!there)
		return -ENOENT;
	if (world.group_error && !strcmp(path, "/dev/vfio/26"))
		return world.group_error;
	return some_fd();
}

static int get_device_fd(const char *name)
{
	ck_assert_str_eq(name, "0000:01:00.0");
	world.device_fd = world.in_group ? some_fd() : -ENODEV;
	return world.device_fd;
}

static int play_ioctl(int fd, unsigned long request, void *argument)
{
	uint32_t *words = argument;

	switch (request) {
	case VFIO_GROUP_GET_STATUS:
		words[1] = world.viable ? VFIO_GROUP_FLAGS_VIABLE : 0;
		return 0;
	case VFIO_GROUP_SET_CONTAINER:
		return 0;
	case VFIO_SET_IOMMU:
		if (world.iommu_fails || ((uintptr_t)argument == VFIO_TYPE1v2_IOMMU && !world.type1v2))
			return -ENODEV;
		world.type = (int)(uintptr_t)argument;
		return 0;
	case VFIO_GROUP_GET_DEVICE_FD:
		return get_device_fd(argument);
	case BIND_IOMMUFD:
		ck_assert_uint_eq(words[0], 16);
		world.device_fd = fd;
		world.bound_to = (int)words[2];
		return 0;
	case IOAS_ALLOC:
		ck_assert_int_eq(fd, world.bound_to);
		words[2] = 77;
		return 0;
	case ATTACH_PT:
		world.attached = words[2];
		return 0;
	case VFIO_DEVICE_GET_INFO:
		ck_assert_int_eq(fd, world.device_fd);
		((struct vfio_device_info *)argument)->num_regions = 9;
		return 0;
	default:
		return -ENOTTY;
	}
}

static struct barspan_device *device;
static char *before;

/* A device with a working group. */
static void set_up(void)
{
	fake_reset();
	memset(&world, 0, sizeof(world));
	world.device = world.group_link = world.driver = world.group_node = world.container_node = true;
	world.viable = world.in_group = world.type1v2 = true;
	fake_hooks.readlink = play_readlink;
	fake_hooks.find_entry = play_find_entry;
	fake_hooks.open = play_open;
	fake_hooks.ioctl = play_ioctl;
	harness_listen();
	free(before);
	before = harness_snapshot();
}

static void expect_nothing_left(void)
{
	char *after = harness_snapshot();

	ck_assert_str_eq(before, after);
	free(after);
	free(before);
	before = NULL;
	fake_reset();
}

static void expect_failure(int error, const char *message)
{
	device = NULL;
	ck_assert_int_eq(barspan_device_open_pci(&device, "01:00.0"), error);
	ck_assert_ptr_null(device);
	ck_assert_ptr_nonnull(strstr(harness_message, "0000:01:00.0"));
	if (!strstr(harness_message, message))
		ck_abort_msg("'%s' does not say '%s'", harness_message, message);
	expect_nothing_left();
}

START_TEST(a_device_is_opened_through_its_group)
{
	set_up();
	ck_assert_zero(barspan_device_open_pci(&device, "0000:01:00.0"));
	ck_assert_str_eq(barspan_device_name(device), "0000:01:00.0");
	ck_assert_int_eq(barspan_device_fd(device), world.device_fd);
	ck_assert_int_ge(barspan_device_iommu_fd(device, NULL), 0);
	ck_assert_int_eq(world.type, VFIO_TYPE1v2_IOMMU);
	ck_assert_uint_eq(world.opened, 3);
	barspan_device_close(device);
	expect_nothing_left();
}
END_TEST

START_TEST(the_first_type_1_will_do)
{
	set_up();
	world.type1v2 = false;
	ck_assert_zero(barspan_device_open_pci(&device, "0000:01:00.0"));
	ck_assert_int_eq(world.type, VFIO_TYPE1_IOMMU);
	barspan_device_close(device);
	expect_nothing_left();
}
END_TEST

START_TEST(without_groups_the_character_device_is_used)
{
	uint32_t ioas = 0;

	set_up();
	world.group_node = false;
	world.cdev = world.cdev_node = world.iommufd_node = true;
	ck_assert_zero(barspan_device_open_pci(&device, "0000:01:00.0"));
	ck_assert_int_eq(barspan_device_iommu_fd(device, &ioas), world.bound_to);
	ck_assert_uint_eq(ioas, 77);
	ck_assert_uint_eq(world.attached, 77);
	ck_assert_int_eq(barspan_device_fd(device), world.device_fd);
	ck_assert_uint_eq(world.opened, 2);
	barspan_device_close(device);
	expect_nothing_left();
}
END_TEST

START_TEST(an_address_that_is_none)
{
	static const char *const bad[] = {
		"", ":", "01", "01:00", "01:00.", "01:00.8", "01:20.0", "g1:00.0", "001:00.0", "01:000.0", "01:00.00", " 01:00.0",
		"01:00.0 ", ":01:00.0", "000000000:01:00.0", "0000:01:00:0", "-1:00.0", "0x1:00.0",
	};

	set_up();
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (barspan_device_open_pci(&device, bad[i]) != -EINVAL)
			ck_abort_msg("'%s' is taken for an address", bad[i]);
	ck_assert_uint_eq(fake_total(), 0);
	expect_nothing_left();
}
END_TEST

START_TEST(addresses_are_written_in_full)
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

START_TEST(no_such_device)
{
	set_up();
	world.device = false;
	expect_failure(-ENODEV, "no such PCI device");
}
END_TEST

START_TEST(no_iommu_group)
{
	set_up();
	world.group_link = false;
	expect_failure(-EOPNOTSUPP, "no IOMMU group");
}
END_TEST

START_TEST(another_driver)
{
	set_up();
	world.group_node = false;
	expect_failure(-ENXIO, "driver e1000e gives no VFIO device");
}
END_TEST

START_TEST(no_driver)
{
	set_up();
	world.group_node = world.driver = false;
	expect_failure(-ENXIO, "bound to no driver");
}
END_TEST

START_TEST(another_device_of_the_group_is_bound)
{
	set_up();
	world.in_group = false;
	expect_failure(-ENXIO, "driver e1000e gives no VFIO device");
}
END_TEST

START_TEST(no_permission)
{
	set_up();
	world.group_error = -EACCES;
	expect_failure(-EACCES, "no permission to open /dev/vfio/26");
}
END_TEST

START_TEST(in_use)
{
	set_up();
	world.group_error = -EBUSY;
	expect_failure(-EBUSY, "/dev/vfio/26 is in use");
}
END_TEST

START_TEST(a_group_that_is_not_viable)
{
	set_up();
	world.viable = false;
	expect_failure(-EBUSY, "IOMMU group 26 is not viable");
}
END_TEST

START_TEST(no_container)
{
	set_up();
	world.container_node = false;
	expect_failure(-ENXIO, "no /dev/vfio/vfio");
}
END_TEST

START_TEST(no_type_1)
{
	set_up();
	world.iommu_fails = true;
	expect_failure(-ENODEV, "VFIO_SET_IOMMU: ENODEV");
}
END_TEST

START_TEST(a_character_device_without_iommufd)
{
	set_up();
	world.group_node = false;
	world.cdev = world.cdev_node = true;
	expect_failure(-ENXIO, "no /dev/iommu");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("pci");

	harness_add(suite, "open", (const TTest *const[]){
		a_device_is_opened_through_its_group, the_first_type_1_will_do, without_groups_the_character_device_is_used, NULL });
	harness_add(suite, "address", (const TTest *const[]){ an_address_that_is_none, addresses_are_written_in_full, NULL });
	harness_add(suite, "missing", (const TTest *const[]){
		no_such_device, no_iommu_group, another_driver, no_driver, another_device_of_the_group_is_bound, no_permission,
		in_use, a_group_that_is_not_viable, no_container, no_type_1, a_character_device_without_iommufd, NULL });
	return harness_run(suite);
}
