/* SPDX-License-Identifier: BSD-3-Clause */
/* mmap(2) and similar functions call the library's. */
/* This file defines both names of mmap(); a header must not map one to the
 * other. */
#undef _FILE_OFFSET_BITS

#include "preload/preload.h"

#include <barspan.h>

#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

#include "compat/private.h"
#include "util/sys-call.h"

static void *kernel_mmap(void *addr, size_t length, int prot, int flags, int fd, off64_t offset)
{
	if (offset % MMAP_UNIT) {
		errno = EINVAL;
		return MAP_FAILED;
	}
	return (void *)call_mmap(addr, length, prot, flags, fd,
				 (unsigned long)(offset / MMAP_UNIT));
}

/* Whether a mapping cannot be a device's: drivers map devices shared and with
 * access. This holds for most mappings of a program. */
static bool is_plain(int prot, int flags)
{
	return flags & MAP_ANONYMOUS || (flags & MAP_TYPE) == MAP_PRIVATE ||
	       !(prot & (PROT_READ | PROT_WRITE));
}

static void *map_plain(void *addr, size_t length, int prot, int flags, int fd, off64_t offset)
{
	/* The call takes addresses of spans. */
	if (flags & MAP_FIXED && barspan_overlaps_(addr, length))
		return barspan_mmap(addr, length, prot, flags, fd, offset);
	return kernel_mmap(addr, length, prot, flags, fd, offset);
}

static void *map_device(void *addr, size_t length, int prot, int flags, int fd, off64_t offset)
{
	void *mapped = barspan_mmap(addr, length, prot, flags, fd, offset);
	struct barspan *span = mapped == MAP_FAILED ? NULL : barspan_find(mapped, NULL);

	if (span && !barspan_is_direct(span, 0, barspan_length(span)))
		preload_check_trap();
	return mapped;
}

/* A program may receive a device and its region offsets from another process,
 * without a VFIO call of its own. The kernel then refuses to map a whole sparse
 * region. */
static void *map_file(void *addr, size_t length, int prot, int flags, int fd, off64_t offset)
{
	int saved = errno;
	void *mapped;

	if (preload_uses_vfio() || flags & MAP_FIXED)
		return map_device(addr, length, prot, flags, fd, offset);
	mapped = kernel_mmap(addr, length, prot, flags, fd, offset);
	if (mapped != MAP_FAILED || errno != EINVAL)
		return mapped;
	errno = saved;
	return map_device(addr, length, prot, flags, fd, offset);
}

EXPORT void *mmap64(void *addr, size_t length, int prot, int flags, int fd, off64_t offset)
{
	if (is_plain(prot, flags))
		return map_plain(addr, length, prot, flags, fd, offset);
	return map_file(addr, length, prot, flags, fd, offset);
}

EXPORT void *mmap(void *addr, size_t length, int prot, int flags, int fd, off_t offset)
{
	return mmap64(addr, length, prot, flags, fd, offset);
}

EXPORT int munmap(void *addr, size_t length)
{
	/* A tail call: where the kernel flushes the return-address predictor,
	 * every return after a system call mispredicts. */
	if (!barspan_overlaps_(addr, length))
		return (int)syscall(SYS_munmap, addr, length);
	return barspan_munmap(addr, length);
}

EXPORT void *mremap(void *old_addr, size_t old_length, size_t new_length, int flags, ...)
{
	void *new_addr = NULL;
	va_list arguments;

	va_start(arguments, flags);
	if (flags & MREMAP_FIXED)
		new_addr = va_arg(arguments, void *);
	va_end(arguments);
	return barspan_mremap_(old_addr, old_length, new_length, flags, new_addr);
}

EXPORT int mprotect(void *addr, size_t length, int prot)
{
	if (!barspan_overlaps_(addr, length))
		return (int)syscall(SYS_mprotect, addr, length, prot);
	return barspan_mprotect_(addr, length, prot);
}
