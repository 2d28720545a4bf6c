/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The two signals' dispositions: ours in the kernel, and the program's, to
 * which faults are passed on as the kernel would.
 */
#ifndef TRAP_CHAIN_H
#define TRAP_CHAIN_H

#include <signal.h>
#include <stdbool.h>

typedef void chain_handler(int number, siginfo_t *info, void *context);

/* Has a child of fork() find the chain's lock free. Called once. */
void chain_protect(void);

/* Installs `handler` for SIGSEGV and SIGBUS, unless it is. -EBUSY: see
 * barspan_trap_enable(). Not for handlers. */
int chain_install(chain_handler *handler);

/* Puts back what the program has set, where nobody has replaced the handler. */
void chain_restore(void);

/* Whether what is passed on next ends the process. Safe anywhere. */
bool chain_is_fatal(int number, const siginfo_t *info);

/* Has the kernel end the process when the fault that our handler was called
 * for happens again, whatever the program has set. Takes next to no stack. */
void chain_end(int number);

/* Does to a signal what the kernel would if our handler was not there; called
 * from it, as the last thing it does. */
void chain_pass(int number, siginfo_t *info, void *context);

#endif
