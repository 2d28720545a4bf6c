/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * ioctl(): a program that is told of areas maps them itself, and has nothing in
 * its holes. So it is not told: the sparse capability is taken out of the
 * answers to VFIO_DEVICE_GET_REGION_INFO, and the program maps the region
 * whole.
 */
#include "preload/preload.h"

#include <barspan/device.h>

#include <errno.h>
#include <linux/vfio.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "preload/hide.h"
#include "compat/private.h"
#include "device/vfio-name.h"

enum { MAX_INFO = 64 << 20, MAX_ROUNDS = 8 };

static int (*next_ioctl)(int fd, unsigned long request, ...);
static bool shows_sparse;
static bool uses_vfio; /* atomic */

void preload_find_ioctl(void)
{
	PRELOAD_FIND(next_ioctl, "ioctl");
}

void preload_show_sparse(void)
{
	shows_sparse = true;
}

bool preload_uses_vfio(void)
{
	return __atomic_load_n(&uses_vfio, __ATOMIC_RELAXED);
}

/* The capacity of the program's buffer. 0: unknown. Its pointer may be invalid,
 * which only the kernel may find out. */
static uint32_t get_capacity(const struct vfio_region_info *info)
{
	uint32_t capacity = 0;
	struct iovec to = { &capacity, sizeof(capacity) };
	struct iovec from = { (void *)(uintptr_t)&info->argsz, sizeof(capacity) };

	return process_vm_readv(getpid(), &to, 1, &from, 1, 0) == sizeof(capacity) ? capacity : 0;
}

/* Whether the sparse capability is the only one of a region. The answer is for
 * `capacity` bytes. */
static bool is_all_sparse(int fd, uint32_t index, void *answer, size_t capacity)
{
	struct vfio_region_info *info = answer;

	info->argsz = (uint32_t)capacity;
	info->index = index;
	info->flags = 0;
	info->cap_offset = 0;
	return !next_ioctl(fd, VFIO_DEVICE_GET_REGION_INFO, info) && info->argsz <= capacity &&
	       hide_sparse(info, capacity) && !(info->flags & VFIO_REGION_INFO_FLAG_CAPS);
}

/* Answers a program that has no room for the capabilities: it learns how much
 * they need, unless there are none but the one that is hidden. */
static void answer_short(int fd, struct vfio_region_info *info, uint32_t capacity)
{
	size_t length = info->argsz;
	void *answer;

	if (length < sizeof(*info) || length > MAX_INFO)
		return;
	answer = (void *)syscall(SYS_mmap, NULL, length, PROT_READ | PROT_WRITE,
				 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (answer == MAP_FAILED)
		return;
	if (is_all_sparse(fd, info->index, answer, length)) {
		info->flags &= ~(uint32_t)VFIO_REGION_INFO_FLAG_CAPS;
		info->argsz = capacity ? capacity : (uint32_t)sizeof(*info);
	}
	syscall(SYS_munmap, answer, length);
}

/* The kernel has just written the structure, which is therefore there. */
static void edit_answer(int fd, struct vfio_region_info *info, uint32_t capacity)
{
	int saved = errno;

	if (!(info->flags & VFIO_REGION_INFO_FLAG_CAPS) || !barspan_is_vfio_(fd))
		;
	else if (!info->cap_offset)
		answer_short(fd, info, capacity);
	else
		hide_sparse(info, capacity && capacity < info->argsz ? capacity : info->argsz);
	errno = saved;
}

EXPORT int ioctl(int fd, unsigned long request, ...)
{
	unsigned int code = (unsigned int)request; /* an int that is negative has more bits */
	va_list arguments;
	uint32_t capacity = 0;
	void *argument;
	int r;

	va_start(arguments, request);
	argument = va_arg(arguments, void *);
	va_end(arguments);
	if (!next_ioctl)
		preload_find_ioctl();
	if (_IOC_TYPE(code) != VFIO_TYPE)
		return next_ioctl(fd, request, argument);
	__atomic_store_n(&uses_vfio, true, __ATOMIC_RELAXED);
	if (code == VFIO_GROUP_GET_DEVICE_FD) {
		r = next_ioctl(fd, request, argument);
		if (r >= 0)
			barspan_name_descriptor_(r, argument);
		return r;
	}
	if (code != VFIO_DEVICE_GET_REGION_INFO || shows_sparse)
		return next_ioctl(fd, request, argument);
	capacity = get_capacity(argument);
	r = next_ioctl(fd, request, argument);
	if (!r)
		edit_answer(fd, argument, capacity);
	return r;
}
