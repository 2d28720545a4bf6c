/* SPDX-License-Identifier: BSD-3-Clause */
/* Shared by the files that make system calls. */
#ifndef SYS_CALL_H
#define SYS_CALL_H

#include <errno.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Turns the result of a system call into the result or -errno, and restores the
 * errno that was saved before the call. */
static inline int finish_call(long result, int saved)
{
	int error = errno;

	errno = saved;
	return result < 0 ? -error : (int)result;
}

/* On 32-bit machines mmap2(2) counts the file offset in units of 4 KiB,
 * whatever the page size is. */
#ifdef SYS_mmap2
enum { MMAP_CALL = SYS_mmap2, MMAP_UNIT = 4096 };
#else
enum { MMAP_CALL = SYS_mmap, MMAP_UNIT = 1 };
#endif

/* mmap(2) without the C library's function, which a program may replace. Takes
 * the file offset in MMAP_UNIT. On s390 the kernel expects the address of the
 * arguments. Returns -1 and sets errno if it fails. */
static inline long call_mmap(void *address, size_t length, int prot, int flags, int fd,
			     unsigned long units)
{
#ifdef __s390__
	unsigned long arguments[] = { (unsigned long)address, length,
				      (unsigned long)prot,    (unsigned long)flags,
				      (unsigned long)fd,      units };

	return syscall(MMAP_CALL, arguments);
#else
	return syscall(MMAP_CALL, address, length, prot, flags, fd, units);
#endif
}

#endif
