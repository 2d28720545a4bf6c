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

/* pread: what is read is not what is there. pread-error: nothing can be read. pread-pieces: a read that begins in the
 * middle of a register is an error, but for those in the first 4 KiB. */
static ssize_t read_wrongly(const char *name, int fd, void *buffer, size_t length, off64_t offset)
{
	ssize_t (*real)(int, void *, size_t, off64_t);
	ssize_t n;

	next(&real, name);
	if (lies("pread-error") || (lies("pread-pieces") && offset > 4096 && offset % 8)) {
		errno = EIO;
		return -1;
	}
	n = real(fd, buffer, length, offset);
	if (lies("pread"))
		for (ssize_t i = 0; i < n; i++)
			((unsigned char *)buffer)[i] ^= 1;
	return n;
}

ssize_t pread(int fd, void *buffer, size_t length, off_t offset)
{
	return read_wrongly("pread", fd, buffer, length, offset);
}

ssize_t pread64(int fd, void *buffer, size_t length, off64_t offset)
{
	return read_wrongly("pread64", fd, buffer, length, offset);
}

/* The library goes to the kernel straight for mappings. mmap: a device's memory cannot be mapped. munmap: what was mapped
 * stays mapped. */
long syscall(long number, ...)
{
	long (*real)(long, long, long, long, long, long, long), words[6];
	va_list arguments;

	va_start(arguments, number);
	for (int i = 0; i < 6; i++)
		words[i] = va_arg(arguments, long);
	va_end(arguments);
	next(&real, "syscall");
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
