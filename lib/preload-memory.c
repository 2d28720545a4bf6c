/* SPDX-License-Identifier: BSD-3-Clause */
/* Mappings: mmap() and similar functions are those of the library. */
/* Both names of mmap() are defined here; a header must not make them one. */
#undef _FILE_OFFSET_BITS

#include "preload.h"

#include <barspan.h>

#include <stdarg.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/types.h>

EXPORT void *mmap(void *addr, size_t length, int prot, int flags, int fd, off_t offset)
{
	return barspan_mmap(addr, length, prot, flags, fd, offset);
}

EXPORT void *mmap64(void *addr, size_t length, int prot, int flags, int fd, off64_t offset)
{
	return barspan_mmap(addr, length, prot, flags, fd, offset);
}

EXPORT int munmap(void *addr, size_t length)
{
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
	return barspan_mremap(old_addr, old_length, new_length, flags, new_addr);
}

EXPORT int mprotect(void *addr, size_t length, int prot)
{
	return barspan_mprotect(addr, length, prot);
}
