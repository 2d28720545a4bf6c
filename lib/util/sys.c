/* SPDX-License-Identifier: BSD-3-Clause */
/* Files and signals. */
#include "util/sys.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/kcmp.h>
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

#include "util/sys-call.h"

int sys_open(const char *path, int flags)
{
	int saved = errno;

	return finish_call(syscall(SYS_openat, AT_FDCWD, path, flags | O_CLOEXEC, 0), saved);
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

	/* The kernel would send SIGXFSZ, which ends the process by default. */
	if (length > INT64_MAX)
		return -EFBIG;
	if (!getrlimit(RLIMIT_FSIZE, &limit) && limit.rlim_cur != RLIM_INFINITY &&
	    length > limit.rlim_cur)
		return -EFBIG;
	return finish_call(ftruncate(fd, (off_t)length), saved);
}

int sys_fstat(int fd, struct stat *out)
{
	int saved = errno;

	return finish_call(fstat(fd, out), saved);
}

int sys_ioctl(int fd, unsigned long request, void *argument)
{
	int saved = errno;

	return finish_call(syscall(SYS_ioctl, fd, request, argument), saved);
}

int sys_read(int fd, void *buffer, size_t length)
{
	int saved = errno;
	ssize_t n;

	do
		n = syscall(SYS_read, fd, buffer, length);
	while (n < 0 && errno == EINTR);
	return finish_call(n, saved);
}

int sys_rewind(int fd)
{
	int saved = errno;

	return finish_call(lseek(fd, 0, SEEK_SET) < 0 ? -1 : 0, saved);
}

int sys_write(int fd, const void *buffer, size_t length)
{
	int saved = errno;
	const uint8_t *from = buffer;

	while (length) {
		ssize_t n = syscall(SYS_write, fd, from, length);

		if (n < 0 && errno != EINTR)
			return finish_call(n, saved);
		if (n > 0) {
			from += n;
			length -= (size_t)n;
		}
	}
	errno = saved;
	return 0;
}

/* Advances an access of `length` bytes after `n` of them were transferred.
 * Returns 0 or -errno. */
static int advance_transfer(ssize_t n, size_t *length, uint64_t *offset)
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
 * Calls the kernel directly: the C library's functions are cancellation points,
 * and a register access must not be one. On 32-bit machines pread64() takes its
 * offset in registers that depend on the architecture; preadv() does not.
 */
static ssize_t read_at(int fd, void *buffer, size_t length, uint64_t offset)
{
#if __SIZEOF_LONG__ == 8
	return syscall(SYS_pread64, fd, buffer, length, offset);
#else
	struct iovec part = { buffer, length };

	return syscall(SYS_preadv, fd, &part, 1, (unsigned long)offset,
		       (unsigned long)(offset >> 32));
#endif
}

static ssize_t write_at(int fd, const void *buffer, size_t length, uint64_t offset)
{
#if __SIZEOF_LONG__ == 8
	return syscall(SYS_pwrite64, fd, buffer, length, offset);
#else
	struct iovec part = { (void *)(uintptr_t)buffer, length };

	return syscall(SYS_pwritev, fd, &part, 1, (unsigned long)offset,
		       (unsigned long)(offset >> 32));
#endif
}

int sys_pread(int fd, void *buffer, size_t length, uint64_t offset)
{
	int saved = errno;
	uint8_t *to = buffer;
	size_t left = length;
	int r = 0;

	while (left && !r)
		r = advance_transfer(read_at(fd, to + (length - left), left, offset), &left,
				     &offset);
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
		r = advance_transfer(write_at(fd, from + (length - left), left, offset), &left,
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
	return finish_call(n < 0 ? -1 : 0, saved);
}

int sys_find_entry(const char *directory, const char *prefix, char *buffer, size_t length)
{
	int saved = errno;
	DIR *dir = opendir(directory);
	struct dirent *entry;
	int r = -ENOENT;

	if (!dir)
		return finish_call(-1, saved);
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

/* Uses fcntl(F_DUPFD_QUERY) of Linux 6.10, or kcmp(2), which may be missing
 * from the kernel or forbidden by a sandbox. */
bool sys_is_same_file(int fd, int other)
{
	enum { DUPFD_QUERY = 1024 + 3 };
	int saved = errno, r = -ENOSYS;
	pid_t pid;

	/* valgrind reports a command that it does not know. */
	if (!sys_under_valgrind())
		r = finish_call(syscall(SYS_fcntl, fd, DUPFD_QUERY, other), saved);
	if (r >= 0)
		return r == 1;
	pid = getpid();
	return !finish_call(syscall(SYS_kcmp, pid, pid, KCMP_FILE, fd, other), saved);
}

#ifdef SYS_arch_prctl
int sys_arch_prctl(int code, unsigned long *value)
{
	int saved = errno;

	return finish_call(syscall(SYS_arch_prctl, code, value), saved);
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
