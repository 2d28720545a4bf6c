/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Recognises descriptors of VFIO devices. Sources: drivers/vfio/ and
 * fs/anon_inodes.c of Linux.
 *
 * A descriptor from a group is an anonymous inode, for which stat() reports no
 * file type. Its link in /proc names it. Without /proc the device is asked by
 * an ioctl. This is safe: drivers of anonymous inodes compare the complete
 * request number, and VFIO alone uses ';' with this number.
 *
 * A character device is recognised by its device number, which sysfs links to a
 * directory vfio-dev/, or by its path without sysfs. It is never asked by an
 * ioctl, since some character drivers ignore the type of a request and would
 * act on it.
 */
#include <errno.h>
#include <linux/vfio.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "device/device.h"
#include "device/vfio.h"
#include "util/sys.h"

enum { LINK_LENGTH = 1024 };

/* Reads the link of a descriptor. /proc/self/fd is empty after the main thread
 * has exited, so this uses thread-self. */
static int read_fd_link(int fd, char target[LINK_LENGTH])
{
	char path[48];

	snprintf(path, sizeof(path), "/proc/thread-self/fd/%d", fd);
	return sys_readlink(path, target, LINK_LENGTH);
}

static enum vfio_file classify_anonymous(int fd)
{
	char target[LINK_LENGTH];
	int r = read_fd_link(fd, target);

	if (r && r != -ENAMETOOLONG)
		return VFIO_FILE_ANONYMOUS;
	return !r && !strcmp(target, "anon_inode:[vfio-device]") ? VFIO_FILE_DEVICE
								 : VFIO_FILE_OTHER;
}

static enum vfio_file classify_character(int fd, dev_t number)
{
	char path[48], target[LINK_LENGTH];
	const char *folder, *last;

	snprintf(path, sizeof(path), "/sys/dev/char/%u:%u", major(number), minor(number));
	if (sys_readlink(path, target, sizeof(target)))
		return !read_fd_link(fd, target) && !strncmp(target, "/dev/vfio/devices/", 18)
			       ? VFIO_FILE_DEVICE
			       : VFIO_FILE_OTHER;
	folder = strstr(target, "/vfio-dev/");
	last = strrchr(target, '/');
	return folder && folder + strlen("/vfio-dev") == last ? VFIO_FILE_DEVICE : VFIO_FILE_OTHER;
}

enum vfio_file vfio_classify(int fd)
{
	struct stat file;
	int r = fd < 0 ? -EBADF : sys_fstat(fd, &file);

	if (r)
		return r == -EBADF ? VFIO_FILE_OTHER : VFIO_FILE_UNKNOWN;
	if (!(file.st_mode & S_IFMT))
		return classify_anonymous(fd);
	return S_ISCHR(file.st_mode) ? classify_character(fd, file.st_rdev) : VFIO_FILE_OTHER;
}

/* Whether the driver answers as VFIO does: every VFIO driver sets a flag for
 * the kind of device. */
static bool answers_as_vfio(int fd)
{
	struct vfio_device_info info = { .argsz = sizeof(info) };

	return !sys_ioctl(fd, VFIO_DEVICE_GET_INFO, &info) &&
	       info.argsz >= offsetof(struct vfio_device_info, num_irqs) + sizeof(info.num_irqs) &&
	       info.flags & ~(uint32_t)(VFIO_DEVICE_FLAGS_RESET | VFIO_DEVICE_FLAGS_CAPS);
}

bool vfio_is_device(int fd)
{
	enum vfio_file file = vfio_classify(fd);

	return file == VFIO_FILE_DEVICE || (file == VFIO_FILE_ANONYMOUS && answers_as_vfio(fd));
}
