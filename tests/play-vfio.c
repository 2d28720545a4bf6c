/* SPDX-License-Identifier: BSD-3-Clause */
/* Preloaded into tests/legacy-driver.c: passes a memory file of the name "vfio" off as a VFIO device with a sparse BAR 0. */
#include <dlfcn.h>
#include <linux/vfio.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#define EXPORT __attribute__((visibility("default")))

enum { BAR = 0x100000, SIZE = 0x4000 };

static const struct vfio_region_sparse_mmap_area areas[] = { { 0, 0x1000 }, { 0x3000, 0x1000 } };

static ssize_t next_readlink(const char *path, char *buffer, size_t length)
{
	ssize_t (*next)(const char *, char *, size_t);

	*(void **)&next = dlsym(RTLD_NEXT, "readlink");
	return next(path, buffer, length);
}

static bool is_played(const char *path)
{
	char target[64] = "";

	next_readlink(path, target, sizeof(target) - 1);
	return !strncmp(target, "/memfd:vfio ", 12);
}

EXPORT ssize_t readlink(const char *path, char *buffer, size_t length)
{
	static const char link[] = "anon_inode:[vfio-device]";

	if (!is_played(path))
		return next_readlink(path, buffer, length);
	memcpy(buffer, link, length < strlen(link) ? length : strlen(link));
	return (ssize_t)strlen(link);
}

static bool is_played_fd(int fd)
{
	char path[48];

	snprintf(path, sizeof(path), "/proc/thread-self/fd/%d", fd);
	return is_played(path);
}

/* An anonymous inode has no type. */
EXPORT int fstat(int fd, struct stat *out)
{
	int (*next)(int, struct stat *);
	int r;

	*(void **)&next = dlsym(RTLD_NEXT, "fstat");
	r = next(fd, out);
	if (!r && is_played_fd(fd))
		out->st_mode &= ~(mode_t)S_IFMT;
	return r;
}

static int describe(struct vfio_region_info *info)
{
	struct vfio_region_info_cap_sparse_mmap *sparse = (void *)(info + 1);

	if (info->index)
		return 0;
	info->size = SIZE;
	info->offset = BAR;
	info->flags = 15;
	info->cap_offset = sizeof(*info);
	sparse->header.id = VFIO_REGION_INFO_CAP_SPARSE_MMAP;
	sparse->header.version = 1;
	sparse->nr_areas = 2;
	memcpy(sparse->areas, areas, sizeof(areas));
	return 0;
}

EXPORT int ioctl(int fd, unsigned long request, ...)
{
	int (*next)(int, unsigned long, void *);
	va_list arguments;
	void *argument;

	va_start(arguments, request);
	argument = va_arg(arguments, void *);
	va_end(arguments);
	*(void **)&next = dlsym(RTLD_NEXT, "ioctl");
	if (!is_played_fd(fd))
		return next(fd, request, argument);
	if (request == VFIO_DEVICE_GET_REGION_INFO)
		return describe(argument);
	((struct vfio_device_info *)argument)->num_regions = 1;
	return 0;
}
