/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The dispositions of SIGSEGV and SIGBUS. The kernel has our handler. The
 * program's is stored here and called for faults that we pass on, as the kernel
 * would call it.
 */
#ifndef TRAP_CHAIN_H
#define TRAP_CHAIN_H

#include <signal.h>
#include <stdbool.h>

typedef void chain_handler(int number, siginfo_t *info, void *context);

/* Lets a child of fork() find chain_lock free. Call it once. */
void chain_protect(void);

/* Installs `handler` for SIGSEGV and SIGBUS, if it is not installed. -EBUSY:
 * see barspan_trap_enable(). Not for signal handlers. */
int chain_install(chain_handler *handler);

/* Restores the program's dispositions, unless another handler has replaced
 * ours. */
void chain_restore(void);

/* Whether passing the signal on ends the process. Safe anywhere. */
bool chain_is_fatal(int number, const siginfo_t *info);

/* Sets the default action, whatever the program has set. The kernel then ends
 * the process when the fault recurs. Uses very little stack. */
void chain_end(int number);

/* Handles a signal as the kernel would if our handler were not installed. Our
 * handler calls it last. */
void chain_pass(int number, siginfo_t *info, void *context);

#endif
