/* SPDX-License-Identifier: BSD-3-Clause */
/* The name of a VFIO descriptor, from sysfs, /proc or the program. Hooks
 * simulate all three. */
#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#include <barspan/device.h>

#include "support/fake.h"
#include "support/harness.h"
#include "compat/private.h"
#include "util/sys.h"
#include "device/vfio-name.h"

enum { FD = 57 };

static const char *descriptor_link, *device_link, *info;

static int play_readlink(const char *path, char *buffer, size_t length)
{
	const char *link = strstr(path, "/proc/self/fd/57")		       ? descriptor_link
			   : !strcmp(path, "/sys/class/vfio-dev/vfio3/device") ? device_link
									       : NULL;

	if (!link)
		return -ENOENT;
	snprintf(buffer, length, "%s", link);
	return 0;
}

static int play_open(const char *path, int flags)
{
	int fd;

	if (!info || strcmp(path, "/proc/self/fdinfo/57"))
		return real_sys_open(path, flags);
	fd = memfd_create("fdinfo", MFD_CLOEXEC);
	ck_assert_int_eq(pwrite(fd, info, strlen(info), 0), (ssize_t)strlen(info));
	return fd;
}

static void set_up(void)
{
	fake_reset();
	descriptor_link = device_link = info = NULL;
	fake_hooks.readlink = play_readlink;
	fake_hooks.open = play_open;
}

static void check_name(const char *expected)
{
	char name[VFIO_NAME_LENGTH];

	vfio_find_name(name, FD);
	ck_assert_str_eq(name, expected);
}

START_TEST(device_is_named_by_its_descriptor_if_all_else_fails)
{
	descriptor_link = "anon_inode:[vfio-device]";
	info = "pos:\t0\nflags:\t02000002\n";
	check_name("vfio fd 57");
	info = NULL;
	check_name("vfio fd 57");
}
END_TEST

START_TEST(character_device_is_named_by_sysfs)
{
	descriptor_link = "/dev/vfio/devices/vfio3";
	device_link = "../../../0000:01:00.0";
	check_name("0000:01:00.0");
	device_link = "../../../another";
	check_name("vfio fd 57");
	descriptor_link = "/dev/vfio/devices/a-name-that-is-much-too-long-for-a-device-of-vfio";
	check_name("vfio fd 57");
}
END_TEST

START_TEST(descriptor_is_named_by_fdinfo)
{
	descriptor_link = "anon_inode:[vfio-device]";
	info = "pos:\t0\nvfio-device-syspath: "
	       "/sys/devices/pci0000:e0/0000:e0:01.1/0000:e1:00.0\nx\n";
	check_name("0000:e1:00.0");
	info = "vfio-device-syspath: ";
	check_name("vfio fd 57");
}
END_TEST

START_TEST(descriptor_is_named_by_the_program)
{
	descriptor_link = "anon_inode:[vfio-device]";
	barspan_name_descriptor_(FD, "0000:06:0d.0 vf_token=2ab74924-c335-45f4-9b16-8569e5b08258");
	check_name("0000:06:0d.0");
	/* The number may belong to another device later. */
	for (int fd = 100; fd < 140; fd++)
		barspan_name_descriptor_(fd, "0000:02:00.0");
	barspan_name_descriptor_(FD, "0000:07:00.0");
	check_name("0000:07:00.0");
	barspan_name_descriptor_(FD, "a-name-of-a-platform-device-that-is-long");
	check_name("vfio fd 57");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("vfio-name");

	harness_add_with(suite, "names", set_up, fake_reset,
			 (const TTest *const[]){
				 device_is_named_by_its_descriptor_if_all_else_fails,
				 character_device_is_named_by_sysfs, descriptor_is_named_by_fdinfo,
				 descriptor_is_named_by_the_program, NULL });
	return harness_run(suite);
}
