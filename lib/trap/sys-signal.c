/* SPDX-License-Identifier: BSD-3-Clause */
#include "trap/sys-signal.h"

#include <errno.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "util/sys-call.h"

/* No header defines the kernel's struct sigaction for all architectures. This
 * is as long as the longest of them. On x86-64 the handler is the first
 * word. */
enum { ACTION_WORDS = 16 };

/* glibc's other name for sigaction(). It is part of glibc's ABI, but no header
 * declares it. */
extern int __sigaction(int number, const struct sigaction *new, struct sigaction *old);

int sys_sigaction(int number, const struct sigaction *new, struct sigaction *old)
{
	int saved = errno;

	return finish_call(__sigaction(number, new, old), saved);
}

int sys_sigmask(int how, const sigset_t *set, sigset_t *old)
{
	if (old)
		sigemptyset(old); /* the kernel writes only the first words */
	return sys_mask(how, (const unsigned long *)set, (unsigned long *)old);
}

int sys_mask(int how, const unsigned long *mask, unsigned long *old)
{
	int saved = errno;

	return finish_call(syscall(SYS_rt_sigprocmask, how, mask, old, SYS_MASK_SIZE), saved);
}

int sys_set_default(int number)
{
	/* SIG_DFL is zero. */
	static const unsigned long none[ACTION_WORDS];
	int saved = errno;

	return finish_call(syscall(SYS_rt_sigaction, number, none, NULL, SYS_MASK_SIZE), saved);
}

bool sys_is_ignored(int number)
{
	unsigned long action[ACTION_WORDS];
	int saved = errno;

	if (finish_call(syscall(SYS_rt_sigaction, number, NULL, action, SYS_MASK_SIZE), saved))
		return false;
	return action[0] == (unsigned long)SIG_IGN;
}

int sys_send_to_thread(int number, siginfo_t *info)
{
	pid_t thread = (pid_t)syscall(SYS_gettid);
	int saved = errno;

	return finish_call(syscall(SYS_rt_tgsigqueueinfo, getpid(), thread, number, info), saved);
}

int sys_send_to_process(int number, siginfo_t *info)
{
	int saved = errno;

	return finish_call(syscall(SYS_rt_sigqueueinfo, getpid(), number, info), saved);
}
