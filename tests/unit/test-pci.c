/* SPDX-License-Identifier: BSD-3-Clause */
/* Opening by address, with a /sys, a /dev and a kernel that the test plays. */
#include <errno.h>
#include <linux/vfio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "support/fake.h"
#include "support/harness.h"
#include "device/pci.h"

/* Numbers of the character device's requests, as kernels since 6.6 have them. */
enum { BIND_IOMMUFD = 0x3b76, ATTACH_PT = 0x3b77, IOAS_ALLOC = 0x3b81 };

static struct {
	bool device, group_link, driver, group_node, noiommu_node, container_node, cdev, cdev_node, iommufd_node;
	const char *driver_name;
	int group_error, container_error, cdev_error, iommufd_error;
	bool viable, in_group, type1v2, iommu_fails;
	const char *token;	/* that the device wants; NULL: none */
	bool knows_token, takes_token;	/* of the character device's interface */
	int bind_error;
	const char *enable;	/* in sysfs; NULL: cannot be read */
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

	if (!strcmp(path, "/dev/vfio/noiommu-26"))
		return world.noiommu_node ? -EINVAL : -ENOENT;
	if (strncmp(path, "/sys/bus/pci/devices/0000:01:00.0", 33) || !world.device)
		return -ENOENT;
	if (ends_with(path, "0000:01:00.0"))
		target = "../../../devices/pci0000:00/0000:01:00.0";
	else if (ends_with(path, "/iommu_group") && world.group_link)
		target = "../../../kernel/iommu_groups/26";
	else if (ends_with(path, "/driver") && world.driver)
		target = world.driver_name;
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

/* The device's count of enablers. */
static int open_enable(void)
{
	int fd = world.enable ? memfd_create("enable", MFD_CLOEXEC) : -ENOENT;

	if (fd >= 0) {
		ck_assert_int_eq(write(fd, world.enable, strlen(world.enable)), (ssize_t)strlen(world.enable));
		lseek(fd, 0, SEEK_SET);
	}
	return fd;
}

static int play_open(const char *path, int flags)
{
	const struct {
		const char *path;
		bool there;
		int error;
	} nodes[] = {
		{ "/dev/vfio/26", world.group_node, world.group_error },
		{ "/dev/vfio/noiommu-26", world.noiommu_node, world.group_error },
		{ "/dev/vfio/vfio", world.container_node, world.container_error },
		{ "/dev/vfio/devices/vfio3", world.cdev_node, world.cdev_error },
		{ "/dev/iommu", world.iommufd_node, world.iommufd_error },
	};

	(void)flags;
	if (!strcmp(path, "/sys/bus/pci/devices/0000:01:00.0/enable"))
		return open_enable();
	for (size_t i = 0; i < sizeof(nodes) / sizeof(nodes[0]); i++)
		if (nodes[i].there && !strcmp(path, nodes[i].path))
			return nodes[i].error ? nodes[i].error : some_fd();
	return -ENOENT;
}

static int get_device_fd(const char *name)
{
	char wanted[80];

	if (!world.token) {
		if (strstr(name, " vf_token="))
			return -EINVAL;
	} else {
		snprintf(wanted, sizeof(wanted), "0000:01:00.0 vf_token=%s", world.token);
		if (strcmp(name, wanted))
			return -EACCES;
	}
	ck_assert_int_eq(strncmp(name, "0000:01:00.0", 12), 0);
	ck_assert(!name[12] || name[12] == ' ');
	world.device_fd = world.in_group ? some_fd() : -ENODEV;
	return world.device_fd;
}

#define TOKEN "01234567-89ab-CDEF-0123-456789abcdef"
static const uint8_t token_bytes[16] = {
	0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef, 0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef,
};

/* As drivers/vfio/device_cdev.c does. */
static int bind_device(int fd, const uint32_t *words)
{
	bool has_token = words[1] & 1;
	uint64_t address;

	ck_assert_uint_eq(words[0], has_token ? 24 : 16);
	ck_assert_uint_eq(words[1] & ~1u, 0);
	if (has_token && !world.knows_token)
		return -EINVAL;
	if (world.bind_error)
		return world.bind_error;
	if (has_token && !world.takes_token)
		return -EINVAL;
	memcpy(&address, words + 4, has_token ? sizeof(address) : 0);
	if (world.token && (!has_token || memcmp((const void *)(uintptr_t)address, token_bytes, 16)))
		return -EACCES;
	world.device_fd = fd;
	world.bound_to = (int)words[2];
	return 0;
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
		if ((uintptr_t)argument == VFIO_NOIOMMU_IOMMU && world.noiommu_node) {
			world.type = VFIO_NOIOMMU_IOMMU;
			return 0;
		}
		if (world.iommu_fails || world.noiommu_node || ((uintptr_t)argument == VFIO_TYPE1v2_IOMMU && !world.type1v2))
			return -ENODEV;
		world.type = (int)(uintptr_t)argument;
		return 0;
	case VFIO_GROUP_GET_DEVICE_FD:
		return get_device_fd(argument);
	case BIND_IOMMUFD:
		return bind_device(fd, words);
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
	world.driver_name = "../../../bus/pci/drivers/e1000e";
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

static void expect_failure_with(const struct barspan_pci_options *options, int error, const char *message)
{
	device = NULL;
	ck_assert_int_eq(barspan_device_open_pci(&device, "01:00.0", options), error);
	ck_assert_ptr_null(device);
	ck_assert_ptr_nonnull(strstr(harness_message, "0000:01:00.0"));
	if (!strstr(harness_message, message))
		ck_abort_msg("'%s' does not say '%s'", harness_message, message);
	expect_nothing_left();
}

static void expect_failure(int error, const char *message)
{
	expect_failure_with(NULL, error, message);
}

/* A character device that works, of vfio-pci. */
static void set_up_cdev(void)
{
	set_up();
	world.cdev = world.cdev_node = world.iommufd_node = true;
	world.driver_name = "../../../bus/pci/drivers/vfio-pci";
}

/* Expects the device to be opened through the character device. */
static void expect_cdev(const struct barspan_pci_options *options)
{
	uint32_t ioas = 0;

	ck_assert_zero(barspan_device_open_pci(&device, "0000:01:00.0", options));
	ck_assert_int_eq(barspan_device_iommu_fd(device, &ioas), world.bound_to);
	ck_assert_uint_eq(ioas, 77);
	ck_assert_str_eq(harness_message, "");
	barspan_device_close(device);
	expect_nothing_left();
}

START_TEST(a_device_is_opened_through_its_group)
{
	set_up();
	ck_assert_zero(barspan_device_open_pci(&device, "0000:01:00.0", NULL));
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
	ck_assert_zero(barspan_device_open_pci(&device, "0000:01:00.0", NULL));
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
	ck_assert_zero(barspan_device_open_pci(&device, "0000:01:00.0", NULL));
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
		if (barspan_device_open_pci(&device, bad[i], NULL) != -EINVAL)
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
	expect_failure(-ENXIO, "bound to e1000e, which does not provide a VFIO device");
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
	expect_failure(-ENXIO, "bound to e1000e, which does not provide a VFIO device");
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

/* Each node of the group's way is at fault, and the character device works. */
START_TEST(nodes_at_fault_lead_to_the_character_device)
{
	static const int errors[] = { -EACCES, -EPERM, -ENXIO, -ENODEV };

	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
		set_up_cdev();
		world.group_error = errors[i];
		expect_cdev(NULL);
		set_up_cdev();
		world.container_error = errors[i];
		expect_cdev(NULL);
	}
	set_up_cdev();
	world.container_node = false;
	expect_cdev(NULL);
	set_up_cdev();
	world.iommu_fails = true;
	expect_cdev(NULL);
}
END_TEST

START_TEST(other_faults_do_not)
{
	set_up_cdev();
	world.group_error = -EBUSY;
	expect_failure(-EBUSY, "/dev/vfio/26 is in use");
	set_up_cdev();
	world.viable = false;
	expect_failure(-EBUSY, "not viable");
	set_up_cdev();
	world.group_error = -EMFILE;
	expect_failure(-EMFILE, "cannot open /dev/vfio/26: EMFILE");
}
END_TEST

START_TEST(the_more_useful_error_is_reported)
{
	set_up_cdev();
	world.group_error = -EACCES;
	world.iommufd_node = false;
	expect_failure(-EACCES, "no permission to open /dev/vfio/26");
	set_up_cdev();
	world.container_node = false;
	world.cdev_error = -EACCES;
	expect_failure(-EACCES, "no permission to open /dev/vfio/devices/vfio3");
	set_up_cdev();
	world.container_node = world.iommufd_node = false;
	expect_failure(-ENXIO, "there is no /dev/vfio/vfio");
	set_up_cdev();
	world.group_error = -EACCES;
	world.bind_error = -EBUSY;
	expect_failure(-EBUSY, "in use");
	set_up_cdev();
	world.group_error = -EACCES;
	world.cdev_node = false;
	expect_failure(-EACCES, "no permission to open /dev/vfio/26");
}
END_TEST

START_TEST(a_character_device_in_use)
{
	set_up_cdev();
	world.group_node = false;
	world.bind_error = -EINVAL;
	world.enable = "1\n";
	expect_failure(-EBUSY, "the device is in use (VFIO_DEVICE_BIND_IOMMUFD: EINVAL)");
	set_up_cdev();
	world.group_node = false;
	world.bind_error = -EBUSY;
	expect_failure(-EBUSY, "the device is in use (VFIO_DEVICE_BIND_IOMMUFD: EBUSY)");
}
END_TEST

START_TEST(a_character_device_that_refuses_for_another_reason)
{
	static const char *const counts[] = { "0\n", "", NULL };

	for (size_t i = 0; i < 3; i++) {
		set_up_cdev();
		world.group_node = false;
		world.bind_error = -EINVAL;
		world.enable = counts[i];
		expect_failure(-EINVAL, "VFIO_DEVICE_BIND_IOMMUFD: EINVAL");
	}
}
END_TEST

START_TEST(a_device_without_an_iommu_takes_the_option)
{
	const struct barspan_pci_options options = { .size = sizeof(options), .flags = BARSPAN_PCI_NO_IOMMU };

	set_up();
	world.group_node = false;
	world.noiommu_node = true;
	world.driver_name = "../../../bus/pci/drivers/vfio-pci";
	ck_assert_zero(barspan_device_open_pci(&device, "0000:01:00.0", &options));
	ck_assert_int_eq(world.type, VFIO_NOIOMMU_IOMMU);
	ck_assert_int_ge(barspan_device_iommu_fd(device, NULL), 0);
	ck_assert_str_eq(harness_message, "0000:01:00.0: no IOMMU: the device's DMA is unprotected");
	ck_assert_uint_eq(harness_messages[BARSPAN_LOG_WARNING], 1);
	barspan_device_close(device);
	expect_nothing_left();

	set_up();
	world.group_node = false;
	world.noiommu_node = true;
	world.driver_name = "../../../bus/pci/drivers/vfio-pci";
	expect_failure(-EOPNOTSUPP, "no IOMMU protects it");
	ck_assert_uint_eq(world.opened, 0);

	set_up();
	world.group_node = false;
	world.noiommu_node = true;
	world.group_error = -EPERM;
	expect_failure_with(&options, -EPERM, "no permission to open /dev/vfio/noiommu-26");
}
END_TEST

START_TEST(a_device_with_an_iommu_is_opened_as_without_the_option)
{
	const struct barspan_pci_options options = { .size = sizeof(options), .flags = BARSPAN_PCI_NO_IOMMU };

	set_up();
	ck_assert_zero(barspan_device_open_pci(&device, "0000:01:00.0", &options));
	ck_assert_int_eq(world.type, VFIO_TYPE1v2_IOMMU);
	ck_assert_str_eq(harness_message, "");
	barspan_device_close(device);
	expect_nothing_left();
	set_up_cdev();
	world.group_node = false;
	expect_cdev(&options);
}
END_TEST

START_TEST(nodes_that_are_missing_of_a_bound_device)
{
	set_up_cdev();
	world.group_node = world.cdev_node = false;
	expect_failure(-ENXIO, "bound to vfio-pci, but neither /dev/vfio/26 nor a character device of it is there");
}
END_TEST

START_TEST(a_token_goes_with_the_name)
{
	struct barspan_pci_options options = { .size = sizeof(options), .vf_token = TOKEN };

	set_up();
	world.token = TOKEN;
	ck_assert_zero(barspan_device_open_pci(&device, "0000:01:00.0", &options));
	barspan_device_close(device);
	expect_nothing_left();
	set_up();
	world.token = TOKEN;
	expect_failure(-EACCES, "VFIO_GROUP_GET_DEVICE_FD: EACCES: does the device need a VF token?");
	set_up();
	world.token = "11234567-89ab-cdef-0123-456789abcdef";
	expect_failure_with(&options, -EACCES, "EACCES: is the VF token right?");
	set_up();
	expect_failure_with(&options, -EINVAL, "EINVAL: does the device take a VF token?");
}
END_TEST

START_TEST(a_token_goes_to_a_character_device)
{
	struct barspan_pci_options options = { .size = sizeof(options), .vf_token = TOKEN };

	set_up_cdev();
	world.group_node = false;
	world.token = TOKEN;
	world.knows_token = world.takes_token = true;
	expect_cdev(&options);

	set_up_cdev();
	world.group_node = false;
	world.token = TOKEN;
	world.knows_token = world.takes_token = true;
	expect_failure(-EACCES, "VFIO_DEVICE_BIND_IOMMUFD: EACCES: does the device need a VF token?");

	options.vf_token = "01234567-89ab-cdef-0123-456789abcdee";
	set_up_cdev();
	world.group_node = false;
	world.token = TOKEN;
	world.knows_token = world.takes_token = true;
	expect_failure_with(&options, -EACCES, "is the VF token right?");
}
END_TEST

START_TEST(a_token_that_a_character_device_does_not_take)
{
	const struct barspan_pci_options options = { .size = sizeof(options), .vf_token = TOKEN };

	set_up_cdev();
	world.group_node = false;
	world.enable = "0\n";
	expect_failure_with(&options, -EOPNOTSUPP, "Linux 6.17");
	set_up_cdev();
	world.group_node = false;
	world.knows_token = true;
	expect_failure_with(&options, -EOPNOTSUPP, "Linux 6.17");
	set_up_cdev();
	world.group_node = false;
	world.enable = "1\n";
	expect_failure_with(&options, -EBUSY, "in use");
}
END_TEST

START_TEST(options_are_checked)
{
	static const char *const bad[] = {
		"", "0123456789abcdef0123456789abcdef", "01234567-89ab-cdef-0123-456789abcde", "01234567-89ab-cdef-0123-456789abcdef0",
		"01234567-89ab-cdef-0123-456789abcdeg", "0123456-789ab-cdef-0123-456789abcdef", "01234567+89ab-cdef-0123-456789abcdef",
		"{1234567-89ab-cdef-0123-456789abcde}",
	};
	struct {
		struct barspan_pci_options options;
		int later;
	} given = { { .size = sizeof(given.options) }, 0 };

	set_up();
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		given.options.vf_token = bad[i];
		ck_assert_int_eq(barspan_device_open_pci(&device, "01:00.0", &given.options), -EINVAL);
	}
	ck_assert_ptr_nonnull(strstr(harness_message, "is not a UUID"));
	given.options.vf_token = NULL;
	given.options.flags = ~(uint32_t)BARSPAN_PCI_NO_IOMMU;
	ck_assert_int_eq(barspan_device_open_pci(&device, "01:00.0", &given.options), -EINVAL);
	given.options.flags = 0;
	given.options.size = 0;
	ck_assert_int_eq(barspan_device_open_pci(&device, "01:00.0", &given.options), -EINVAL);
	given.options.size = sizeof(given);
	given.later = 1;
	ck_assert_int_eq(barspan_device_open_pci(&device, "01:00.0", &given.options), -E2BIG);
	ck_assert_uint_eq(fake_total(), 0);
	given.later = 0;
	ck_assert_zero(barspan_device_open_pci(&device, "01:00.0", &given.options));
	barspan_device_close(device);
	expect_nothing_left();
}
END_TEST

START_TEST(tokens_are_read_in_the_order_of_their_digits)
{
	uint8_t bytes[PCI_TOKEN_BYTES];

	ck_assert_zero(pci_parse_token(bytes, TOKEN));
	ck_assert_int_eq(memcmp(bytes, token_bytes, sizeof(bytes)), 0);
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
		in_use, a_group_that_is_not_viable, no_container, no_type_1, a_character_device_without_iommufd,
		nodes_that_are_missing_of_a_bound_device, NULL });
	harness_add(suite, "ways", (const TTest *const[]){
		nodes_at_fault_lead_to_the_character_device, other_faults_do_not, the_more_useful_error_is_reported,
		a_character_device_in_use, a_character_device_that_refuses_for_another_reason, NULL });
	harness_add(suite, "options", (const TTest *const[]){
		a_device_without_an_iommu_takes_the_option, a_device_with_an_iommu_is_opened_as_without_the_option,
		a_token_goes_with_the_name, a_token_goes_to_a_character_device, a_token_that_a_character_device_does_not_take,
		options_are_checked, tokens_are_read_in_the_order_of_their_digits, NULL });
	return harness_run(suite);
}
