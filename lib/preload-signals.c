/* SPDX-License-Identifier: BSD-3-Clause */
/* Signals: the program's handlers for the trap's signals are kept by the trap. */
#include "preload.h"

#include <errno.h>
#include <signal.h>

#include <barspan/trap.h>

/* glibc's other name for sigaction(), which cannot be interposed. */
extern int __sigaction(int number, const struct sigaction *new, struct sigaction *old);

/* The program's handlers for the trap's signals are kept, called when a fault is not the trap's, and given back to who
 * asks. */
EXPORT int sigaction(int number, const struct sigaction *new, struct sigaction *old)
{
	int r = number == SIGSEGV || number == SIGBUS ? barspan_trap_chain_(number, new, old) : -ENOENT;

	if (r == -ENOENT)
		return __sigaction(number, new, old);
	if (!r)
		return 0;
	errno = -r;
	return -1;
}

static sighandler_t (*next_signal)(int number, sighandler_t handler);

void preload_find_signals(void)
{
	PRELOAD_FIND(next_signal, "signal");
}

/* What signal() and its older kin do, for the trap's signals. */
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
	if (number == SIGSEGV || number == SIGBUS)
		return set_handler(number, handler, SA_RESTART);
	/* The constructor has run, but for the calls of other objects' constructors. */
	if (!next_signal)
		preload_find_signals();
	return next_signal(number, handler);
}

sighandler_t bsd_signal(int number, sighandler_t handler);

EXPORT sighandler_t bsd_signal(int number, sighandler_t handler)
{
	return signal(number, handler);
}
