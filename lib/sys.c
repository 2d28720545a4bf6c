/* SPDX-License-Identifier: BSD-3-Clause */
#include "sys.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The result of a system call that was made with errno saved: -errno for a failure, and errno as it was. */
static int finish(long result, int saved)
{
	int error = errno;

	errno = saved;
	return result < 0 ? -error : (int)result;
}

void *sys_calloc(size_t n, size_t size)
{
	int saved = errno;
	void *memory = calloc(n, size);

	errno = saved;
	return memory;
}

void *sys_realloc(void *memory, size_t size)
{
	int saved = errno;
	void *grown = realloc(memory, size);

	errno = saved;
	return grown;
}

void sys_free(void *memory)
{
	free(memory);
}

size_t sys_page_size(void)
{
	static size_t known;
	size_t size = __atomic_load_n(&known, __ATOMIC_RELAXED);

	if (!size) {
		size = (size_t)sysconf(_SC_PAGESIZE);
		__atomic_store_n(&known, size, __ATOMIC_RELAXED);
	}
	return size;
}

uint64_t sys_page_up(uint64_t length)
{
	uint64_t page_size = sys_page_size();

	return (length + page_size - 1) & ~(page_size - 1);
}

int sys_open(const char *path, int flags)
{
	int saved = errno;

	return finish(open(path, flags | O_CLOEXEC), saved);
}

int sys_memfd_create(const char *name)
{
	int saved = errno;

	return finish(memfd_create(name, MFD_CLOEXEC), saved);
}

int sys_dup(int fd)
{
	int saved = errno;

	return finish(fcntl(fd, F_DUPFD_CLOEXEC, 0), saved);
}

void sys_close(int fd)
{
	int saved = errno;

	close(fd);
	errno = saved;
}

int sys_ftruncate(int fd, uint64_t length)
{
	int saved = errno;

	if (length > INT64_MAX)
		return -EFBIG;
	return finish(ftruncate(fd, (off_t)length), saved);
}

int sys_ioctl(int fd, unsigned long request, void *argument)
{
	int saved = errno;

	return finish(ioctl(fd, request, argument), saved);
}

int sys_read(int fd, void *buffer, size_t length)
{
	int saved = errno;
	ssize_t n;

	do
		n = read(fd, buffer, length);
	while (n < 0 && errno == EINTR);
	return finish(n, saved);
}

int sys_write(int fd, const void *buffer, size_t length)
{
	int saved = errno;
	const uint8_t *from = buffer;

	while (length) {
		ssize_t n = write(fd, from, length);

		if (n < 0 && errno != EINTR)
			return finish(n, saved);
		if (n > 0) {
			from += n;
			length -= (size_t)n;
		}
	}
	errno = saved;
	return 0;
}

/* glibc's other name for sigaction(), part of its ABI and in none of its headers. */
extern int __sigaction(int number, const struct sigaction *new, struct sigaction *old);

int sys_sigaction(int number, const struct sigaction *new, struct sigaction *old)
{
	int saved = errno;

	return finish(__sigaction(number, new, old), saved);
}

/* What an access of `length` bytes that moved `n` of them leaves to do; negative: an error. */
static int advance(ssize_t n, size_t *length, uint64_t *offset)
{
	if (n < 0)
		return errno == EINTR ? 0 : -errno;
	if (n == 0)
		return -EIO;
	*length -= (size_t)n;
	*offset += (size_t)n;
	return 0;
}

/* Not by the C library's functions, which are cancellation points: an access
 * is none. The long is as wide as an offset on machines of 64 bits; others
 * keep to them. */
#if __SIZEOF_LONG__ == 8
#define PREAD(fd, to, length, offset) syscall(SYS_pread64, (fd), (to), (length), (offset))
#define PWRITE(fd, from, length, offset) syscall(SYS_pwrite64, (fd), (from), (length), (offset))
#else
#define PREAD(fd, to, length, offset) pread((fd), (to), (length), (offset))
#define PWRITE(fd, from, length, offset) pwrite((fd), (from), (length), (offset))
#endif

int sys_pread(int fd, void *buffer, size_t length, uint64_t offset)
{
	int saved = errno;
	uint8_t *to = buffer;
	size_t left = length;
	int r = 0;

	while (left && !r)
		r = advance(PREAD(fd, to + (length - left), left, (off_t)offset), &left, &offset);
	errno = saved;
	return r;
}

int sys_pwrite(int fd, const void *buffer, size_t length, uint64_t offset)
{
	int saved = errno;
	const uint8_t *from = buffer;
	size_t left = length;
	int r = 0;

	while (left && !r)
		r = advance(PWRITE(fd, from + (length - left), left, (off_t)offset), &left,
			    &offset);
	errno = saved;
	return r;
}

int sys_readlink(const char *path, char *buffer, size_t length)
{
	int saved = errno;
	ssize_t n = readlink(path, buffer, length);

	if (n >= 0 && (size_t)n >= length)
		return -ENAMETOOLONG;
	if (n >= 0)
		buffer[n] = '\0';
	return finish(n < 0 ? -1 : 0, saved);
}

int sys_find_entry(const char *directory, const char *prefix, char *buffer, size_t length)
{
	int saved = errno;
	DIR *dir = opendir(directory);
	struct dirent *entry;
	int r = -ENOENT;

	if (!dir)
		return finish(-1, saved);
	while (r == -ENOENT && (entry = readdir(dir)))
		if (!strncmp(entry->d_name, prefix, strlen(prefix))) {
			size_t n = strlen(entry->d_name);

			r = n < length ? 0 : -ENAMETOOLONG;
			if (!r)
				memcpy(buffer, entry->d_name, n + 1);
		}
	closedir(dir);
	errno = saved;
	return r;
}

/* Machines of 32 bits count a file's offset in units of 4 KiB, whatever their page size. */
#ifdef SYS_mmap2
#define MMAP(address, length, prot, flags, fd, offset)                                                                 \
	syscall(SYS_mmap2, (address), (length), (prot), (flags), (fd), (unsigned long)((offset) / 4096))
#else
#define MMAP(address, length, prot, flags, fd, offset)                                                                 \
	syscall(SYS_mmap, (address), (length), (prot), (flags), (fd), (offset))
#endif

int sys_mmap(void **out, void *address, size_t length, int prot, int flags, int fd, uint64_t offset)
{
	int saved = errno;
	long mapped;

	/* Where the kernel is given pages, it cannot tell. */
	if (sizeof(long) == 4 && offset % sys_page_size())
		return -EINVAL;
	mapped = MMAP(address, length, prot, flags, fd, offset);
	if (mapped == -1)
		return finish(-1, saved);
	*out = (void *)mapped;
	return 0;
}

int sys_munmap(void *address, size_t length)
{
	int saved = errno;

	return finish(syscall(SYS_munmap, address, length), saved);
}

int sys_mprotect(void *address, size_t length, int prot)
{
	int saved = errno;

	return finish(syscall(SYS_mprotect, address, length, prot), saved);
}

int sys_remap(void **out, void *from, size_t length, size_t new_length, int flags, void *to)
{
	int saved = errno;
	long moved = syscall(SYS_mremap, from, length, new_length, flags, to);

	if (moved == -1)
		return finish(-1, saved);
	*out = (void *)moved;
	return 0;
}

int sys_mremap(void *from, size_t length, void *to)
{
	return sys_remap(&to, from, length, length, MREMAP_MAYMOVE | MREMAP_FIXED, to);
}

int sys_madvise(void *address, size_t length, int advice)
{
	int saved = errno;

	return finish(madvise(address, length, advice), saved);
}
