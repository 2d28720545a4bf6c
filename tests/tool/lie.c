/* SPDX-License-Identifier: BSD-3-Clause */
/* For LD_PRELOAD: the system call that $LIE names goes wrong. */
#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
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

/* mmap: a device's memory cannot be mapped. */
static void *map_wrongly(const char *name, void *address, size_t length, int prot, int flags, int fd, off64_t offset)
{
	void *(*real)(void *, size_t, int, int, int, off64_t);

	next(&real, name);
	if (lies("mmap") && flags & MAP_SHARED) {
		errno = EPERM;
		return MAP_FAILED;
	}
	return real(address, length, prot, flags, fd, offset);
}

void *mmap(void *address, size_t length, int prot, int flags, int fd, off_t offset)
{
	return map_wrongly("mmap", address, length, prot, flags, fd, offset);
}

void *mmap64(void *address, size_t length, int prot, int flags, int fd, off64_t offset)
{
	return map_wrongly("mmap64", address, length, prot, flags, fd, offset);
}

/* munmap: what was mapped stays mapped. */
int munmap(void *address, size_t length)
{
	int (*real)(void *, size_t);

	next(&real, "munmap");
	return lies("munmap") ? 0 : real(address, length);
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
