/* SPDX-License-Identifier: BSD-3-Clause */
/* Preloaded into test programs: makes memory files look like VFIO devices with
 * a sparse BAR 0. A file named "vfio" has only the sparse capability;
 * "vfio-two" has one more before it and one after it. Like the kernel, it maps
 * only ranges inside one area. It replaces the C library's functions, which
 * programs call, and syscall(2), which the library uses. */
#include <dlfcn.h>
#include <errno.h>
#include <linux/vfio.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define EXPORT __attribute__((visibility("default")))

enum { BAR = 0x100000, SIZE = 0x4000 };

static const struct vfio_region_sparse_mmap_area areas[] = { { 0, 0x1000 }, { 0x3000, 0x1000 } };

static ssize_t (*next_readlink)(const char *, char *, size_t);
static int (*next_ioctl)(int, unsigned long, ...);
static int (*next_fstat)(int, struct stat *);
static long (*next_syscall)(long, ...);

__attribute__((constructor)) static void find_next(void)
{
	*(void **)&next_readlink = dlsym(RTLD_NEXT, "readlink");
	*(void **)&next_ioctl = dlsym(RTLD_NEXT, "ioctl");
	*(void **)&next_fstat = dlsym(RTLD_NEXT, "fstat");
	*(void **)&next_syscall = dlsym(RTLD_NEXT, "syscall");
}

static bool is_name_played(const char *path)
{
	char target[64] = "";

	if (!next_readlink)
		find_next();
	next_readlink(path, target, sizeof(target) - 1);
	return !strncmp(target, "/memfd:vfio ", 12) || !strncmp(target, "/memfd:vfio-two ", 16);
}

static bool is_played(int fd)
{
	char path[32];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return is_name_played(path);
}

static bool has_two(int fd)
{
	char path[32], target[64] = "";

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	next_readlink(path, target, sizeof(target) - 1);
	return !strncmp(target, "/memfd:vfio-two ", 16);
}

EXPORT ssize_t readlink(const char *path, char *buffer, size_t length)
{
	static const char link[] = "anon_inode:[vfio-device]";

	if (!is_name_played(path))
		return next_readlink(path, buffer, length);
	memcpy(buffer, link, length < strlen(link) ? length : strlen(link));
	return (ssize_t)strlen(link);
}

/* An anonymous inode has no file type. */
EXPORT int fstat(int fd, struct stat *out)
{
	int r;

	if (!next_fstat)
		find_next();
	r = next_fstat(fd, out);
	if (!r && is_played(fd))
		out->st_mode &= ~(mode_t)S_IFMT;
	return r;
}

/* Appends a header to the chain after the structure, as the kernel does.
 * Returns the offset of the next one. */
static uint32_t put_header(uint8_t *answer, uint32_t at, uint16_t id, uint32_t length, bool last)
{
	struct vfio_info_cap_header header = { .id = id,
					       .version = 1,
					       .next = last ? 0 : at + length };

	memcpy(answer + at, &header, sizeof(header));
	return at + length;
}

static void put_chain(uint8_t *answer, bool two)
{
	struct vfio_region_info_cap_sparse_mmap *sparse;
	uint32_t at = sizeof(struct vfio_region_info);

	if (two)
		at = put_header(answer, at, VFIO_REGION_INFO_CAP_MSIX_MAPPABLE, 8, false);
	sparse = (void *)(answer + at);
	at = put_header(answer, at, VFIO_REGION_INFO_CAP_SPARSE_MMAP,
			sizeof(*sparse) + sizeof(areas), !two);
	sparse->nr_areas = 2;
	sparse->reserved = 0;
	memcpy(sparse->areas, areas, sizeof(areas));
	if (two)
		put_header(answer, at, 0x7777, 8, true);
}

static int describe_region(int fd, struct vfio_region_info *info)
{
	bool two = has_two(fd);
	uint32_t wanted =
		(uint32_t)sizeof(*info) + (two ? 16 : 0) +
		(uint32_t)(sizeof(struct vfio_region_info_cap_sparse_mmap) + sizeof(areas));

	if (!info) {
		errno = EFAULT;
		return -1;
	}
	info->flags = info->cap_offset = 0;
	if (info->index)
		return 0;
	info->size = SIZE;
	info->offset = BAR;
	info->flags = VFIO_REGION_INFO_FLAG_READ | VFIO_REGION_INFO_FLAG_WRITE |
		      VFIO_REGION_INFO_FLAG_MMAP | VFIO_REGION_INFO_FLAG_CAPS;
	if (info->argsz < wanted) {
		info->argsz = wanted;
		return 0;
	}
	info->cap_offset = sizeof(*info);
	put_chain((uint8_t *)info, two);
	return 0;
}

static int play_ioctl(int fd, unsigned long request, void *argument)
{
	if (request == VFIO_DEVICE_GET_REGION_INFO)
		return describe_region(fd, argument);
	((struct vfio_device_info *)argument)->num_regions = 1;
	return 0;
}

EXPORT int ioctl(int fd, unsigned long request, ...)
{
	va_list arguments;
	void *argument;

	va_start(arguments, request);
	argument = va_arg(arguments, void *);
	va_end(arguments);
	if (!is_played(fd))
		return next_ioctl(fd, request, argument);
	return play_ioctl(fd, request, argument);
}

/* Whether the kernel would map a range of the file: the range is inside one
 * area. */
static bool can_map(unsigned long length, unsigned long offset)
{
	for (size_t i = 0; i < sizeof(areas) / sizeof(areas[0]); i++)
		if (offset >= BAR + areas[i].offset &&
		    offset + length <= BAR + areas[i].offset + areas[i].size)
			return true;
	return false;
}

EXPORT long syscall(long number, ...)
{
	unsigned long a[6];
	va_list arguments;

	va_start(arguments, number);
	for (int i = 0; i < 6; i++)
		a[i] = va_arg(arguments, unsigned long);
	va_end(arguments);
	if (!next_syscall)
		find_next();
	if (number == SYS_ioctl && is_played((int)a[0]))
		return play_ioctl((int)a[0], a[1], (void *)a[2]);
	if (number == SYS_mmap && (int)a[4] >= 0 && !can_map(a[1], a[5]) && is_played((int)a[4])) {
		errno = EINVAL;
		return -1;
	}
	return next_syscall(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}
