/* SPDX-License-Identifier: BSD-3-Clause */
#include "util/sys.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/kcmp.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#if __has_include(<valgrind/valgrind.h>)
#include <valgrind/valgrind.h>
#endif

/* The result of a system call that was made with errno saved: -errno for a failure, and errno as it was. */
static int finish(long result, int saved)
{
	int error = errno;

	errno = saved;
	return result < 0 ? -error : (int)result;
}

/* Small blocks by malloc(), whose cache for each thread glibc's calloc() does not use before 2.41. */
void *sys_calloc(size_t n, size_t size)
{
	enum { SMALL = 1024 };
	int saved = errno;
	size_t total;
	void *memory;

	if (!__builtin_mul_overflow(n, size, &total) && total <= SMALL) {
		memory = malloc(total ? total : 1);
		if (memory)
			memset(memory, 0, total);
	} else {
		memory = calloc(n, size);
	}
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
	int saved = errno;

	free(memory);
	errno = saved;
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

	return finish(syscall(SYS_openat, AT_FDCWD, path, flags | O_CLOEXEC, 0), saved);
}

void sys_close_unkept(int fd)
{
	int saved = errno;

	syscall(SYS_close, fd);
	errno = saved;
}

int sys_ftruncate(int fd, uint64_t length)
{
	int saved = errno;
	struct rlimit limit;

	/* The kernel sends SIGXFSZ for a length over the limit, which ends the process by default. */
	if (length > INT64_MAX)
		return -EFBIG;
	if (!getrlimit(RLIMIT_FSIZE, &limit) && limit.rlim_cur != RLIM_INFINITY && length > limit.rlim_cur)
		return -EFBIG;
	return finish(ftruncate(fd, (off_t)length), saved);
}

int sys_fstat(int fd, struct stat *out)
{
	int saved = errno;

	return finish(fstat(fd, out), saved);
}

int sys_ioctl(int fd, unsigned long request, void *argument)
{
	int saved = errno;

	return finish(syscall(SYS_ioctl, fd, request, argument), saved);
}

int sys_read(int fd, void *buffer, size_t length)
{
	int saved = errno;
	ssize_t n;

	do
		n = syscall(SYS_read, fd, buffer, length);
	while (n < 0 && errno == EINTR);
	return finish(n, saved);
}

int sys_rewind(int fd)
{
	int saved = errno;

	return finish(lseek(fd, 0, SEEK_SET), saved);
}

int sys_write(int fd, const void *buffer, size_t length)
{
	int saved = errno;
	const uint8_t *from = buffer;

	while (length) {
		ssize_t n = syscall(SYS_write, fd, from, length);

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

/*
 * Straight to the kernel, since the C library's functions are cancellation points and a register access is none. Where
 * a long has 32 bits, pread64() wants its offset in different registers on each machine; preadv() does not.
 */
static ssize_t read_at(int fd, void *buffer, size_t length, uint64_t offset)
{
#if __SIZEOF_LONG__ == 8
	return syscall(SYS_pread64, fd, buffer, length, offset);
#else
	struct iovec part = { buffer, length };

	return syscall(SYS_preadv, fd, &part, 1, (unsigned long)offset, (unsigned long)(offset >> 32));
#endif
}

static ssize_t write_at(int fd, const void *buffer, size_t length, uint64_t offset)
{
#if __SIZEOF_LONG__ == 8
	return syscall(SYS_pwrite64, fd, buffer, length, offset);
#else
	struct iovec part = { (void *)(uintptr_t)buffer, length };

	return syscall(SYS_pwritev, fd, &part, 1, (unsigned long)offset, (unsigned long)(offset >> 32));
#endif
}

int sys_pread(int fd, void *buffer, size_t length, uint64_t offset)
{
	int saved = errno;
	uint8_t *to = buffer;
	size_t left = length;
	int r = 0;

	while (left && !r)
		r = advance(read_at(fd, to + (length - left), left, offset), &left, &offset);
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
		r = advance(write_at(fd, from + (length - left), left, offset), &left, &offset);
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

/* The mmap call of machines of 32 bits counts a file's offset in units of 4 KiB, whatever their page size. */
#ifdef SYS_mmap2
enum { MMAP_CALL = SYS_mmap2, MMAP_UNIT = 4096 };
#else
enum { MMAP_CALL = SYS_mmap, MMAP_UNIT = 1 };
#endif

int sys_mmap_units(uint64_t *units, uint64_t offset, uint64_t page_size, uint64_t unit, uint64_t most)
{
	if (offset % page_size)
		return -EINVAL;
	if (offset / unit > most)
		return -EOVERFLOW;
	*units = offset / unit;
	return 0;
}

int sys_mmap(void **out, void *address, size_t length, int prot, int flags, int fd, uint64_t offset)
{
	uint64_t units;
	int r = sys_mmap_units(&units, offset, sys_page_size(), MMAP_UNIT, ULONG_MAX);
	int saved = errno;
	long mapped;

	if (r)
		return r;
	mapped = syscall(MMAP_CALL, address, length, prot, flags, fd, (unsigned long)units);
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

int sys_munlock(void *address, size_t length)
{
	int saved = errno;

	return finish(munlock(address, length), saved);
}

bool sys_is_mapped(void *address, size_t length)
{
	enum { PAGES = 1024 };
	size_t chunk = PAGES * sys_page_size(), n;
	unsigned char resident[PAGES];
	int saved = errno, r = 0;

	for (size_t done = 0; !r && done < length; done += n) {
		n = length - done < chunk ? length - done : chunk;
		r = mincore((char *)address + done, n, resident);
	}
	return !finish(r, saved);
}

/* Asks by fcntl(F_DUPFD_QUERY), Linux 6.10, and else by kcmp(2), which a kernel may lack or a sandbox forbid. */
bool sys_is_same_file(int fd, int other)
{
	enum { DUPFD_QUERY = 1024 + 3 };
	int saved = errno, r = -ENOSYS;
	pid_t pid;

	/* valgrind complains of a command that it does not know. */
	if (!sys_under_valgrind())
		r = finish(syscall(SYS_fcntl, fd, DUPFD_QUERY, other), saved);
	if (r >= 0)
		return r == 1;
	pid = getpid();
	return !finish(syscall(SYS_kcmp, pid, pid, KCMP_FILE, fd, other), saved);
}

#ifdef SYS_arch_prctl
int sys_arch_prctl(int code, unsigned long *value)
{
	int saved = errno;

	return finish(syscall(SYS_arch_prctl, code, value), saved);
}
#endif

bool sys_under_valgrind(void)
{
#ifdef RUNNING_ON_VALGRIND
	return RUNNING_ON_VALGRIND;
#else
	return false;
#endif
}
