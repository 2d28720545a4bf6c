/* SPDX-License-Identifier: BSD-3-Clause */
/* Functions of the trap that are exported only for the preloaded object. */
#ifndef TRAP_PRIVATE_H
#define TRAP_PRIVATE_H

#include <signal.h>

#pragma GCC visibility push(default)

/* Changes and returns the program's disposition of SIGSEGV or SIGBUS as
 * sigaction(2) would if the trap were not enabled. The trap's handler stays.
 * Either action may be NULL. Async-signal-safe.
 * -EINVAL: another signal; -ENOENT: the trap's handler is not installed, so
 * call sigaction(2). */
int barspan_trap_chain_(int number, const struct sigaction *action, struct sigaction *before);

/* Makes the report count into the file `fd`, which processes share and
 * barspan(1) reads; see trap/table.h. Call it before barspan_trap_enable().
 * -EPROTO: the file is not such a table. Not for signal handlers. */
int barspan_trap_share_(int fd);

/* Sets the shadow of SIGSEGV or SIGBUS: an unused signal that the kernel's
 * masks contain in place of `number`. Holes are then served even if the program
 * has blocked `number`. All functions that save and restore masks keep the
 * shadow, such as sigsetjmp(3), fork(2) and the kernel's signal frames. While
 * the shadow is blocked, a fault that is not the trap's ends the process, and a
 * `number` that was sent stays pending.
 * -EINVAL: `number` is not SIGSEGV or SIGBUS, or `shadow` cannot be used. Not
 * for signal handlers. */
int barspan_trap_shadow_(int number, int shadow);

/* Convert a program's set to the kernel's, and the kernel's set to the
 * program's. */
void barspan_trap_shade_(sigset_t *set);
void barspan_trap_unshade_(sigset_t *set);

/* Returns one of the trap's signals for which the kernel has another handler; 0
 * if there is none. */
int barspan_trap_check_(void);

#pragma GCC visibility pop

#endif
