/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Signal masks. The kernel kills a thread that accesses a hole while it has
 * SIGSEGV or SIGBUS blocked. In the kernel's masks a real-time signal, the
 * shadow, therefore replaces each of the two. The program still sees the masks
 * that it has set. See barspan_trap_shadow_().
 */
#include "preload/preload.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/select.h>

#include "trap/private.h"

/* The highest numbers are tried first. A debugging tool may use one of them. */
enum { SHADOWS = 2, TRIES = 4 };

static const int shaded[SHADOWS] = { SIGSEGV, SIGBUS };
static int shadows[SHADOWS]; /* 0: none */

/* glibc's function to reserve a real-time signal. It is part of glibc's ABI,
 * but no header declares it. */
extern int __libc_allocate_rtsig(int high);

/* The function that programs built with _FORTIFY_SOURCE call for ppoll(). */
int __ppoll_chk(struct pollfd *fds, nfds_t n, const struct timespec *timeout, const sigset_t *mask,
		size_t length);

static struct {
	int (*pthread_sigmask)(int how, const sigset_t *set, sigset_t *old);
	int (*sigpending)(sigset_t *set);
	int (*sigsuspend)(const sigset_t *set);
	int (*sigwait)(const sigset_t *set, int *number);
	int (*sigtimedwait)(const sigset_t *set, siginfo_t *info, const struct timespec *timeout);
	int (*pthread_attr_setsigmask_np)(pthread_attr_t *attributes, const sigset_t *set);
	int (*pthread_attr_getsigmask_np)(const pthread_attr_t *attributes, sigset_t *set);
	int (*ppoll)(struct pollfd *fds, nfds_t n, const struct timespec *timeout,
		     const sigset_t *mask);
	int (*ppoll_chk)(struct pollfd *fds, nfds_t n, const struct timespec *timeout,
			 const sigset_t *mask, size_t length);
	int (*pselect)(int n, fd_set *in, fd_set *out, fd_set *other,
		       const struct timespec *timeout, const sigset_t *mask);
	int (*epoll_pwait)(int fd, struct epoll_event *events, int n, int timeout,
			   const sigset_t *mask);
	int (*epoll_pwait2)(int fd, struct epoll_event *events, int n,
			    const struct timespec *timeout, const sigset_t *mask);
} next;

void preload_find_masks(void)
{
	PRELOAD_FIND(next.pthread_sigmask, "pthread_sigmask");
	PRELOAD_FIND(next.sigpending, "sigpending");
	PRELOAD_FIND(next.sigsuspend, "sigsuspend");
	PRELOAD_FIND(next.sigwait, "sigwait");
	PRELOAD_FIND(next.sigtimedwait, "sigtimedwait");
	PRELOAD_FIND(next.pthread_attr_setsigmask_np, "pthread_attr_setsigmask_np");
	PRELOAD_FIND(next.pthread_attr_getsigmask_np, "pthread_attr_getsigmask_np");
	PRELOAD_FIND(next.ppoll, "ppoll");
	PRELOAD_FIND(next.ppoll_chk, "__ppoll_chk");
	PRELOAD_FIND(next.pselect, "pselect");
	PRELOAD_FIND(next.epoll_pwait, "epoll_pwait");
	PRELOAD_FIND(next.epoll_pwait2, "epoll_pwait2");
}

/* For calls by other constructors, before this object's constructor has run. */
static void find_early(void)
{
	if (!next.pthread_sigmask)
		preload_find_masks();
}

void preload_shade_masks(void)
{
	sigset_t inherited;

	for (int i = 0; i < SHADOWS; i++)
		for (int tries = 0; tries < TRIES && !shadows[i]; tries++) {
			int shadow = __libc_allocate_rtsig(0);

			if (shadow > 0 && !barspan_trap_shadow_(shaded[i], shadow))
				shadows[i] = shadow;
		}
	/* The process has inherited its mask across exec(). */
	next.pthread_sigmask(SIG_SETMASK, NULL, &inherited);
	if (sigismember(&inherited, SIGSEGV) || sigismember(&inherited, SIGBUS)) {
		barspan_trap_shade_(&inherited);
		next.pthread_sigmask(SIG_SETMASK, &inherited, NULL);
	}
}

bool preload_is_shadow(int number)
{
	for (int i = 0; i < SHADOWS; i++)
		if (shadows[i] && number == shadows[i])
			return true;
	return false;
}

/* Copies as much as the kernel reads: some programs pass smaller sets. */
static void copy_set(sigset_t *copy, const sigset_t *set)
{
	sigemptyset(copy);
	memcpy(copy, set, (NSIG - 1) / 8);
}

/* Converts a program's set to the kernel's in *copy. Returns NULL for NULL. */
static const sigset_t *shade_copy(sigset_t *copy, const sigset_t *set)
{
	find_early();
	if (!set)
		return NULL;
	copy_set(copy, set);
	barspan_trap_shade_(copy);
	return copy;
}

