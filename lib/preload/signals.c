/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Signal handlers. The trap stores the program's handlers for its signals,
 * calls them for faults that it does not serve, and reports them to the
 * program. lib/preload/masks.c has the functions for masks and waiting.
 */
#include "preload/preload.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>

#include <barspan/trap.h>

#include "trap/private.h"

/* glibc's other name for sigaction(), which this object does not interpose. */
extern int __sigaction(int number, const struct sigaction *new, struct sigaction *old);

static sighandler_t (*next_signal)(int number, sighandler_t handler);
static sighandler_t (*next_sysv_signal)(int number, sighandler_t handler);
static sighandler_t (*next_sigset)(int number, sighandler_t handler);
static int (*next_siginterrupt)(int number, int interrupt);

void preload_find_signals(void)
{
	PRELOAD_FIND(next_signal, "signal");
	PRELOAD_FIND(next_sysv_signal, "sysv_signal");
	PRELOAD_FIND(next_sigset, "sigset");
	PRELOAD_FIND(next_siginterrupt, "siginterrupt");
}

static bool is_trapped(int number)
{
	return number == SIGSEGV || number == SIGBUS;
}

EXPORT int sigaction(int number, const struct sigaction *new, struct sigaction *old)
{
	int r = preload_is_shadow(number) ? -EINVAL : -ENOENT;
	struct sigaction changed;

	if (is_trapped(number))
		r = barspan_trap_chain_(number, new, old);
	if (!r)
		return 0;
	if (r != -ENOENT) {
		errno = -r;
		return -1;
	}
	/* Holes must be served in the program's handlers, too. */
	if (new) {
		changed = *new;
		barspan_trap_shade_(&changed.sa_mask);
	}
	r = __sigaction(number, new ? &changed : NULL, old);
	if (!r && old)
		barspan_trap_unshade_(&old->sa_mask);
	return r;
}

/* signal() and similar functions, for the trap's signals. */
static sighandler_t set_handler(int number, sighandler_t handler, int flags)
{
	struct sigaction new = { .sa_handler = handler, .sa_flags = flags }, old;

	if (handler == SIG_ERR) {
		errno = EINVAL;
		return SIG_ERR;
	}
	sigemptyset(&new.sa_mask);
	return sigaction(number, &new, &old) ? SIG_ERR : old.sa_handler;
}

EXPORT sighandler_t signal(int number, sighandler_t handler)
{
	if (is_trapped(number) || preload_is_shadow(number))
		return set_handler(number, handler, SA_RESTART);
	if (!next_signal)
		preload_find_signals();
	return next_signal(number, handler);
}

sighandler_t bsd_signal(int number, sighandler_t handler);

EXPORT sighandler_t bsd_signal(int number, sighandler_t handler)
{
	return signal(number, handler);
}

EXPORT sighandler_t ssignal(int number, sighandler_t handler)
{
	return signal(number, handler);
}

EXPORT sighandler_t sysv_signal(int number, sighandler_t handler)
{
	if (is_trapped(number) || preload_is_shadow(number))
		return set_handler(number, handler, (int)SA_RESETHAND | SA_NODEFER);
	if (!next_sysv_signal)
		preload_find_signals();
	return next_sysv_signal(number, handler);
}

/* <signal.h> renames signal() to this in strict ISO C. */
EXPORT sighandler_t __sysv_signal(int number, sighandler_t handler)
{
	return sysv_signal(number, handler);
}

/* Blocks or unblocks one signal. Returns 1 if it was blocked before, 0 if it
 * was not, -1 if the number is invalid. */
static int change_one(int how, int number)
{
	sigset_t set, old;

	sigemptyset(&set);
	if (sigaddset(&set, number) || sigprocmask(how, &set, &old))
		return -1;
	return sigismember(&old, number);
}

EXPORT sighandler_t sigset(int number, sighandler_t handler)
{
	struct sigaction before;
	sighandler_t old;
	int blocked;

	if (!is_trapped(number)) {
		if (!next_sigset)
			preload_find_signals();
		return next_sigset(number, handler);
	}
	if (sigaction(number, NULL, &before))
		return SIG_ERR;
	old = before.sa_handler;
	if (handler != SIG_HOLD && set_handler(number, handler, 0) == SIG_ERR)
		return SIG_ERR;
	blocked = change_one(handler == SIG_HOLD ? SIG_BLOCK : SIG_UNBLOCK, number);
	return blocked ? SIG_HOLD : old;
}

EXPORT int sigignore(int number)
{
	struct sigaction new = { .sa_handler = SIG_IGN };

	sigemptyset(&new.sa_mask);
	return sigaction(number, &new, NULL);
}

EXPORT int sighold(int number)
{
	return change_one(SIG_BLOCK, number) < 0 ? -1 : 0;
}

EXPORT int sigrelse(int number)
{
	return change_one(SIG_UNBLOCK, number) < 0 ? -1 : 0;
}

EXPORT int siginterrupt(int number, int interrupt)
{
	struct sigaction action;

	if (!is_trapped(number)) {
		if (!next_siginterrupt)
			preload_find_signals();
		return next_siginterrupt(number, interrupt);
	}
	if (sigaction(number, NULL, &action))
		return -1;
	if (interrupt)
		action.sa_flags &= ~SA_RESTART;
	else
		action.sa_flags |= SA_RESTART;
	return sigaction(number, &action, NULL);
}
