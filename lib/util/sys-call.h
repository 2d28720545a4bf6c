/* SPDX-License-Identifier: BSD-3-Clause */
/* Shared by the files that make system calls. */
#ifndef SYS_CALL_H
#define SYS_CALL_H

#include <errno.h>

/* Turns the result of a system call into the result or -errno, and restores the
 * errno that was saved before the call. */
static inline int finish_call(long result, int saved)
{
	int error = errno;

	errno = saved;
	return result < 0 ? -error : (int)result;
}

#endif
