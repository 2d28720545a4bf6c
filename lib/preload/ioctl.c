/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * ioctl(2). A program that learns of sparse areas maps these alone, and then
 * has no span that serves its holes. The sparse capability is therefore removed
 * from the results of VFIO_DEVICE_GET_REGION_INFO, and the program maps the
 * whole region.
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
#include "util/sys-call.h"

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

/* Reads the capacity of the program's buffer; 0 if it is unknown. Only the
 * kernel may touch the pointer, since it may be invalid. */
static uint32_t get_capacity(const struct vfio_region_info *info)
{
	uint32_t capacity = 0;
	struct iovec to = { &capacity, sizeof(capacity) };
	struct iovec from = { (void *)(uintptr_t)&info->argsz, sizeof(capacity) };

	return process_vm_readv(getpid(), &to, 1, &from, 1, 0) == sizeof(capacity) ? capacity : 0;
}

/* Whether the region has the sparse capability and no other. `answer` has space
 * for `capacity` bytes. */
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

/* Corrects the result for a buffer that is too small for the capabilities. It
 * tells the program the size that they need, unless the hidden capability is
 * the only one. */
static void answer_short(int fd, struct vfio_region_info *info, uint32_t capacity)
{
	size_t length = info->argsz;
	void *answer;

	if (length < sizeof(*info) || length > MAX_INFO)
		return;
	answer = (void *)call_mmap(NULL, length, PROT_READ | PROT_WRITE,
				   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (answer == MAP_FAILED)
		return;
	if (is_all_sparse(fd, info->index, answer, length)) {
		info->flags &= ~(uint32_t)VFIO_REGION_INFO_FLAG_CAPS;
		info->argsz = capacity ? capacity : (uint32_t)sizeof(*info);
	}
	syscall(SYS_munmap, answer, length);
}

/* The kernel has just written *info, so the memory is accessible. */
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
	unsigned int code = (unsigned int)request; /* if it was an int, drops its sign bits */
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
