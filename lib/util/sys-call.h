/* SPDX-License-Identifier: BSD-3-Clause */
/* For the files that make system calls. */
#ifndef SYS_CALL_H
#define SYS_CALL_H

#include <errno.h>

/* The result of a system call that was made with errno saved: -errno for a
 * failure, and errno as it was. */
static inline int finish_call(long result, int saved)
{
	int error = errno;

	errno = saved;
	return result < 0 ? -error : (int)result;
}

#endif
