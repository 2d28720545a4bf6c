/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * close(2), dup2(2) and similar functions. Some programs close every descriptor
 * that they did not open. They must not close the library's, which keep devices
 * open, so these calls behave as if the library's descriptors were not open.
 */
#include "preload/preload.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/close_range.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "compat/private.h"

static int (*next_close)(int fd);
static int (*next_dup2)(int from, int to);
static int (*next_dup3)(int from, int to, int flags);

void preload_find_descriptors(void)
{
	PRELOAD_FIND(next_close, "close");
	PRELOAD_FIND(next_dup2, "dup2");
	PRELOAD_FIND(next_dup3, "dup3");
}

EXPORT int close(int fd)
{
	if (barspan_owns_descriptor_(fd)) {
		errno = EBADF;
		return -1;
	}
	if (!next_close)
		preload_find_descriptors();
	return next_close(fd);
}

/* close_range(2), except for the library's descriptors. */
static int close_around(unsigned int first, unsigned int last, int flags)
{
	for (;;) {
		int ours = barspan_own_descriptor_(first);

		if (ours < 0 || (unsigned int)ours > last)
			return (int)syscall(SYS_close_range, first, last, flags);
		if ((unsigned int)ours > first &&
		    syscall(SYS_close_range, first, (unsigned int)ours - 1, flags))
			return -1;
		if ((unsigned int)ours == last)
			return 0;
		first = (unsigned int)ours + 1;
	}
}

EXPORT int close_range(unsigned int first, unsigned int last, int flags)
{
	/* The library's descriptors are close-on-exec already. The kernel
	 * rejects invalid ranges. */
	if (flags & (int)CLOSE_RANGE_CLOEXEC || first > last)
		return (int)syscall(SYS_close_range, first, last, flags);
	return close_around(first, last, flags);
}

EXPORT void closefrom(int first)
{
	int saved = errno, from = first > 0 ? first : 0;
	struct rlimit limit;

	/* For kernels before 5.9, and filters of system calls. */
	if (close_around((unsigned int)from, UINT_MAX, 0) && !getrlimit(RLIMIT_NOFILE, &limit))
		for (int fd = from; (rlim_t)fd < limit.rlim_cur && fd < INT_MAX; fd++)
			if (!barspan_owns_descriptor_(fd))
				syscall(SYS_close, fd);
	errno = saved;
}

/* Whether a call would replace one of the library's descriptors. The descriptor
 * cannot be moved away, since other threads that use it at that moment would
 * reach the program's file. dup2(2) returns EBUSY for a descriptor that another
 * thread is opening; this does likewise. */
static bool is_refused(int from, int to)
{
	if (from == to || !barspan_owns_descriptor_(to))
		return false;
	if (fcntl(from, F_GETFD) >= 0)
		errno = EBUSY;
	return true;
}

EXPORT int dup2(int from, int to)
{
	if (is_refused(from, to))
		return -1;
	if (!next_dup2)
		preload_find_descriptors();
	return next_dup2(from, to);
}

EXPORT int dup3(int from, int to, int flags)
{
	if (is_refused(from, to))
		return -1;
	if (!next_dup3)
		preload_find_descriptors();
	return next_dup3(from, to, flags);
}