EXPORT int pthread_sigmask(int how, const sigset_t *set, sigset_t *old)
{
	sigset_t copy;
	int r;

	set = shade_copy(&copy, set);
	r = next.pthread_sigmask(how, set, old);
	if (!r && old)
		barspan_trap_unshade_(old);
	return r;
}

EXPORT int sigprocmask(int how, const sigset_t *set, sigset_t *old)
{
	int r = pthread_sigmask(how, set, old);

	if (!r)
		return 0;
	errno = r;
	return -1;
}

/* BSD masks: one bit for each of signals 1 to 31. */
static int change_bits(int how, int bits)
{
	unsigned int old_bits = 0;
	sigset_t set, old;

	sigemptyset(&set);
	for (int i = 0; i < 31; i++)
		if ((unsigned int)bits >> i & 1)
			sigaddset(&set, i + 1);
	sigprocmask(how, &set, &old);
	for (int i = 0; i < 31; i++)
		if (sigismember(&old, i + 1))
			old_bits |= 1U << i;
	return (int)old_bits;
}

int sigblock(int bits);
int sigsetmask(int bits);
int siggetmask(void);

EXPORT int sigblock(int bits)
{
	return change_bits(SIG_BLOCK, bits);
}

EXPORT int sigsetmask(int bits)
{
	return change_bits(SIG_SETMASK, bits);
}

EXPORT int siggetmask(void)
{
	return change_bits(SIG_BLOCK, 0);
}

EXPORT int sigpending(sigset_t *set)
{
	int r;

	find_early();
	r = next.sigpending(set);
	if (!r)
		barspan_trap_unshade_(set);
	return r;
}

EXPORT int sigsuspend(const sigset_t *set)
{
	sigset_t copy;

	set = shade_copy(&copy, set);
	return next.sigsuspend(set);
}

/* A signal arrives as itself or, if it was sent while it was blocked, as its
 * shadow, so waiting includes both. */
static const sigset_t *add_shadows(sigset_t *copy, const sigset_t *set)
{
	find_early();
	copy_set(copy, set);
	for (int i = 0; i < SHADOWS; i++)
		if (shadows[i] && sigismember(set, shaded[i]))
			sigaddset(copy, shadows[i]);
	return copy;
}

static int without_shadow(int number)
{
	for (int i = 0; i < SHADOWS; i++)
		if (shadows[i] && number == shadows[i])
			return shaded[i];
	return number;
}

EXPORT int sigwait(const sigset_t *set, int *number)
{
	sigset_t copy;
	int r;

	set = add_shadows(&copy, set);
	r = next.sigwait(set, number);
	if (!r)
		*number = without_shadow(*number);
	return r;
}

EXPORT int sigtimedwait(const sigset_t *set, siginfo_t *info, const struct timespec *timeout)
{
	sigset_t copy;
	int number;

	set = add_shadows(&copy, set);
	number = next.sigtimedwait(set, info, timeout);
	if (number > 0 && info)
		info->si_signo = without_shadow(info->si_signo);
	return without_shadow(number);
}

EXPORT int sigwaitinfo(const sigset_t *set, siginfo_t *info)
{
	return sigtimedwait(set, info, NULL);
}

EXPORT int pthread_attr_setsigmask_np(pthread_attr_t *attributes, const sigset_t *set)
{
	sigset_t copy;

	set = shade_copy(&copy, set);
	return next.pthread_attr_setsigmask_np(attributes, set);
}

EXPORT int pthread_attr_getsigmask_np(const pthread_attr_t *attributes, sigset_t *set)
{
	int r;

	find_early();
	r = next.pthread_attr_getsigmask_np(attributes, set);
	if (!r)
		barspan_trap_unshade_(set);
	return r;
}

EXPORT int ppoll(struct pollfd *fds, nfds_t n, const struct timespec *timeout, const sigset_t *mask)
{
	sigset_t copy;

	mask = shade_copy(&copy, mask);
	return next.ppoll(fds, n, timeout, mask);
}

EXPORT int __ppoll_chk(struct pollfd *fds, nfds_t n, const struct timespec *timeout,
		       const sigset_t *mask, size_t length)
{
	sigset_t copy;

	mask = shade_copy(&copy, mask);
	return next.ppoll_chk(fds, n, timeout, mask, length);
}

EXPORT int pselect(int n, fd_set *in, fd_set *out, fd_set *other, const struct timespec *timeout,
		   const sigset_t *mask)
{
	sigset_t copy;

	mask = shade_copy(&copy, mask);
	return next.pselect(n, in, out, other, timeout, mask);
}

EXPORT int epoll_pwait(int fd, struct epoll_event *events, int n, int timeout, const sigset_t *mask)
{
	sigset_t copy;

	mask = shade_copy(&copy, mask);
	return next.epoll_pwait(fd, events, n, timeout, mask);
}

EXPORT int epoll_pwait2(int fd, struct epoll_event *events, int n, const struct timespec *timeout,
			const sigset_t *mask)
{
	sigset_t copy;

	mask = shade_copy(&copy, mask);
	if (next.epoll_pwait2)
		return next.epoll_pwait2(fd, events, n, timeout, mask);
	errno = ENOSYS;
	return -1;
}
