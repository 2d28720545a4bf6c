/* SPDX-License-Identifier: BSD-3-Clause */
/* For LD_PRELOAD: the system call that $LIE names goes wrong. */
#include <dlfcn.h>
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

static int lies(const char *name)
{
	const char *lie = getenv("LIE");

	return lie && !strcmp(lie, name);
}

static void next(void *function, const char *name)
{
	void *found = dlsym(RTLD_NEXT, name);

	memcpy(function, &found, sizeof(found));
}

typedef long call(long, long, long, long, long, long, long);

/* pread: reads give wrong values. pread-error: nothing can be read.
 * pread-pieces: a read that begins in the middle of a register is an error,
 * but for those in the first 4 KiB. */
static long read_wrongly(call *real, const long *words)
{
	unsigned char *buffer;
	long n;

	if (lies("pread-error") || (lies("pread-pieces") && words[3] > 4096 && words[3] % 8)) {
		errno = EIO;
		return -1;
	}
	n = real(SYS_pread64, words[0], words[1], words[2], words[3], 0, 0);
	memcpy(&buffer, &words[1], sizeof(buffer));
	for (long i = 0; lies("pread") && i < n; i++)
		buffer[i] ^= 1;
	return n;
}

/* The library goes to the kernel straight for mappings and accesses. mmap: a
 * device's memory cannot be mapped. munmap: mappings stay. */
long syscall(long number, ...)
{
	long words[6];
	va_list arguments;
	call *real;

	va_start(arguments, number);
	for (int i = 0; i < 6; i++)
		words[i] = va_arg(arguments, long);
	va_end(arguments);
	next(&real, "syscall");
	if (number == SYS_pread64)
		return read_wrongly(real, words);
	if (number == SYS_munmap && lies("munmap"))
		return 0;
	if (number != SYS_mmap || !lies("mmap") || !(words[3] & MAP_SHARED))
		return real(number, words[0], words[1], words[2], words[3], words[4], words[5]);
	errno = EPERM;
	return -1;
}

/* memfd_create: no descriptor is left. */
int memfd_create(const char *text, unsigned int flags)
{
	int (*real)(const char *, unsigned int);

	next(&real, "memfd_create");
	if (!lies("memfd_create"))
		return real(text, flags);
	errno = EMFILE;
	return -1;
}
