/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Descriptors: a program that closes those that it does not know must not close
 * the library's, which hold its devices. To the program they are closed
 * already.
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

/* close_range(2), around ours. */
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
	/* Ours are closed by exec already. Ranges that are invalid are for the
	 * kernel to refuse. */
	if (flags & (int)CLOSE_RANGE_CLOEXEC || first > last)
		return (int)syscall(SYS_close_range, first, last, flags);
	return close_around(first, last, flags);
}

EXPORT void closefrom(int first)
{
	int saved = errno, from = first > 0 ? first : 0;
	struct rlimit limit;

	/* A kernel before 5.9, or a filter of system calls. */
	if (close_around((unsigned int)from, UINT_MAX, 0) && !getrlimit(RLIMIT_NOFILE, &limit))
		for (int fd = from; (rlim_t)fd < limit.rlim_cur && fd < INT_MAX; fd++)
			if (!barspan_owns_descriptor_(fd))
				syscall(SYS_close, fd);
	errno = saved;
}

/* Whether a program would put a file in the place of one of ours. What other
 * threads do with it meanwhile would reach that file, so it cannot be moved
 * away. The answer is that of a descriptor that another thread is about to
 * open. */
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
