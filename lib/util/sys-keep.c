/* SPDX-License-Identifier: BSD-3-Clause */
/* Descriptors that belong to the library. They are not in sys.c, which is linked
 * into both libraries: the set of descriptors exists in libbarspan only. */
#include "util/sys.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "util/owned.h"
#include "util/sys-call.h"

int sys_memfd_create(const char *name)
{
	int saved = errno, fd = finish_call(memfd_create(name, MFD_CLOEXEC), saved);

	return fd < 0 ? fd : sys_keep(fd, owned_base());
}

/* Duplicates a descriptor to a number of at least `lowest`, or to any number if
 * none is free there. */
static int dup_above(int fd, int lowest)
{
	int saved = errno, own = (int)syscall(SYS_fcntl, fd, F_DUPFD_CLOEXEC, lowest);

	/* All high numbers are in use, or the limit was lowered meanwhile. */
	if (own < 0 && (errno == EMFILE || errno == EINVAL))
		own = (int)syscall(SYS_fcntl, fd, F_DUPFD_CLOEXEC, 0);
	if (own >= 0)
		owned_add(own);
	return finish_call(own, saved);
}

int sys_dup(int fd)
{
	return dup_above(fd, owned_base());
}

int sys_keep(int fd, int lowest)
{
	int own = dup_above(fd, lowest);

	if (own < 0) {
		owned_add(fd);
		return fd;
	}
	sys_close(fd);
	return own;
}

void sys_close(int fd)
{
	owned_remove(fd);
	sys_close_unkept(fd);
}
