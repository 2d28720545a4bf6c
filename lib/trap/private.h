/* SPDX-License-Identifier: BSD-3-Clause */
/* Functions of the trap that are exported for the preloaded object alone. */
#ifndef TRAP_PRIVATE_H
#define TRAP_PRIVATE_H

#include <signal.h>

#pragma GCC visibility push(default)

/* Does what sigaction(2) would do for SIGSEGV or SIGBUS if the trap were not
 * there, and leaves the trap in place. Either action may be NULL.
 * Async-signal-safe. -EINVAL: another signal; -ENOENT: the trap's handler is
 * not installed for it, so call sigaction(2). */
int barspan_trap_chain_(int number, const struct sigaction *action, struct sigaction *before);

/* Counts into the file `fd` from now on, which processes share and barspan(1)
 * reads; see trap/table.h. Call it before barspan_trap_enable(). -EPROTO: the
 * file is no such table. Not for signal handlers. */
int barspan_trap_share_(int fd);

/* Lets the trap's signals be blocked by other signals in their place, their
 * shadows: a hole is served although the program has SIGSEGV blocked. `shadow`
 * is a signal that nobody uses; the kernel's masks have it where the program's
 * have `number`. All that saves and restores masks does so with it, as
 * sigsetjmp(3), fork(2) and the kernel's signal frames do. While it is blocked,
 * a fault of the program's own ends the process, and a `number` that was sent
 * waits. -EINVAL: `number` is not SIGSEGV or SIGBUS, or `shadow` cannot be
 * used. Not for handlers. */
int barspan_trap_shadow_(int number, int shadow);

/* Turns a program's set into the kernel's, and the kernel's into the program's.
 */
void barspan_trap_shade_(sigset_t *set);
void barspan_trap_unshade_(sigset_t *set);

/* A signal of the trap's for which the kernel has another handler now; 0: there
 * is none. */
int barspan_trap_check_(void);

#pragma GCC visibility pop

#endif
