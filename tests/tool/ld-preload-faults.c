/* SPDX-License-Identifier: BSD-3-Clause */
/* For LD_PRELOAD: makes the system call that $FAULT names fail or lie. */
#include <dlfcn.h>
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

static int is_fault(const char *name)
{
	const char *fault = getenv("FAULT");

	return fault && !strcmp(fault, name);
}

static void find_next(void *function, const char *name)
{
	void *found = dlsym(RTLD_NEXT, name);

	memcpy(function, &found, sizeof(found));
}

/* Makes the real system call. */
static long call_kernel(long number, const long words[6])
{
	long (*real)(long, long, long, long, long, long, long);

	find_next(&real, "syscall");
	return real(number, words[0], words[1], words[2], words[3], words[4], words[5]);
}

static long fail_with(int error)
{
	errno = error;
	return -1;
}

/* pread: reads return a wrong value. pread-error: no read succeeds.
 * pread-pieces: a read that begins in the middle of a register fails, except in
 * the first 4 KiB. */
static long read_wrongly(const long words[6])
{
	unsigned char *buffer = (unsigned char *)words[1];
	long offset = words[3], n;

	if (is_fault("pread-error") || (is_fault("pread-pieces") && offset > 4096 && offset % 8))
		return fail_with(EIO);
	n = call_kernel(SYS_pread64, words);
	for (long i = 0; is_fault("pread") && i < n; i++)
		buffer[i] ^= 1;
	return n;
}

/* The library uses syscall(2) for accesses and mappings. mmap: a device cannot
 * be mapped. munmap: mappings stay. */
long syscall(long number, ...)
{
	va_list arguments;
	long words[6];

	va_start(arguments, number);
	for (int i = 0; i < 6; i++)
		words[i] = va_arg(arguments, long);
	va_end(arguments);
	if (number == SYS_pread64)
		return read_wrongly(words);
	if (number == SYS_munmap && is_fault("munmap"))
		return 0;
	if (number == SYS_mmap && is_fault("mmap") && words[3] & MAP_SHARED)
		return fail_with(EPERM);
	return call_kernel(number, words);
}

/* memfd_create: no descriptor is available. */
int memfd_create(const char *text, unsigned int flags)
{
	int (*real)(const char *, unsigned int);

	find_next(&real, "memfd_create");
	if (!is_fault("memfd_create"))
		return real(text, flags);
	errno = EMFILE;
	return -1;
}
