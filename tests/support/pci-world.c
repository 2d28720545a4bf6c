/* SPDX-License-Identifier: BSD-3-Clause */
#include "pci-world.h"

#include <errno.h>
#include <linux/vfio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fake.h"
#include "harness.h"

/* Requests of the VFIO character device and of iommufd, from Linux 6.6. */
enum { BIND_IOMMUFD = 0x3b76, ATTACH_PT = 0x3b77, IOAS_ALLOC = 0x3b81 };

const uint8_t pci_world_token_bytes[16] = {
	0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef,
	0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef,
};

struct pci_world pci_world;
struct pci_world_result pci_world_result;

static bool has(enum pci_world_part part)
{
	return pci_world.has & part;
}

static bool ends_with(const char *text, const char *end)
{
	size_t length = strlen(text), tail = strlen(end);

	return length >= tail && !strcmp(text + length - tail, end);
}

static int play_readlink(const char *path, char *buffer, size_t length)
{
	const char *driver = pci_world.driver ? pci_world.driver : "vfio-pci";

	if (!strcmp(path, "/dev/vfio/noiommu-26"))
		return has(HAS_NOIOMMU_NODE) ? -EINVAL : -ENOENT;
	if (strncmp(path, "/sys/bus/pci/devices/0000:01:00.0", 33) || !has(HAS_DEVICE))
		return -ENOENT;
	if (ends_with(path, "0000:01:00.0"))
		snprintf(buffer, length, "../../../devices/pci0000:00/0000:01:00.0");
	else if (ends_with(path, "/iommu_group") && has(HAS_GROUP_LINK))
		snprintf(buffer, length, "../../../kernel/iommu_groups/26");
	else if (ends_with(path, "/driver") && has(HAS_DRIVER))
		snprintf(buffer, length, "../../../bus/pci/drivers/%s", driver);
	else
		return -ENOENT;
	return 0;
}

static int play_find_entry(const char *directory, const char *prefix, char *buffer, size_t length)
{
	ck_assert_str_eq(directory, "/sys/bus/pci/devices/0000:01:00.0/vfio-dev");
	ck_assert_str_eq(prefix, "vfio");
	snprintf(buffer, length, "vfio3");
	return has(HAS_CDEV) ? 0 : -ENOENT;
}

/* A descriptor that the test can recognise and the library can close. */
static int some_fd(void)
{
	pci_world_result.opened++;
	return dup(STDERR_FILENO);
}

/* The file `enable` in sysfs: how many drivers have enabled the device. */
static int open_enable(void)
{
	const char *text = pci_world.enable;
	int fd = text ? memfd_create("enable", MFD_CLOEXEC) : -ENOENT;

	if (fd >= 0) {
		ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
		lseek(fd, 0, SEEK_SET);
	}
	return fd;
}

static int play_open(const char *path, int flags)
{
	const struct {
		const char *path;
		enum pci_world_part part;
		int error;
	} nodes[] = {
		{ "/dev/vfio/26", HAS_GROUP_NODE, pci_world.group_error },
		{ "/dev/vfio/noiommu-26", HAS_NOIOMMU_NODE, pci_world.group_error },
		{ "/dev/vfio/vfio", HAS_CONTAINER, pci_world.container_error },
		{ "/dev/vfio/devices/vfio3", HAS_CDEV_NODE, pci_world.cdev_error },
		{ "/dev/iommu", HAS_IOMMUFD, pci_world.iommufd_error },
	};

	(void)flags;
	if (!strcmp(path, "/sys/bus/pci/devices/0000:01:00.0/enable"))
		return open_enable();
	for (size_t i = 0; i < sizeof(nodes) / sizeof(nodes[0]); i++)
		if (has(nodes[i].part) && !strcmp(path, nodes[i].path))
			return nodes[i].error ? nodes[i].error : some_fd();
	return -ENOENT;
}

static int get_device_fd(const char *name)
{
	char wanted[80];

	if (!pci_world.token) {
		if (strstr(name, " vf_token="))
			return -EINVAL;
	} else {
		snprintf(wanted, sizeof(wanted), "0000:01:00.0 vf_token=%s", pci_world.token);
		if (strcmp(name, wanted))
			return -EACCES;
	}
	ck_assert_int_eq(strncmp(name, "0000:01:00.0", 12), 0);
	ck_assert(!name[12] || name[12] == ' ');
	pci_world_result.device_fd = has(IS_IN_GROUP) ? some_fd() : -ENODEV;
	return pci_world_result.device_fd;
}

/* Follows drivers/vfio/device_cdev.c of Linux. */
static int bind_device(int fd, const uint32_t *words)
{
	bool has_token = words[1] & 1;
	uint64_t address;

	ck_assert_uint_eq(words[0], has_token ? 24 : 16);
	ck_assert_uint_eq(words[1] & ~1u, 0);
	if (has_token && !has(KNOWS_TOKEN))
		return -EINVAL;
	if (pci_world.bind_error)
		return pci_world.bind_error;
	if (has_token && !has(TAKES_TOKEN))
		return -EINVAL;
	memcpy(&address, words + 4, has_token ? sizeof(address) : 0);
	if (pci_world.token &&
	    (!has_token || memcmp((const void *)(uintptr_t)address, pci_world_token_bytes, 16)))
		return -EACCES;
	pci_world_result.device_fd = fd;
	pci_world_result.bound_to = (int)words[2];
	return 0;
}

static int set_iommu(int type)
{
	bool known = type == VFIO_NOIOMMU_IOMMU	  ? has(HAS_NOIOMMU_NODE)
		     : has(HAS_NOIOMMU_NODE)	  ? false
		     : type == VFIO_TYPE1v2_IOMMU ? has(HAS_TYPE1V2)
						  : has(HAS_TYPE1);

	if (!known)
		return -ENODEV;
	if (pci_world.type_error)
		return pci_world.type_error;
	pci_world_result.type = type;
	return 0;
}

static int play_ioctl(int fd, unsigned long request, void *argument)
{
	uint32_t *words = argument;

	switch (request) {
	case VFIO_GROUP_GET_STATUS:
		words[1] = has(IS_VIABLE) ? VFIO_GROUP_FLAGS_VIABLE : 0;
		return 0;
	case VFIO_GROUP_SET_CONTAINER:
		return 0;
	case VFIO_SET_IOMMU:
		return set_iommu((int)(uintptr_t)argument);
	case VFIO_GROUP_GET_DEVICE_FD:
		return get_device_fd(argument);
	case BIND_IOMMUFD:
		return bind_device(fd, words);
	case IOAS_ALLOC:
		ck_assert_int_eq(fd, pci_world_result.bound_to);
		words[2] = 77;
		return 0;
	case ATTACH_PT:
		pci_world_result.attached = words[2];
		return 0;
	case VFIO_DEVICE_GET_INFO:
		ck_assert_int_eq(fd, pci_world_result.device_fd);
		((struct vfio_device_info *)argument)->num_regions = 9;
		return 0;
	default:
		return -ENOTTY;
	}
}

static char *before;

void pci_world_set_up(void)
{
	fake_reset();
	pci_world = (struct pci_world){ .has = GROUP_WORKS };
	memset(&pci_world_result, 0, sizeof(pci_world_result));
	fake_hooks.readlink = play_readlink;
	fake_hooks.find_entry = play_find_entry;
	fake_hooks.open = play_open;
	fake_hooks.ioctl = play_ioctl;
	harness_listen();
	free(before);
	before = harness_snapshot();
}

void pci_world_tear_down(void)
{
	harness_expect_unchanged(&before);
	fake_reset();
}
